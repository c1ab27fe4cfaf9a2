"""No answer leads the credential to another origin: not by a redirect, and not on renewal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest

from kontobro.core.errors import KontobroError
from kontobro.core.model.connection import Connection, Tokens
from kontobro.pleo import Grant, Ways, exchange_code, open_pleo
from tests.support.scripted_pleo import Clock, MemoryTokens, a_connection

EVIL = "https://evil.test/taken"
SECRETS = ("the-access", "the-refresh", "the-secret", "the-code", "the-verifier")


class Everywhere:
    """A network that sends every call on to another origin."""

    def __init__(self, status: int, location: str) -> None:
        self.asked: list[httpx2.Request] = []
        self._answer = status, location

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        status, location = self._answer
        return httpx2.Response(status, headers={"location": location})

    @property
    def hosts(self) -> set[str]:
        return {request.url.host for request in self.asked}


def tokens(clock: Clock) -> Tokens:
    """About to expire."""
    soon = clock.now() + timedelta(seconds=1)
    return Tokens(access="the-access", refresh="the-refresh", expires_at=soon, client_secret="the-secret")


@pytest.fixture(params=[301, 302, 303, 307, 308])
def network(request: pytest.FixtureRequest) -> Everywhere:
    return Everywhere(request.param, EVIL)


@pytest.mark.parametrize("connection", [a_connection(), a_connection(auth="oauth", client_id="client")])
def test_no_call_follows_elsewhere(network: Everywhere, connection: Connection) -> None:
    clock = Clock()
    for held in (tokens(clock), replace(tokens(clock), expires_at=None)):
        pleo = open_pleo(connection, MemoryTokens(held), clock, Ways(transport=httpx2.MockTransport(network)))
        with pytest.raises(KontobroError) as caught:
            pleo.introspect()
        assert not any(secret in str(caught.value) for secret in SECRETS)
    own = {httpx2.URL(connection.api_url).host, httpx2.URL(connection.auth_url).host}
    assert network.asked
    assert network.hosts <= own


def test_no_code_is_exchanged_elsewhere(network: Everywhere) -> None:
    with pytest.raises(KontobroError):
        exchange_code(
            a_connection(auth="oauth", client_id="client"),
            Grant(
                code="the-code",
                redirect_uri="https://here.test/cb",
                verifier="the-verifier",
                client_secret="the-secret",
            ),
            Clock(),
            Ways(transport=httpx2.MockTransport(network)),
        )
    assert network.asked
    assert "evil.test" not in network.hosts
