"""Kontobro within this process: the store, the connector's calls, what both need, and who may do what."""
