"""The state diagram of a booking: which moves the database allows. No Django in here.

A change of `MOVES` needs a migration that calls `guards.fill_allowed_moves` (a test reminds of it).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from kontobro.core.model.history import BookingState, ClaimState

STATES: tuple[BookingState, ...] = get_args(BookingState)

MOVES: Mapping[BookingState, tuple[BookingState, ...]] = {
    # drafted, posted: `find` shows that it exists; uncertain: an earlier write can't be found out about
    "planned": ("booking", "drafted", "posted", "uncertain", "rejected"),
    "booking": ("drafted", "posted", "rejected", "uncertain"),
    "uncertain": ("booking", "drafted", "posted", "rejected"),
    "drafted": ("attached", "rejected"),
    "attached": ("posted", "verified", "rejected"),  # verified: where it stays a draft
    "posted": ("verified", "rejected"),
    "verified": ("reported", "rejected"),
    "rejected": ("reported",),
    "reported": (),
}
"""The moves within one run. Every state becomes `planned` again by another run, and only so."""

UPDATES: tuple[BookingState, ...] = ("drafted", "attached", "posted", "verified", "reported")
"""States of what exists may be told again with other facts: no move, no event. A payment is settled later, also
one whose run was killed half way."""

CLAIMS: Mapping[ClaimState, tuple[ClaimState, ...]] = {
    "seen": (),
    "claiming": ("seen",),
    "in_progress": ("seen", "claiming"),
}
"""What an open job may have been before, besides what it is: no run takes an earlier one's claim back. A job that has
ended begins as `seen` again."""


def is_allowed(old: BookingState, new: BookingState) -> bool:
    """True when the diagram has this move, or this retelling, within one run."""
    return new in MOVES[old] or (old == new and new in UPDATES)


def allowed_pairs() -> list[tuple[BookingState, BookingState]]:
    """Every pair (from, to) that the database accepts within one run."""
    return [(old, new) for old in STATES for new in STATES if is_allowed(old, new)]


def route(state: BookingState) -> tuple[BookingState, ...]:
    """The shortest way of moves from `planned` to a state, without `planned` itself."""
    ways: dict[BookingState, tuple[BookingState, ...]] = {"planned": ()}
    ahead: list[BookingState] = ["planned"]
    for old in ahead:
        for new in MOVES[old]:
            if new not in ways:
                ways[new] = (*ways[old], new)
                ahead.append(new)
    return ways[state]
