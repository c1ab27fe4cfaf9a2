"""`kontobro demo`."""
