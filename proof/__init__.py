"""The proof that nothing is lost or doubled: what `make prove` runs. Kills of real processes, then a search."""
