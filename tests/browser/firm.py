"""A firm with many companies, served: one of them has a Pleo and a ledger, and what happened there can be seen."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import tests.support.pages_ready  # noqa: F401 - before what is of Django
from kontobro.core.model.connection import Connection
from kontobro.export import next_job, run_job
from kontobro.web.models import ConnectionOwner, Organisation, User
from pleo_sandbox.model import Expense, Json
from tests.browser.served_site import ServedSite, serve_site
from tests.support.connected_home import ConnectedHome, a_connected_home
from tests.support.pleo_company import a_company, an_item

LONG = ("Grønlandske Håndværkere & Søn " * 11)[:300]
UNBROKEN = "Donaudampfschifffahrtsgesellschaft" * 9
"""As long as a name may be, with and without a place to break a line."""

OTHERS = ("Bäckerei Schröder", "Fisk & Fjord AB", LONG)


@dataclass
class Firm:
    """Its people, and its companies: `desk` is the connected one, `others` stand beside it in lists."""

    served: ServedSite
    home: ConnectedHome
    organisation: Organisation
    owner: User
    bookkeeper: User
    others: list[Connection] = field(default_factory=list)

    @property
    def of(self) -> str:
        """The path of the organisation's pages."""
        return f"/o/{self.organisation.id}/"

    @property
    def desk(self) -> Connection:
        found = self.served.ask(self.served.site.app.store.connection, "desk")
        assert found
        return found

    def export(self) -> str:
        """Run the job that waits in Pleo; its id."""
        return self.served.ask(self._export)

    def _export(self) -> str:
        connection = self.served.site.app.store.connections()[0]
        with self.served.site.app.visit() as app:
            ports = app.ports_for(connection)
            job = next_job(ports)
            assert job
            run_job(connection, job, ports)
        return job.id

    def add(self, name: str) -> Connection:
        return self.served.ask(self._add, name)

    def _add(self, name: str) -> Connection:
        """A company over the same ledger, with a description of its own."""
        base = self.served.site.app.store.connection("desk")
        assert base
        settings = replace(base.settings, description="{note}")
        facts = {"id": uuid.uuid4().hex, "name": name, "company_id": str(uuid.uuid4()), "company_name": name}
        connection = replace(base, settings=settings, **facts)
        self.served.site.app.store.save_connection(connection)
        ConnectionOwner.objects.create(organisation=self.organisation, connection_id=connection.id)
        self.others.append(connection)
        return connection


@contextmanager
def open_firm(home: Path) -> Iterator[Firm]:
    """September is all equal; in October one expense of two is on an account that no one knows. Exported."""
    with serve_site(home) as served:
        company = a_company(*(Expense(item) for item in _items()))
        connected = served.enter(a_connected_home(home, company))
        firm = served.ask(_people, served, connected)
        firm.export()
        for name in OTHERS:
            firm.add(name)
        yield firm


def _items() -> Iterator[Json]:
    yield an_item(1, minor=123_450, date="2026-09-05T11:22:33Z")
    yield an_item(2, minor=80_000)
    bad = an_item(3, minor=4_995)
    bad["accountingEntryLines"][0]["account"] = {"id": "9999", "code": "9999", "name": "Nobody knows"}
    yield bad


def _people(served: ServedSite, home: ConnectedHome) -> Firm:
    organisation = served.site.organisation("Nordlys Bogholderi ApS")
    ConnectionOwner.objects.create(organisation=organisation, connection_id="desk")
    owner = served.site.member(organisation, "owner", "anna@example.com")
    bookkeeper = served.site.member(organisation, "bookkeeper", "bo@example.com")
    return Firm(served, home, organisation, owner, bookkeeper)
