"""What a connector's or store's author runs: contract suites, faults at the seams, factories."""
