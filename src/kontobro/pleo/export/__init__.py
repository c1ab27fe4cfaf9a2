"""Pleo's Export API: jobs and items, to and from the core's values."""
