"""Pleo's addresses (`pleo/api.md` A1) and the scopes that each level of the product needs (A4)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Environment:
    """One world of Pleo: credentials of one are unknown in the others. Addresses without a trailing slash."""

    api_url: str
    auth_url: str


ENVIRONMENTS: Final = {
    "production": Environment("https://external.pleo.io", "https://auth.pleo.io"),
    "staging": Environment("https://external.staging.pleo.io", "https://auth.staging.pleo.io"),
    "sandbox": Environment("http://127.0.0.1:8764", "http://127.0.0.1:8764"),
}
"""By `Connection.environment`. The sandbox serves both from one loopback port."""

SCOPES_LEVEL_1: Final = ("export-jobs:read", "export-jobs:write", "export-items:read")
"""Exports with receipts."""
_LEVEL_2: Final = (*SCOPES_LEVEL_1, "tag-groups:read", "tag-groups:write")
_LEVEL_3: Final = (*_LEVEL_2, "tax-codes:read", "tax-codes:write")
_LEVEL_4: Final = (*_LEVEL_3, "accounts:read", "accounts:write", "vendors:read", "vendors:write")
SCOPES: Final = {1: SCOPES_LEVEL_1, 2: _LEVEL_2, 3: _LEVEL_3, 4: _LEVEL_4}
"""What consent asks for, by level: exports; with tags; with tax codes; with accounts and vendors."""
_SPELLINGS: Final = {"tag-groups:read": "tag-group:read", "tag-groups:write": "tag-group:write"}
"""Pleo's documents contradict each other on the scopes of tags (`pleo/api.md` A4, L10): either one will do."""


def lacking(level: int, granted: frozenset[str]) -> tuple[str, ...]:
    """The scopes of a level that a credential does not have. One that lists none is not judged."""
    if not granted:
        return ()
    return tuple(scope for scope in SCOPES[level] if not {scope, _SPELLINGS.get(scope)} & granted)


def is_local(url: str) -> bool:
    """True for an address on this machine, where no proxy stands in between."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
