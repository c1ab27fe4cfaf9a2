"""What `make bench-suite` plants: each bug still has its place in the connector that it is planted in."""

from __future__ import annotations

from bench.suite.planted import faults, reference


def test_every_planted_bug_has_one_place() -> None:
    files = {where: reference(where) for where in ("memory", "page")}
    for fault in faults():
        assert fault.planted(files[fault.where]) != files[fault.where], fault.name
