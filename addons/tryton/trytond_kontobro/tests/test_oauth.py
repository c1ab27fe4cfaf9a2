"""What is kept while a browser is away at Pleo, where browsers come back to, and the pages as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from trytond.protocols.wrappers import Response

from kontobro.core.errors import Misconfigured
from kontobro.install.authorisation import LIFE

from ..inside.tables import TrytonStore, open_store
from ..oauth import page, pending
from ..oauth.web import known_as, set_cookie
from .company import DATABASE, awake

SECRET = "hush-hush"  # noqa: S105 - of nobody
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
BACK = "https://erp.example.org/db/r/kontobro/callback"
ASKED = pending.Asked(
    user=1,
    company=1,
    book_as=2,
    environment="production",
    url=None,
    level=2,
    redirect_uri=BACK,
    client_id="client",
    client_secret=SECRET,
)


@pytest.fixture
def store() -> Iterator[TrytonStore]:
    awake()
    store = open_store(DATABASE)
    yield store
    pending.clean(store, NOW + timedelta(days=1))


def rows(store: TrytonStore) -> list[str]:
    with store.tables.writing() as session:
        return [str(vars(row)) for row in session.select("SELECT * FROM kontobro_setup")]


def left(store: TrytonStore) -> pending.Left:
    found = pending.leave(store, pending.begin(store, ASKED, NOW), NOW)
    assert found is not None
    return found


def test_each_step_is_taken_once(store: TrytonStore) -> None:
    ticket = pending.begin(store, ASKED, NOW)
    assert pending.asked_by(store, ticket, NOW) == pending.asked_by(store, ticket, NOW) == ASKED
    found = pending.leave(store, ticket, NOW)
    assert found is not None
    assert pending.leave(store, ticket, NOW) is None
    assert pending.asked_by(store, ticket, NOW) is None
    taken = pending.returned(store, found.state, found.cookie, NOW)
    assert taken == (replace(ASKED, client_secret=None), found.kept)
    assert found.kept.client_secret == SECRET
    assert pending.returned(store, found.state, found.cookie, NOW) is None
    assert rows(store) == []


def test_another_browser_takes_nothing_and_uses_nothing_up(store: TrytonStore) -> None:
    mine, other = left(store), left(store)
    for state, cookie in ((mine.state, other.cookie), (mine.state, ""), ("", mine.cookie), ("x", mine.cookie)):
        assert pending.returned(store, state, cookie, NOW) is None
    assert pending.returned(store, mine.state, mine.cookie, NOW) is not None


def test_what_is_too_old_is_worth_nothing_and_goes(store: TrytonStore) -> None:
    ticket, late = pending.begin(store, ASKED, NOW), NOW + LIFE
    assert pending.asked_by(store, ticket, late) is pending.leave(store, ticket, late) is None
    found = left(store)
    assert pending.returned(store, found.state, found.cookie, late) is None
    assert len(rows(store)) == 2
    pending.clean(store, late)
    assert rows(store) == []


def test_the_table_tells_nothing(store: TrytonStore) -> None:
    ticket, found = pending.begin(store, ASKED, NOW), left(store)
    kept = " ".join(rows(store))
    for secret in (ticket, found.state, found.cookie, found.kept.verifier, SECRET):
        assert secret not in kept
        assert secret not in repr((ASKED, found))


def test_what_was_sealed_for_one_setup_opens_no_other(store: TrytonStore) -> None:
    ticket = pending.begin(store, ASKED, NOW)
    pending.begin(store, replace(ASKED, company=7), NOW)
    with store.tables.writing() as session:
        session.run(
            "UPDATE kontobro_setup mine SET sealed ="
            " (SELECT other.sealed FROM kontobro_setup other WHERE other.id <> mine.id)"
        )
    with pytest.raises(Misconfigured, match="another place"):
        pending.asked_by(store, ticket, NOW)


@pytest.mark.parametrize(("address", "secure"), [(BACK, True), ("http://127.0.0.1:8000/db/r/kontobro/callback", False)])
def test_the_cookie_goes_to_the_callback_alone(address: str, secure: bool) -> None:
    response = Response("")
    set_cookie(response, address, "secret", 900)
    cookie = response.headers["Set-Cookie"]
    assert ("Secure" in cookie) is secure
    assert all(part in cookie for part in ("Path=/db/r/kontobro/callback", "HttpOnly", "SameSite=Lax", "Max-Age=900"))


SEEN = "http://10.0.0.7:8000/db/r/kontobro/callback"


@pytest.mark.parametrize(
    ("name", "secure", "address"),
    [
        (None, False, SEEN),
        ("erp.example.org", False, BACK),
        ("localhost:8000", False, "http://localhost:8000/db/r/kontobro/callback"),
        ("localhost:8000", True, "https://localhost:8000/db/r/kontobro/callback"),
    ],
)
def test_browsers_come_back_to_the_name_of_the_configuration(name: str | None, secure: bool, address: str) -> None:
    assert known_as(SEEN, name, secure=secure) == address


def test_a_page_shows_text_as_text() -> None:
    shown_errors = page.page("de", "<b>", [("de", 'A & "B"'), ("en", "<script>")], page.button('"><x', "Weiter"))
    assert "<script>" not in shown_errors
    assert "<b>" not in shown_errors
    assert "<x" not in shown_errors
    assert '<html lang="de">' in shown_errors
    assert '<p lang="en">&lt;script&gt;</p>' in shown_errors


def test_a_page_loads_and_runs_nothing() -> None:
    for policy in (page.headers()["Content-Security-Policy"], page.headers("http://p")["Content-Security-Policy"]):
        assert policy.startswith("default-src 'none'; ")
        assert "script-src" not in policy
    assert "form-action 'none'" in page.headers()["Content-Security-Policy"]
