"""Metrics and vital signs."""
