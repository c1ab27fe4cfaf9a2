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
def desk(tmp_path: Path) -> Iterator[ConnectedHome]:
    with a_connected_home(tmp_path, kill_company()) as desk:
        yield desk


@pytest.fixture
def app(desk: ConnectedHome) -> OAuthClient:
    """Our registered client, and the desk's connection made by it."""
    app = desk.sandbox.register_client([REDIRECT])
    reconnect(desk, app)
    return app


def reconnect(desk: ConnectedHome, app: OAuthClient) -> Connection:
    """The whole way a person goes: consent in the browser, the code, the tokens, the connection."""
    store = open_store(desk.database)
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
        return connecting.connect(draft, authorised(desk, draft, app), 1).connection
    finally:
        store.close()


def authorised(desk: ConnectedHome, draft: Connection, app: OAuthClient) -> Tokens:
    verifier = secrets.token_urlsafe(48)
    url = authorize_url(draft, redirect_uri=REDIRECT, state="s", verifier=verifier)
    with httpx2.Client(trust_env=False) as browser:
        ticket = re.findall(r'name="ticket" value="([^"]+)"', browser.get(url).text)[0]
        consent = {"ticket": ticket, "company_id": desk.company_id, "decision": "approve"}
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


def stored(desk: ConnectedHome) -> Connection:
    store = open_store(desk.database)
    try:
        [connection] = store.connections()
        return connection
    finally:
        store.close()


def assert_asks_to_reconnect(desk: ConnectedHome) -> None:
    """The next run does nothing, says what to do, and marks the connection; its settings are kept."""
    before = stored(desk)
    answer = desk.attempt()
    assert answer is not None
    assert "LoginFailed" in answer["kinds"], answer
    assert "onnect again" in answer["said"]
    assert not [name for name in desk.boundaries if "mark_reconnect" not in name], "it wrote all the same"
    assert stored(desk) == replace(before, status="reconnect")
    assert before.settings == SETTINGS


def token_calls(desk: ConnectedHome) -> int:
    return desk.sandbox.calls["POST /oauth/token"]


def test_killed_between_answer_and_commit(desk: ConnectedHome, app: OAuthClient) -> None:
    desk.sandbox.move_clock(LIFE)
    assert desk.export(at=BETWEEN) is None
    assert_asks_to_reconnect(desk)
    id = stored(desk).id
    assert reconnect(desk, app).id == id
    assert stored(desk).status == "connected"
    desk.export()
    assert_whole(desk)


def test_killed_right_after_the_commit(desk: ConnectedHome, app: OAuthClient) -> None:
    desk.sandbox.move_clock(LIFE)
    assert desk.export(at=COMMITTED) is None
    before = token_calls(desk)
    desk.export()
    assert token_calls(desk) == before, "the stored token was good"
    assert stored(desk).status == "connected"
    assert_whole(desk)


MIDDLES = ["pleo.start#1:after", "store.plan#1:after", "erp.book#1:after", "erp.post#1:after", "pleo.report#1:after"]


def killed_in_the_middle(desk: ConnectedHome, middle: str, die_at: str) -> None:
    """The token dies while the export is at `middle`; the exporter dies at its renewal."""
    exporter = desk.start(at=middle, die_at=die_at)
    desk.sandbox.move_clock(LIFE)
    assert exporter.end() is None, f"it did not die at {die_at}: {desk.boundaries}"
    assert desk.boundaries[-1] == die_at


@pytest.mark.parametrize("middle", MIDDLES)
def test_it_expires_in_the_middle_killed_before_the_commit(desk: ConnectedHome, app: OAuthClient, middle: str) -> None:
    killed_in_the_middle(desk, middle, BETWEEN)
    assert_asks_to_reconnect(desk)
    reconnect(desk, app)
    desk.export()
    assert_whole(desk)


@pytest.mark.parametrize("middle", MIDDLES)
def test_it_expires_in_the_middle_killed_after_the_commit(desk: ConnectedHome, app: OAuthClient, middle: str) -> None:
    killed_in_the_middle(desk, middle, COMMITTED)
    desk.export()
    assert stored(desk).status == "connected"
    assert_whole(desk)


def test_it_expires_in_the_middle_and_nobody_dies(desk: ConnectedHome, app: OAuthClient) -> None:
    exporter = desk.start(at="erp.book#1:after")
    desk.sandbox.move_clock(LIFE)
    answer = exporter.end()
    assert answer is not None
    assert answer["event"] == "completed_with_errors"
    assert desk.boundaries.count(COMMITTED) == 1
    assert_whole(desk)
