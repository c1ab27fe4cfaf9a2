"""Pleo's addresses (`pleo/api.md` A1) and the scopes that each level of the product needs (A4)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from kontobro.core.level import LEVELS, scopes_of
from kontobro.core.model.connection import Connection


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

SCOPES: Final = {level: tuple(sorted(scopes_of(level))) for level in LEVELS}
"""What consent asks for, by level of the product. How an environment spells the scopes of tags: `core/dialect.py`."""
SCOPES_LEVEL_1: Final = SCOPES[1]
"""Exports with receipts."""


def is_production(connection: Connection) -> bool:
    """Whether calls go to Pleo's production: by the connection's environment, and by its address whatever that says."""
    host = (urlsplit(connection.api_url).hostname or "").lower().rstrip(".")
    of_pleo = host == "pleo.io" or host.endswith(".pleo.io")
    return connection.environment == "production" or (of_pleo and not host.endswith(".staging.pleo.io"))


def is_local(url: str) -> bool:
    """True for an address on this machine, where no proxy is in between."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
