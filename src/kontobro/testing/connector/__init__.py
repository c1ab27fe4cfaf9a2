"""Parts of the connector's contract suite."""
