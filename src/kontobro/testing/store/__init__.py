"""Parts of the store's contract suite."""
