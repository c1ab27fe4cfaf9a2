"""A connection and its credential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from kontobro.core.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One Pleo company and one company of an accounting system. No secret in it.

    `erp_options` are the connector's own settings (a ledger's path, a URL), `erp_company` its company's id.
    `status` `reconnect`: the credential is dead, settings are kept.
    """

    id: str
    name: str
    environment: Literal["production", "staging", "sandbox"]
    api_url: str
    auth_url: str
    auth: Literal["api_key", "oauth"]
    company_id: str
    company_name: str
    erp: str
    erp_options: Mapping[str, str] = field(default_factory=dict)
    erp_company: str = ""
    client_id: str | None = None
    scopes: frozenset[str] = frozenset()
    status: Literal["connected", "reconnect", "disconnected"] = "connected"
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A connection's credential at Pleo. `access` is the API key for an API key connection.

    `expires_at` is aware UTC; `client_secret` is the OAuth client's.
    """

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    client_secret: str | None = field(default=None, repr=False)
