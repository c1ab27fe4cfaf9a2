"""The Store over a host's own tables, inside an accounting system."""
