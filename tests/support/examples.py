"""How many examples a property is tried with, how many rows a large table has: the number that finds what it looks for,
fewer in `make test-fast`."""

from __future__ import annotations

from hypothesis import settings

FAST = "fast"
"""The name of the quick profile."""

FEW = 10


SHARE = 20
"""A table of the fast run has one of so many rows."""


def examples(number: int) -> int:
    """So many, whatever the profile's own number is; FEW in the fast one."""
    return min(number, FEW) if is_fast() else number


def rows(number: int) -> int:
    """So many, where their number makes a test slow and is not what it is about; a share of them in the fast run."""
    return number // SHARE if is_fast() else number


def is_fast() -> bool:
    return settings.get_current_profile_name() == FAST
