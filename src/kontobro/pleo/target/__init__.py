"""Pleo as the target of a sync: accounts, tags, tax codes, vendors."""
