"""What the database itself forbids."""
