"""Scripts that are run from a checkout, never part of the package."""
