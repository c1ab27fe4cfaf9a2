"""`kontobro settings`."""
