"""The service with thousands of companies: `python -m bench.load`."""
