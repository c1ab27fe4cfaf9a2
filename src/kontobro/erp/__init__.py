"""Accounting systems: each connector is a package of its own; the registry finds them all.

Loading this package loads next to nothing: it is loaded with each module of a connector, also in short-lived processes.
"""
