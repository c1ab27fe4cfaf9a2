"""Pleo's levels (`pleo/rules.md`): what a connection keeps in sync, and the permissions that this takes.

1 exports with receipts; 2 adds tags; 3 the chart of accounts and tax codes; 4 vendors. Each holds the lower ones.
Until November 2026 Pleo's page had the accounts at Level 4. What a connection keeps in sync is stored by kind, not by
level: one that was made then keeps what it has, and its level follows from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from kontobro.core.dialect import READ_TAGS, WRITE_TAGS, canonical
from kontobro.core.model.settings import Settings, SyncKind

Level = Literal[1, 2, 3, 4]

LEVELS: tuple[Level, ...] = (1, 2, 3, 4)

KINDS_OF: Mapping[Level, tuple[SyncKind, ...]] = {
    1: (),
    2: ("dimensions",),
    3: ("accounts", "tax-codes", "dimensions"),
    4: ("accounts", "tax-codes", "dimensions", "vendors"),
}
"""What a level switches on, in the order in which it is synced."""

_EXPORT = frozenset({"export-jobs:read", "export-jobs:write", "export-items:read"})

_SCOPES: Mapping[SyncKind, frozenset[str]] = {
    "accounts": frozenset({"accounts:read", "accounts:write"}),
    "tax-codes": frozenset({"tax-codes:read", "tax-codes:write"}),
    "dimensions": frozenset({READ_TAGS, WRITE_TAGS}),
    "vendors": frozenset({"vendors:read", "vendors:write"}),
}
"""Pleo's permissions by kind (`pleo/api.md` A4)."""


def level_named(number: int | None) -> Level | None:
    """The level of that number; None when the person left it to us."""
    return next((level for level in LEVELS if level == number), None)


def level_of(settings: Settings) -> Level:
    """The highest level whose kinds are all switched on."""
    return max(level for level in LEVELS if not missing_kinds(level, settings))


def extras_of(settings: Settings) -> tuple[SyncKind, ...]:
    """What is switched on beside the kinds of the level that `level_of` gives."""
    return tuple(kind for kind in settings.sync if kind not in KINDS_OF[level_of(settings)])


def kinds_at(level: Level, settings: Settings) -> tuple[SyncKind, ...]:
    """What is switched on when this level is chosen: nothing goes off, unless the level is lower than it was, or 1."""
    kept = settings.sync if level > 1 and level >= level_of(settings) else ()
    return tuple(kind for kind in KINDS_OF[LEVELS[-1]] if kind in KINDS_OF[level] or kind in kept)


def missing_kinds(level: Level, settings: Settings) -> tuple[SyncKind, ...]:
    """The kinds of a level that are not switched on."""
    return tuple(kind for kind in KINDS_OF[level] if kind not in settings.sync)


def scopes_of(level: int) -> frozenset[str]:
    """The permissions at Pleo that a level needs. Raises ValueError for a level that there is not."""
    found = next((known for known in LEVELS if known == level), None)
    if found is None:
        raise ValueError(f"there is no Level {level}; levels are 1 to {LEVELS[-1]}")
    return _EXPORT.union(*(_SCOPES[kind] for kind in KINDS_OF[found]))


def scopes_for(settings: Settings) -> frozenset[str]:
    """The permissions that what is switched on needs, whether or not it makes a whole level."""
    return _EXPORT.union(*(_SCOPES[kind] for kind in settings.sync))


def scopes_at(level: int, connected_settings: Settings | None) -> frozenset[str]:
    """What to ask for when this level is chosen, for a company that is connected with these settings or not at all."""
    named = level_named(level)
    if connected_settings is None or named is None:
        return scopes_of(level)
    return _EXPORT.union(*(_SCOPES[kind] for kind in kinds_at(named, connected_settings)))


def missing_scopes(needed: Iterable[str], granted: Iterable[str]) -> tuple[str, ...]:
    """The permissions that a credential lacks, whichever way they are spelled. One that lists none is not judged."""
    had = canonical(granted)
    return tuple(sorted(canonical(needed) - had)) if had else ()
