"""Benchmarks: `make bench` prints a table and writes `bench/results.json`. Method and figures: `bench/README.md`."""
