"""A login by OAuth that ends: unused for longer than Pleo keeps it, or given up by `kontobro disconnect`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from kontobro.bootstrap import App, open_app
from kontobro.core.model.connection import Connection, Tokens
from kontobro.install.connect import Connecting
from pleo_sandbox.company.oauth import OAuthClient
from pleo_sandbox.demo.company import TO_FIX
from pleo_sandbox.state.sandbox import Sandbox
from tests.cli.person import DEMO, Person
from tests.support.consent import REDIRECT, allowed


@dataclass
class LoggedIn:
    """A person whose connection has a login by OAuth. Pleo counts time on, our clock is the real one."""

    person: Person
    client: OAuthClient

    @property
    def sandbox(self) -> Sandbox:
        return self.person.sandbox

    def opened(self) -> closing[App]:
        return closing(open_app(self.person.folder / "home"))

    @property
    def connection(self) -> Connection:
        with self.opened() as app:
            (connection,) = app.store.connections()
        return connection

    @property
    def tokens(self) -> Tokens | None:
        with self.opened() as app:
            return app.store.tokens(app.store.connections()[0])

    def logs_in(self) -> None:
        """Allow the access in Pleo, and connect with it."""
        with self.opened() as app:
            known = app.store.connections()[0]
            draft = replace(known, auth="oauth", client_id=self.client.client_id, status="connected")
            tokens = allowed(draft, self.client.secret, app.clock, level=1)
            both = Connecting(pleo_for=app.pleo_for, connector=app.connector_for(draft), store=app.store)
            both.connect(draft, tokens, 1)

    def press_export(self, number: int) -> str:
        """One of the expenses that can be booked; its job."""
        company = self.person.sandbox.company_id
        good = [one.id for one in self.sandbox.exports.companies[company].expenses if one.id not in TO_FIX]
        return self.sandbox.press_export(company, [good[number]])

    def installed(self) -> int:
        """Installations of this login: the API key before had its own."""
        return sum(one.application_id == self.client.client_id for one in self.sandbox.installations.all())

    def booked(self) -> list[str]:
        return [row["reference"] for row in self.person.reads("bookings") if row["state"] == "reported"]


@pytest.fixture
def logged_in(person: Person) -> Iterator[LoggedIn]:
    assert person.connects("--level", "1").exit_code == 0
    assert person.types("settings", "import", str(DEMO / "settings.toml")).exit_code == 0
    one = LoggedIn(person, person.sandbox.register_client([REDIRECT]))
    one.logs_in()
    yield one
    for secret in (one.client.secret, *((one.tokens.access, one.tokens.refresh) if one.tokens else ())):
        assert all(str(secret) not in text for text in person.shown)


@pytest.mark.parametrize("days", [60, 7])
def test_a_login_that_was_not_used_for_a_while(logged_in: LoggedIn, days: int) -> None:
    """It is renewed, or a person is told to connect again: then the export that waits is booked, once."""
    person, sandbox = logged_in.person, logged_in.sandbox
    logged_in.press_export(0)
    assert person.types("export").exit_code == 0
    sandbox.set_rules({"refresh_days": days})
    sandbox.move_clock(timedelta(days=8))
    held = logged_in.tokens
    assert held is not None
    assert (sandbox.access.active(logged_in.client, held.refresh or "") is not None) is (days == 60)
    logged_in.press_export(1)
    exported = person.types("export")
    if days == 7:
        assert exported.exit_code == 3
        assert "Pleo's authorisation has ended" in exported.output
        assert "Connect again, and allow access in Pleo." in exported.output
        assert "API Key" not in exported.output
        assert logged_in.connection.status == "reconnect"
        assert str(sandbox.jobs[1].status) == "pending"
        assert len(logged_in.booked()) == 1
        logged_in.logs_in()
        exported = person.types("export")
    assert exported.exit_code == 0, exported.output
    assert [str(job.status) for job in sandbox.jobs] == ["completed", "completed"]
    assert len(set(logged_in.booked())) == len(logged_in.booked()) == 2
    assert logged_in.connection.status == "connected"


@pytest.mark.parametrize("ends", [True, False])
def test_disconnecting_ends_the_login_or_says_that_pleo_keeps_it(logged_in: LoggedIn, ends: bool) -> None:
    person, sandbox, held = logged_in.person, logged_in.sandbox, logged_in.tokens
    assert held is not None
    sandbox.set_rules({"removal_ends_login": ends})
    gone = person.types("disconnect", "--yes")
    assert gone.exit_code == 0, gone.output
    alive = [sandbox.access.active(logged_in.client, token or "") for token in (held.access, held.refresh)]
    assert [one is None for one in alive] == [ends, ends]
    assert logged_in.installed() == 0
    assert (logged_in.connection.status, logged_in.tokens) == ("disconnected", None)
    assert ("Pleo says that the login is still active" in gone.output) is not ends
    assert ("Ask Pleo's support to end the login." in gone.output) is not ends


@pytest.mark.parametrize("as_json", [False, True])
def test_a_login_that_was_ended_elsewhere_is_told_when_disconnecting(logged_in: LoggedIn, as_json: bool) -> None:
    """What ended it may have left the integration: a person looks."""
    person, sandbox = logged_in.person, logged_in.sandbox
    sandbox.revoke_authorisations(sandbox.company_id)
    gone = person.types("disconnect", "--yes", *(["--json"] if as_json else []))
    assert gone.exit_code == 0, gone.output
    assert logged_in.installed() == 1
    assert (logged_in.connection.status, logged_in.tokens) == ("disconnected", None)
    assert "Pleo refused the login, so the integration may still be there" in gone.output
    assert "Check in Pleo, under Settings > Accounting, that it is removed." in gone.output
    assert "API key" not in gone.output
