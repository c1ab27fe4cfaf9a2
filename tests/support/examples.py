"""How many examples a property is tried with: the number that finds what it looks for, fewer in `make test-fast`."""

from __future__ import annotations

from hypothesis import settings

FAST = "fast"
"""The name of the quick profile."""

FEW = 10


def examples(number: int) -> int:
    """So many, whatever the profile's own number is; FEW in the fast one."""
    return min(number, FEW) if settings.get_current_profile_name() == FAST else number
