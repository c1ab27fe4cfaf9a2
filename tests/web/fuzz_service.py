"""A service with one of everything, whose addresses all lead somewhere, on either database; made again by `restore`."""

from __future__ import annotations

import datetime as dt
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connections
from django.test import Client
from django.urls import URLResolver, get_resolver

from kontobro.bootstrap import open_app
from kontobro.cli.demo.documents import OPTIONS, write_masters
from kontobro.core.documents import DocumentState, LastNumbers
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.ports import DocumentStore
from kontobro.export import next_job, run_job
from kontobro.export.documents.memory import remember
from kontobro.service.config import config
from kontobro.store.database import database_entry
from kontobro.store.secrets.codec import tokens_to
from kontobro.web.models import ConnectionOwner, Invitation, Membership, Organisation, Setup, User
from kontobro.web.process import process
from kontobro.web.server.start import migrate
from pleo_sandbox.model import Expense
from tests.support.connected_home import ConnectedHome, a_connected_home
from tests.support.pleo_company import a_company, an_item
from tests.support.sealed_documents import seal_documents
from tests.support.site import AskedFor, Site

STEPS = ("level", "consent", "key", "erp", "access", "company", "settings", "plan")
WHOSE = ("name", "taken", "differs")
"""Steps that only some setups come to."""

DOCUMENTS = {
    "delivered": 1,
    "imported": 2,
    "late": 3,
    "unsure": 4,
    "sealed": 5,
    "released": 6,
    "conflict": 7,
}
"""The number of the document in each state, where the accounting system takes documents."""


@dataclass
class FuzzService:
    """An owner's browser, a connection with an export behind it, a setup at every step. `number`: of a document."""

    site: Site
    connected: ConnectedHome
    organisation: Organisation
    owner: User
    connection: Connection
    job: str
    reference: str
    session: str
    membership: int
    setup: str = str(uuid.UUID(int=8))
    number: int = 1

    def browser(self, **headers: str) -> Client:
        """Signed in, whatever the browser before did."""
        browser = self.site.browser()
        browser.cookies["sessionid"] = self.session
        browser.defaults.update({f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()})
        return browser

    @property
    def documents(self) -> DocumentStore | None:
        """The documents of the connection, where its accounting system takes them."""
        return self.site.app.document_store_for(self.connection)

    def restore(self, state: str = "") -> None:
        """What a page before may have changed is as it was. In a state that is named: a setup at this step, an address
        of a document in this state, a history of documents that is `lost`."""
        store = self.site.app.store
        if store.connection(self.connection.id) != self.connection:
            store.save_connection(self.connection)
        if store.tokens(self.connection) is None:
            store.save_tokens(self.connection, Tokens(access=self.connected.key))
        self.site.runner.asked.clear()
        Membership.objects.filter(user=self.owner).exclude(id=self.membership).delete()
        Setup.objects.all().delete()
        self.number = DOCUMENTS.get(state, 1)
        if state in (*STEPS, *WHOSE):
            self.setup = self._set_up(state)
        if documents := self.documents:
            last = documents.last_numbers(self.connection.id)
            lost = LastNumbers(last.document + 1, last.vouchers)
            remember(self.connection, store, lost if state == "lost" else last)

    def _set_up(self, step: str) -> str:
        setup = Setup.objects.create(
            organisation=self.organisation,
            user=self.owner,
            connection_id=self.connection.id if step in ("settings", "plan") else uuid.uuid4().hex,
            step=step,
            environment="sandbox",
            auth="oauth" if step == "consent" else "api_key",
            company_id=self.connected.company_id,
            erp="beancount",
            options=dict(self.connection.erp_options),
            companies=[["1", "Fjord ApS"]],
            company_name="Fjord & Bro ApS" if step in ("taken", "differs") else "",
            books_name="Bäckerei Schröder GmbH" if step == "differs" else "",
        )
        setup.seal(tokens=tokens_to(Tokens(access=self.connected.key)))
        return str(setup.id)

    def facts(self) -> dict[str, str]:
        """What stands for each parameter of an address, as it should be."""
        return {
            "organisation": str(self.organisation.id),
            "connection": self.connection.id,
            "job": self.job,
            "reference": self.reference,
            "setup": self.setup,
            "kind": "vendors",
            "number": str(self.number),
            "name": "document-0001.jsonl",
            "membership": str(self.membership),
            "invitation": str(uuid.UUID(int=7)),
            "secret": "an-invitation",
            "uidb36": "1",
            "key": "some-key",
            "ticket": "guessed",
            "month": "2026-10",
            "token": "1",
            "form": "csv",
        }


@contextmanager
def open_fuzz_service(folder: Path, database: str | None = None, *, documents: bool = False) -> Iterator[FuzzService]:
    """On SQLite in the folder, or on the PostgreSQL of this URL (its key in `KONTOBRO_KEY`). `documents`: the
    accounting system imports CSV files, and there is a document in each state."""
    where: Path | str = database or folder / "kontobro.sqlite3"
    bad = an_item(2, minor=4_995)
    bad["accountingEntryLines"][0]["account"] = {"id": "9999", "code": "9999", "name": "Nobody knows"}
    company = a_company(Expense(an_item(1, minor=123_450)), Expense(bad))
    with default_database(where), a_connected_home(folder, company) as connected, sandbox_at(connected.url):
        app = open_app(folder, database=database)
        try:
            migrate(app)
            runner = AskedFor()
            process.use(app, runner)
            yield _settled(Site(app, runner), connected, _csv(folder, connected) if documents else {})
        finally:
            app.close()


