"""`kontobro sync`."""
