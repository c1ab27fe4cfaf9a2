"""Measurements against real accounting systems: `python -m bench.erp`."""
