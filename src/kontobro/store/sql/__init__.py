"""The store: one implementation by SQL over a DB-API cursor, for all homes."""
