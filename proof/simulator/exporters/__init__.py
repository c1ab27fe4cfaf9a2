"""Installations of a simulated world, each with a store of its own, and the processes that work in them."""
