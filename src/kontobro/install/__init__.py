"""Connecting a Pleo company with a company of an accounting system, and parting them again."""
