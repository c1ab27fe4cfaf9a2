"""Calls to Pleo's API: credentials, OAuth, paging, faults, files."""
