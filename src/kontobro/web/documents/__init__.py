"""Documents for an accounting system that imports files: listed, fetched, delivered, marked, released."""
