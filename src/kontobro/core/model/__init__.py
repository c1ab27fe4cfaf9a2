"""What things are: money, export items, entries, master data, connections, settings."""
