"""Which level a connection gets: what the accounting system supplies and what the credential may do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from kontobro.core.errors import Misconfigured, NotAllowed
from kontobro.core.level import KINDS_OF, LEVELS, Level, extras_of, kinds_at, level_of, missing_scopes, scopes_of
from kontobro.core.model.export import Identity
from kontobro.core.model.masterdata import Account, Dimension, DimensionValue, TaxCode, Vendor
from kontobro.core.model.settings import Settings, SyncKind
from kontobro.core.ports import Capabilities
from kontobro.core.words import told

MEANINGS: Mapping[Level, str] = {
    1: "exports with receipts",
    2: "dimensions as tags",
    3: "accounts and tax codes",
    4: "vendors",
}
"""What each level adds to those before it."""

KIND_WORDS: Mapping[SyncKind, str] = {
    "accounts": "accounts",
    "tax-codes": "tax codes",
    "dimensions": "dimensions as tags",
    "vendors": "vendors",
}

_SOURCES: Mapping[SyncKind, tuple[type, ...]] = {
    "accounts": (Account,),
    "tax-codes": (TaxCode,),
    "dimensions": (Dimension, DimensionValue),
    "vendors": (Vendor,),
}


@dataclass(frozen=True, slots=True)
class NextLevel:
    """What is between a connection and a level: permissions at Pleo, kinds the accounting system can't supply."""

    level: Level
    scopes: tuple[str, ...]
    kinds: tuple[SyncKind, ...]


def missing_kinds(level: Level, capabilities: Capabilities) -> tuple[SyncKind, ...]:
    """The kinds of a level that the accounting system can't supply."""
    return tuple(kind for kind in KINDS_OF[level] if not capabilities.kinds.issuperset(_SOURCES[kind]))


def highest_supplied(capabilities: Capabilities) -> Level:
    """The highest level that the accounting system has the records for."""
    return max(level for level in LEVELS if not missing_kinds(level, capabilities))


def highest(capabilities: Capabilities, identity: Identity) -> Level:
    """The highest level that both sides allow; 1 when the credential falls short of even that."""
    fitting = (
        n for n in LEVELS if not missing_kinds(n, capabilities) and not missing_scopes(scopes_of(n), identity.scopes)
    )
    return max(fitting, default=LEVELS[0])


def require_level(level: Level, capabilities: Capabilities, identity: Identity) -> None:
    """Raises Misconfigured for what the accounting system lacks, NotAllowed for missing permissions."""
    if kinds := missing_kinds(level, capabilities):
        raise Misconfigured(
            *told("level_not_supplied", kinds=tuple(kinds), level=level, highest=highest_supplied(capabilities))
        )
    require_scopes(scopes_of(level), identity, highest(capabilities, identity) if level > 1 else None)


def require_scopes(needed: Iterable[str], identity: Identity, fewer: Level | None = None) -> None:
    """Raises NotAllowed for permissions that the credential lacks; `fewer` is a level that needs fewer."""
    if scopes := missing_scopes(needed, identity.scopes):
        words = (
            told("scopes_missing_at_level", scopes=tuple(scopes), level=fewer)
            if fewer
            else told("scopes_missing", scopes=tuple(scopes))
        )
        raise NotAllowed(*words)


def next_level(level: Level, capabilities: Capabilities, identity: Identity) -> NextLevel | None:
    """What the next level still needs; None at the highest."""
    above = next((other for other in LEVELS if other > level), None)
    if above is None:
        return None
    return NextLevel(above, missing_scopes(scopes_of(above), identity.scopes), missing_kinds(above, capabilities))


def with_level(settings: Settings, level: Level) -> Settings:
    """The settings with this level's kinds switched on; all else stays, the chosen dimensions too."""
    return replace(settings, sync=kinds_at(level, settings))


def as_it_is(text: str) -> str:
    return text


def meanings_of(level: Level, words: Callable[[str], str] = as_it_is) -> str:
    """All that a level does, in words; `words` puts each into a reader's language."""
    return ", ".join(words(MEANINGS[known]) for known in LEVELS if known <= level)


def meaning_of(settings: Settings, words: Callable[[str], str] = as_it_is) -> str:
    """All that a connection does, in words: its level, and what is switched on beside it."""
    extras = (words(KIND_WORDS[kind]) for kind in extras_of(settings))
    return ", ".join([meanings_of(level_of(settings), words), *extras])
