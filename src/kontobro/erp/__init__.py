"""Accounting systems: each connector is a package here; the registry names them all."""
