"""A connected company in a site: a real sandbox, a real ledger, a bookkeeper's browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.test import Client

from kontobro.core.model.connection import Connection
from kontobro.core.model.export import ExportJob
from kontobro.export import next_job, run_job
from kontobro.web.models import ConnectionOwner, Organisation
from pleo_sandbox.model import Expense
from tests.support.connected_home import ConnectedHome, a_connected_home
from tests.support.pleo_company import a_company, an_item
from tests.support.site import Site


@dataclass
class ConnectedSite:
    """A connected company whose Export was pressed: two card purchases, one with an account that no one knows."""

    site: Site
    connected: ConnectedHome
    organisation: Organisation
    connection: Connection
    browser: Client

    @property
    def job(self) -> ExportJob:
        with self.site.app.visit() as app:
            found = next_job(app.ports_for(self.connection))
        assert found
        return found

    def export(self) -> str:
        with self.site.app.visit() as app:
            ports = app.ports_for(self.connection)
            job = next_job(ports)
            assert job
            run_job(self.connection, job, ports)
        return job.id

    def page(self, path: str) -> str:
        answer = self.browser.get(f"/c/{self.connection.id}/{path}")
        assert answer.status_code == 200, answer.text
        return " ".join(answer.text.split())


@contextmanager
def a_connected_site(site: Site) -> Iterator[ConnectedSite]:
    """The company, its sandbox served, a bookkeeper's browser."""
    bad = an_item(2, minor=4_995)
    bad["accountingEntryLines"][0]["account"] = {"id": "9999", "code": "9999", "name": "Nobody knows"}
    with a_connected_home(site.app.path, a_company(Expense(an_item(1, minor=123_450)), Expense(bad))) as connected:
        organisation = site.organisation()
        connection = site.app.store.connections()[0]
        ConnectionOwner.objects.create(organisation=organisation, connection_id=connection.id)
        browser = site.browser(site.member(organisation, "bookkeeper"))
        yield ConnectedSite(site, connected, organisation, connection, browser)