def _settled(site: Site, connected: ConnectedHome, changed: Mapping[str, Any]) -> FuzzService:
    organisation = site.organisation()
    owner = site.member(organisation, "owner")
    connection = _connection(site, connected, changed)
    ConnectionOwner.objects.create(organisation=organisation, connection_id=connection.id)
    with site.app.visit() as app:
        ports = app.ports_for(connection)
        job = next_job(ports)
        assert job
        run_job(connection, job, ports)
        if store := app.document_store_for(connection):
            put_in_states(store, connection.id, site.now())
    Invitation.objects.create(
        id=uuid.UUID(int=7),
        organisation=organisation,
        email="guest@example.com",
        role="readonly",
        secret_hash="0" * 64,
        expires_at=site.now() + dt.timedelta(days=1),
    )
    session = site.browser(owner).cookies["sessionid"].value
    reference = site.app.store.bookings(connection.id)[0].reference
    membership = Membership.objects.get(user=owner).id
    return FuzzService(site, connected, organisation, owner, connection, job.id, reference, session, membership)


def _csv(folder: Path, connected: ConnectedHome) -> dict[str, Any]:
    """What makes a connection over the ledger one that writes CSV files, with the ledger's master data in a file."""
    masters, place = folder / "masters.toml", folder / "documents"
    write_masters(connected.ledger, masters)
    place.mkdir()
    return {"erp": "csv", "erp_options": {**OPTIONS["csv"], "masters": str(masters), "deliver_to": str(place)}}


def put_in_states(store: DocumentStore, connection_id: str, now: dt.datetime) -> None:
    """After the document of an export, one in each other state."""
    others = {state: number for state, number in DOCUMENTS.items() if number > 1}
    seal_documents(store, connection_id, range(2, max(others.values()) + 1), vouchers=2, name="expenses-")
    for state, number in others.items():
        if state not in ("sealed", "released", "conflict"):
            store.note_delivery(connection_id, number, "delivering", now, "")
            ended: DocumentState = "unsure" if state == "unsure" else "delivered"
            sent = now - dt.timedelta(days=30 if state == "late" else 1)
            store.note_delivery(connection_id, number, ended, sent, "/srv/import")
    for state in ("released", "conflict"):
        store.release(connection_id, others[state], "Unknown account 4711", now)
    for state in ("imported", "conflict"):
        store.mark_imported(connection_id, others[state], now)


def _connection(site: Site, connected: ConnectedHome, changed: Mapping[str, Any]) -> Connection:
    """The desk's connection, in this site's store, at the highest level: every page has something to show."""
    store = site.app.store
    known = replace(store.connection("desk") or _from_sqlite(connected), **changed)
    connection = replace(known, settings=replace(known.settings, sync=("accounts", "tax-codes", "vendors")))
    store.save_connection(connection)
    store.save_tokens(connection, Tokens(access=connected.key))
    return connection


def _from_sqlite(connected: ConnectedHome) -> Connection:
    with open_app(connected.folder).store as store:  # type: ignore[attr-defined]
        found: Connection | None = store.connection("desk")
        assert found
        return found


@contextmanager
def default_database(where: Path | str) -> Iterator[None]:
    """Django's own tables are here for as long as the block runs, as `DATABASES` says in a service."""
    kept, entries = connections.settings["default"], connections.settings
    connections["default"].close()
    entries["default"] = connections.configure_settings({"default": database_entry(where)})["default"]
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        entries["default"] = kept
        del connections["default"]


@contextmanager
def sandbox_at(url: str) -> Iterator[None]:
    """The service's configuration names this sandbox."""
    told = {
        "KONTOBRO_SANDBOX_URL": url,
        "KONTOBRO_SANDBOX_CLIENT_ID": "kontobro",
        "KONTOBRO_SANDBOX_CLIENT_SECRET": "not a secret",
    }
    os.environ.update(told)
    config.cache_clear()
    try:
        yield
    finally:
        for name in told:
            del os.environ[name]
        config.cache_clear()


PARAMETER = re.compile(r"<\w+:(\w+)>|\(\?P<(\w+)>[^)]*\)")
"""A parameter of a route: Django's, or a regular expression's as allauth has two."""


@dataclass(frozen=True)
class Address:
    """One address of the service: its name and its route."""

    name: str
    route: str

    @property
    def parameters(self) -> list[str]:
        return [one or other for one, other in PARAMETER.findall(self.route)]

    def path(self, facts: Mapping[str, bytes | str]) -> str:
        """The address with these for its parameters, quoted so that every byte arrives as it is."""
        return "/" + PARAMETER.sub(lambda found: quote(facts[found[1] or found[2]], safe="/:"), self.route)


def addresses() -> list[Address]:
    """Every address of ours and of those that came with allauth."""
    return list(_addresses(get_resolver(), ""))


def _addresses(resolver: URLResolver, prefix: str) -> Iterator[Address]:
    for each in resolver.url_patterns:
        route = prefix + str(each.pattern).strip("^$")
        if isinstance(each, URLResolver):
            yield from _addresses(each, route)
        elif each.name:
            yield Address(each.name, route)
