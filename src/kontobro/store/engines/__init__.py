"""SQLite and PostgreSQL: where they differ."""
