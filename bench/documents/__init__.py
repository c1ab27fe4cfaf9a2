"""Documents for accounting systems that take files."""
