"""Logs as JSON, without names, tokens or payloads."""
