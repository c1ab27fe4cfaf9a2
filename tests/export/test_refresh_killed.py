"""Killed between Pleo's answer to a token refresh and our commit: reconnect, and everything is booked once.

Pleo has rotated the refresh token by then, and the new one died with the process (design §5).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from kontobro.bootstrap import SystemClock
from kontobro.core.model.connection import Connection, Tokens
from kontobro.erp.registry import load_connector
from kontobro.install.connect import Connecting
from kontobro.pleo import Grant, authorize_url, exchange_code, open_pleo
from kontobro.store import open_store
from pleo_sandbox.company.oauth import OAuthClient
from tests.export.test_killed import assert_whole
from tests.support.connected_home import SETTINGS, ConnectedHome, a_connected_home
from tests.support.pleo_company import kill_company

pytestmark = pytest.mark.kill

REDIRECT = "http://127.0.0.1:8765/callback"
LIFE = timedelta(minutes=16)
"""An access token lives 15 minutes."""

BETWEEN = "store.save_tokens#1:before"
COMMITTED = "store.save_tokens#1:after"


@pytest.fixture
def connected(tmp_path: Path) -> Iterator[ConnectedHome]:
    with a_connected_home(tmp_path, kill_company()) as connected:
        yield connected


@pytest.fixture
def app(connected: ConnectedHome) -> OAuthClient:
    """Our registered client, and the desk's connection made by it."""
    app = connected.sandbox.register_client([REDIRECT])
    reconnect(connected, app)
    return app


def reconnect(connected: ConnectedHome, app: OAuthClient) -> Connection:
    """The whole way a person goes: consent in the browser, the code, the tokens, the connection."""
    store = open_store(connected.database)
    try:
        draft = replace(
            store.connections()[0], auth="oauth", client_id=app.client_id, status="connected", settings=SETTINGS
        )
        clock = SystemClock()
        connecting = Connecting(
            pleo_for=lambda connection, tokens: open_pleo(connection, tokens, clock),
            connector=load_connector(draft.erp, draft.erp_options),
            store=store,
        )
        return connecting.connect(draft, authorised(connected, draft, app), 1).connection
    finally:
        store.close()


def authorised(connected: ConnectedHome, draft: Connection, app: OAuthClient) -> Tokens:
    verifier = secrets.token_urlsafe(48)
    url = authorize_url(draft, redirect_uri=REDIRECT, state="s", verifier=verifier)
    with httpx2.Client(trust_env=False) as browser:
        ticket = re.findall(r'name="ticket" value="([^"]+)"', browser.get(url).text)[0]
        consent = {"ticket": ticket, "company_id": connected.company_id, "decision": "approve"}
        back = browser.post(url.partition("?")[0], data=consent).headers["location"]
    return exchange_code(
        draft,
        Grant(
            code=parse_qs(urlsplit(back).query)["code"][0],
            redirect_uri=REDIRECT,
            verifier=verifier,
            client_secret=app.secret,
        ),
        SystemClock(),
    )


def stored(connected: ConnectedHome) -> Connection:
    store = open_store(connected.database)
    try:
        [connection] = store.connections()
        return connection
    finally:
        store.close()


def assert_asks_to_reconnect(connected: ConnectedHome) -> None:
    """The next run does nothing, says what to do, and marks the connection; its settings are kept."""
    before = stored(connected)
    answer = connected.attempt()
    assert answer is not None
    assert "LoginFailed" in answer["kinds"], answer
    assert "onnect again" in answer["said"]
    assert not [name for name in connected.boundaries if "mark_reconnect" not in name], "it wrote all the same"
    after = stored(connected)
    assert after.login_ended_at is not None
    assert after == replace(before, status="reconnect", login_ended_at=after.login_ended_at)
    assert before.settings == SETTINGS


def token_calls(connected: ConnectedHome) -> int:
    return connected.sandbox.calls["POST /oauth/token"]


def test_killed_between_answer_and_commit(connected: ConnectedHome, app: OAuthClient) -> None:
    connected.sandbox.move_clock(LIFE)
    assert connected.export(at=BETWEEN) is None
    assert_asks_to_reconnect(connected)
    id = stored(connected).id
    assert reconnect(connected, app).id == id
    assert stored(connected).status == "connected"
    connected.export()
    assert_whole(connected)


def test_killed_right_after_the_commit(connected: ConnectedHome, app: OAuthClient) -> None:
    connected.sandbox.move_clock(LIFE)
    assert connected.export(at=COMMITTED) is None
    before = token_calls(connected)
    connected.export()
    assert token_calls(connected) == before, "the stored token was good"
    assert stored(connected).status == "connected"
    assert_whole(connected)


MIDDLES = ["pleo.start#1:after", "store.plan#1:after", "erp.book#1:after", "erp.post#1:after", "pleo.report#1:after"]


def killed_in_the_middle(connected: ConnectedHome, middle: str, die_at: str) -> None:
    """The token dies while the export is at `middle`; the exporter dies at its renewal."""
    exporter = connected.start(at=middle, die_at=die_at)
    connected.sandbox.move_clock(LIFE)
    assert exporter.end() is None, f"it did not die at {die_at}: {connected.boundaries}"
    assert connected.boundaries[-1] == die_at


@pytest.mark.parametrize("middle", MIDDLES)
def test_it_expires_in_the_middle_killed_before_the_commit(
    connected: ConnectedHome, app: OAuthClient, middle: str
) -> None:
    killed_in_the_middle(connected, middle, BETWEEN)
    assert_asks_to_reconnect(connected)
    reconnect(connected, app)
    connected.export()
    assert_whole(connected)


@pytest.mark.parametrize("middle", MIDDLES)
def test_it_expires_in_the_middle_killed_after_the_commit(
    connected: ConnectedHome, app: OAuthClient, middle: str
) -> None:
    killed_in_the_middle(connected, middle, COMMITTED)
    connected.export()
    assert stored(connected).status == "connected"
    assert_whole(connected)


def test_it_expires_in_the_middle_and_nobody_dies(connected: ConnectedHome, app: OAuthClient) -> None:
    exporter = connected.start(at="erp.book#1:after")
    connected.sandbox.move_clock(LIFE)
    answer = exporter.end()
    assert answer is not None
    assert answer["event"] == "completed_with_errors"
    assert connected.boundaries.count(COMMITTED) == 1
    assert_whole(connected)
