"""Receipts: fetched, and named for what they are."""
