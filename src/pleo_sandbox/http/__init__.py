"""Requests: routed, read, checked."""
