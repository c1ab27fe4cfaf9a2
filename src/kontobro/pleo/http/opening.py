"""The way from a connection to its calls: address, credential, pace. The same for exports and for master data."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import httpx2

from kontobro.core.dialect import dialect_of
from kontobro.core.model.connection import Connection
from kontobro.core.ports import Clock, TokenStore
from kontobro.net.client import open_client
from kontobro.net.limits import Limits
from kontobro.pleo.http.auth import ApiKeyAuth, BearerAuth, Renewal
from kontobro.pleo.http.calls import USER_AGENT, Calls, Ways, shared_pace
from kontobro.pleo.http.environments import is_local
from kontobro.pleo.http.files import no_cookies
from kontobro.pleo.http.oauth import renewer

TIMEOUT: Final = httpx2.Timeout(30.0, connect=10.0)
LIMITS: Final = Limits(seconds=60.0, most_bytes=16 * 1024 * 1024)
"""A page of Pleo's has some hundred kilobytes; one that takes a minute is a timeout, however steadily it drips."""


def open_http(
    connection: Connection, tokens: TokenStore, clock: Clock, ways: Ways
) -> tuple[httpx2.Client, httpx2.Auth]:
    """The client for Pleo's API, and the credential that goes with each request. Reads no token before the first."""
    http = open_client(
        replace(LIMITS, methods=ways.methods),
        transport=ways.transport,
        trust_env=not is_local(connection.api_url),
        base_url=connection.api_url,
        timeout=TIMEOUT,
        headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
        cookies=no_cookies(),
    )
    auth: httpx2.Auth = ApiKeyAuth(connection, tokens, clock)
    if connection.auth == "oauth":
        auth = BearerAuth(Renewal(connection, tokens, clock, renewer(connection, clock, ways)))
    return http, auth


def open_calls(connection: Connection, tokens: TokenStore, clock: Clock, ways: Ways) -> Calls:
    """Reads no token before the first call."""
    http, auth = open_http(connection, tokens, clock, ways)
    spoken = ways.dialect or dialect_of(connection.environment)
    pace = ways.pace or shared_pace(connection.id, clock)
    return Calls(http, auth, clock, replace(ways, dialect=spoken, pace=pace))
