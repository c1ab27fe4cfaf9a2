"""What the author of a connector or a store runs to prove it: contract suites, faults, factories."""
