"""Accounting systems that take files: a folder a format, each a `DocumentTarget`, over what they have in common."""
