"""Measurements of the service: `python -m bench.service`."""
