"""The credential on each request: an API key, or an OAuth token that is renewed by one process at a time."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Final

import httpx2

from kontobro.core.errors import Busy, LoginFailed, Timeout
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.ports import Clock, TokenStore
from kontobro.core.words import told
from kontobro.pleo.http.faults import login_failed, with_failure

EARLY: Final = timedelta(seconds=30)
"""A token is renewed this long before it expires."""
WAIT: Final = 30.0
"""Seconds to wait for another process's renewal; one that takes longer is a timeout, and is tried again."""

log = logging.getLogger(__name__)
Flow = Generator[httpx2.Request, httpx2.Response, None]


class TokensRefused(LoginFailed):
    """Pleo refuses the refresh token for good: a person has to connect again."""


class ApiKeyAuth(httpx2.Auth):
    """HTTP Basic: the key as user name, an empty password (`pleo/api.md` A3).

    The key is read once and again when Pleo refuses it: it may have been replaced in the meantime.
    """

    def __init__(self, connection: Connection, store: TokenStore, clock: Clock) -> None:
        self._connection, self._store, self._clock = connection, store, clock
        self._key: str | None = None

    def sync_auth_flow(self, request: httpx2.Request) -> Flow:
        used = self._key or self._read()
        request.headers["Authorization"] = _basic(used)
        response = yield request
        if response.status_code == 401 and self._read() != used:
            request.headers["Authorization"] = _basic(self._key or "")
            response = yield request
        if response.status_code == 401:  # only a person can give another one
            self._store.mark_reconnect(self._connection.id, self._clock.now())
            log.warning("pleo refuses the API key of connection %s: connect again", self._connection.id)

    def _read(self) -> str:
        self._key = stored(self._store, self._connection).access
        return self._key


def _basic(key: str) -> str:
    return f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"


class BearerAuth(httpx2.Auth):
    """OAuth: renewed shortly before expiry, and once when Pleo answers 401."""

    def __init__(self, renewal: Renewal) -> None:
        self._renewal = renewal

    def sync_auth_flow(self, request: httpx2.Request) -> Flow:
        access = self._renewal.current().access
        request.headers["Authorization"] = f"Bearer {access}"
        response = yield request
        if response.status_code == 401:
            # Refused unread, so even a POST may go out again.
            request.headers["Authorization"] = f"Bearer {self._renewal.renew(access).access}"
            yield request


class Renewal:
    """One connection's OAuth tokens, always read from the store: another process may have renewed them.

    `ask` exchanges the tokens for new ones at Pleo; it raises TokensRefused when that is final.
    """

    def __init__(
        self, connection: Connection, store: TokenStore, clock: Clock, ask: Callable[[Tokens], Tokens]
    ) -> None:
        self._connection, self._store, self._clock, self._ask = connection, store, clock, ask
        self._dead: str | None = None

    def current(self) -> Tokens:
        """Tokens that can be used now."""
        held = stored(self._store, self._connection)
        if held.expires_at is None or self._clock.now() + EARLY < held.expires_at:
            return held
        return self.renew(held.access)

    def renew(self, stale: str) -> Tokens:
        """New tokens in place of the `stale` access token, which may be someone else's work.

        One at a time: Pleo rotates refresh tokens, and a used one kills the whole authorisation. The lock dies
        with its process and is no transaction; both tokens are stored before either is used. Killed between
        Pleo's answer and the store, the next renewal is refused, and the connection asks to be connected again.
        """
        try:
            with self._store.lock(f"refresh-{self._connection.id}", wait=WAIT):
                held = stored(self._store, self._connection)
                return held if held.access != stale else self._exchange(held)
        except Busy:
            held = stored(self._store, self._connection)
            if held.access != stale:
                return held
            fault = Timeout(*told("token_renewal_slow"))
            raise with_failure(fault, "service_timeout") from None

    def _exchange(self, held: Tokens) -> Tokens:
        if held.access == self._dead:
            raise _ended()
        try:
            if not held.refresh:
                raise _ended()
            fresh = self._ask(held)
        except TokensRefused:
            self._dead = held.access
            self._store.mark_reconnect(self._connection.id, self._clock.now())
            log.warning("pleo's authorisation of connection %s has ended: connect again", self._connection.id)
            raise
        self._store.save_tokens(self._connection, fresh)
        log.info("pleo tokens of connection %s renewed", self._connection.id)
        return fresh


def _ended() -> TokensRefused:
    fault = TokensRefused(*told("authorisation_ended"))
    return with_failure(fault, "authentication_failure")


def stored(store: TokenStore, connection: Connection) -> Tokens:
    """The tokens given for this connection's Pleo. Raises LoginFailed when there are none."""
    tokens = store.tokens(connection)
    if tokens is None or not tokens.access:
        raise login_failed(told("pleo_credential_missing"))
    return tokens
