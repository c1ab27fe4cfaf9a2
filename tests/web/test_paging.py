"""Lists that grow are shown page by page, and no page asks the database more often because there is more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kontobro.core.model.connection import Connection
from kontobro.core.model.history import Move
from kontobro.core.model.journal import Reference
from kontobro.store.schema.moves import route
from kontobro.web.models import AuditEvent, Organisation
from kontobro.web.process import process
from tests.support.site import Site
from tests.support.store_contract.case import PROBLEM, job, planned

MOST = 19
"""Queries a page, those for the session and the person included."""


@dataclass
class Partner:
    """An organisation of so many companies, each with so many jobs and items."""

    site: Site
    organisation: Organisation
    browser: Client
    first: Connection

    def pages(self) -> dict[str, str]:
        organisation, connection = f"/o/{self.organisation.id}/", f"/c/{self.first.id}/"
        return {
            "overview": organisation,
            "jobs": f"{organisation}jobs/",
            "problems": f"{organisation}problems/",
            "members": f"{organisation}members/",
            "notifications": f"{organisation}notifications/",
            "audit": f"{organisation}audit/",
            "connection": connection,
            "connection jobs": f"{connection}jobs/",
            "job": f"{connection}jobs/job-0/",
            "job, to fix": f"{connection}jobs/job-0/?state=failed",
            "bookings": f"{connection}bookings/?first=",
            "bookings, found": f"{connection}bookings/?first=&q=ref-1&sort=-amount",
            "progress": f"{connection}jobs/job-0/progress/",
            "booking": f"{connection}items/ref-0/",
            "sync": f"{connection}master-data/",
            "tie-out": f"{connection}tie-out/",
            "settings": f"{connection}settings/",
            "connect": "/connect/pleo/start",
        }

    def queries(self) -> dict[str, int]:
        """How often each page asks, once it is warm."""
        return {name: self._asked(path) for name, path in self.pages().items()}

    def _asked(self, path: str) -> int:
        assert self.browser.get(path).status_code == 200
        with counted("default") as pages, counted(process.overview.alias) as store:
            assert self.browser.get(path).status_code == 200
        return len(pages) + len(store)


@contextmanager
def counted(alias: str) -> Iterator[CaptureQueriesContext]:
    with CaptureQueriesContext(connections[alias]) as captured:
        yield captured


def partner(site: Site, companies: int, size: int) -> Partner:
    organisation = site.organisation(f"Partner of {companies}")
    user = site.member(organisation, "owner")
    made = [filled(site, site.connection(organisation, f"Company {number}"), size) for number in range(companies)]
    AuditEvent.objects.bulk_create(
        AuditEvent(organisation=organisation, connection_id=one.id, actor=user, actor_name="a", action="b")
        for one in made
    )
    return Partner(site, organisation, site.browser(user), made[0])


def filled(site: Site, connection: Connection, size: int) -> Connection:
    """So many jobs, and in the first so many items: one booked, the others refused for reasons of their own."""
    store, now = site.app.store, site.now() - dt.timedelta(hours=1)
    for number in range(size):
        store.begin_job(connection.id, job(f"job-{number}"), "run", now)
        store.end_job(connection.id, f"job-{number}", "completed", None, now)
    names = [Reference(f"ref-{number}") for number in range(size)]
    store.plan(connection.id, "job-0", "run", [planned(name) for name in names], now)
    for step in route("posted"):
        store.move(connection.id, [Move(reference=names[0], to=step)], now)
    refused = [Move(reference=name, to="rejected", problems=(replace(PROBLEM, value=name),)) for name in names[1:]]
    store.move(connection.id, refused, now)
    store.note_sync(connection.id, "vendors", "waiting", "digest", now)
    return connection


def test_no_page_asks_more_often_because_there_is_more(site: Site) -> None:
    few, many = partner(site, 5, 3).queries(), partner(site, 50, 12).queries()
    assert many == few
    assert max(few.values()) <= MOST


def test_all_companies_are_reached_page_by_page_those_that_need_somebody_first(site: Site) -> None:
    organisation = site.organisation()
    browser = site.browser(site.member(organisation))
    for number in range(51):
        site.connection(organisation, f"Quiet {number:03}")
    needy = filled(site, site.connection(organisation, "Zealous"), 2)
    site.connection(organisation, "Weary", status="reconnect")
    first, second = (browser.get(f"/o/{organisation.id}/?page={page}").text for page in (1, 2))
    assert first.index("Weary") < first.index("Zealous</a>") < first.index("Quiet 000") < first.index("Quiet 047")
    assert "?page=2" in first
    assert "?page=3" not in first
    assert "Quiet 048" not in first
    assert all(name in second for name in ("Quiet 048", "Quiet 049", "Quiet 050"))
    waits = f'<a href="/c/{needy.id}/master-data/">'
    assert all("A sync needs your decision" in page and waits in page for page in (first, second))
    assert f"/c/{needy.id}/jobs/job-" in first


@pytest.mark.parametrize("group", ["job", "bookings"])
def test_a_long_list_is_reached_page_by_page(site: Site, group: str) -> None:
    service = partner(site, 1, 115)
    path = service.pages()[group]
    seen = set[str]()
    for number, size in ((1, 50), (2, 50), (3, 15)):
        answer = service.browser.get(f"{path}{'&' if '?' in path else '?'}page={number}")
        shown = {f"ref-{n}" for n in range(115) if f"/items/ref-{n}/" in answer.text}
        assert (len(shown), seen & shown) == (size, set())
        assert all(f"page={other}" in answer.text for other in {1, 2, 3} - {number})
        seen |= shown
    assert len(seen) == 115


@pytest.mark.parametrize("group", ["jobs", "connection jobs"])
def test_all_jobs_are_reached_page_by_page(site: Site, group: str) -> None:
    service = partner(site, 1, 65)
    first, second = (service.browser.get(f"{service.pages()[group]}?page={page}").text for page in (1, 2))
    shown = [{n for n in range(65) if f"/jobs/job-{n}/" in page} for page in (first, second)]
    assert [len(one) for one in shown] == [50, 15]
    assert shown[0] | shown[1] == set(range(65))
    assert "page=2" in first
    assert "page=3" not in second
