"""Which level a connection gets: what the accounting system supplies and what the credential may do.

Pleo's levels (`pleo/rules.md`): 1 exports with receipts; 2 adds tags; 3 tax codes; 4 the chart of accounts and
vendors. Each level holds all that the lower ones have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kontobro.core.errors import Misconfigured, NotAllowed
from kontobro.core.export import Identity
from kontobro.core.level import scopes_of
from kontobro.core.masterdata import Account, Dimension, DimensionValue, TaxCode, Vendor
from kontobro.core.ports import Capabilities
from kontobro.core.settings import Settings

LEVELS = (1, 2, 3, 4)
MEANINGS: Mapping[int, str] = {
    1: "exports with receipts",
    2: "dimensions as tags",
    3: "tax codes",
    4: "accounts and vendors",
}
KINDS_OF: Mapping[int, tuple[str, ...]] = {
    1: (),
    2: ("dimensions",),
    3: ("tax-codes", "dimensions"),
    4: ("accounts", "tax-codes", "dimensions", "vendors"),
}
"""What a level switches on, in the order in which it is synced."""

_SOURCES: Mapping[str, tuple[type, ...]] = {
    "accounts": (Account,),
    "tax-codes": (TaxCode,),
    "dimensions": (Dimension, DimensionValue),
    "vendors": (Vendor,),
}

_SPELLINGS: Mapping[str, str] = {"tag-group:read": "tag-groups:read", "tag-group:write": "tag-groups:write"}
"""Pleo's documents contradict each other on the scopes of tags (`pleo/api.md` A4): either spelling will do."""


@dataclass(frozen=True, slots=True)
class NextLevel:
    """What stands between a connection and a level: permissions at Pleo, kinds the accounting system can't supply."""

    level: int
    scopes: tuple[str, ...]
    kinds: tuple[str, ...]


def missing_kinds(level: int, capabilities: Capabilities) -> tuple[str, ...]:
    """The kinds of a level that the accounting system can't supply."""
    return tuple(kind for kind in KINDS_OF[level] if not capabilities.kinds.issuperset(_SOURCES[kind]))


def missing_scopes(level: int, identity: Identity) -> tuple[str, ...]:
    """The permissions of a level that the credential lacks. One that lists none at all is not judged."""
    granted = {_SPELLINGS.get(scope, scope) for scope in identity.scopes}
    return tuple(sorted(scopes_of(level) - granted)) if granted else ()


def highest_supplied(capabilities: Capabilities) -> int:
    """The highest level that the accounting system has the records for."""
    return max(level for level in LEVELS if not missing_kinds(level, capabilities))


def highest(capabilities: Capabilities, identity: Identity) -> int:
    """The highest level that both sides allow; 1 when the credential falls short of even that."""
    fitting = (n for n in LEVELS if not missing_kinds(n, capabilities) and not missing_scopes(n, identity))
    return max(fitting, default=1)


def require_level(level: int, capabilities: Capabilities, identity: Identity) -> None:
    """Raises Misconfigured for what the accounting system lacks, NotAllowed for missing permissions."""
    if kinds := missing_kinds(level, capabilities):
        raise Misconfigured(
            f"This accounting system does not supply {', '.join(kinds)}, which Level {level} needs.",
            f"Connect with --level {highest_supplied(capabilities)} or less.",
        )
    if scopes := missing_scopes(level, identity):
        raise NotAllowed(
            f"The credential lacks these permissions at Pleo: {', '.join(scopes)}.",
            "Create an API key (or authorise the client) with these permissions and connect again"
            + (f"; Level {highest(capabilities, identity)} needs fewer." if level > 1 else "."),
        )


def next_level(level: int, capabilities: Capabilities, identity: Identity) -> NextLevel | None:
    """What the next level still needs; None at the highest."""
    if level == LEVELS[-1]:
        return None
    return NextLevel(level + 1, missing_scopes(level + 1, identity), missing_kinds(level + 1, capabilities))


def with_level(settings: Settings, level: int) -> Settings:
    """The settings with exactly this level's kinds switched on; all else stays, the chosen dimensions too."""
    return replace(settings, sync=KINDS_OF[level])
