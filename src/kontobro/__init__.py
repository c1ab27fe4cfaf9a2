"""Kontobro: the accounting integration for Pleo, for any accounting system."""

__version__ = "0.1.0"
