"""The proof of exactly once, for any connector: an export killed everywhere, run again, both sides compared."""
