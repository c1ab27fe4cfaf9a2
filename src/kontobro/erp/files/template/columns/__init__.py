"""Columns: data points, what is done with them, and the letters of a file."""
