"""A partner's service: 500 companies in one organisation, a year of bookings, and an owner who looks at the pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import cast

from django.test import Client

from bench import books
from kontobro.bootstrap import SystemClock
from kontobro.service.config import config
from kontobro.service.home import open_service_home
from kontobro.store.django_store import DjangoStore
from kontobro.web.models import AuditEvent, ConnectionOwner, Membership, Organisation, User
from kontobro.web.start import begin, migrate
from kontobro.worker import open_client_runner
from tests.store.big import CONNECTIONS, END, fill

ONE = CONNECTIONS[7]


class ThatDay(SystemClock):
    """The end of the year that was filled."""

    def now(self) -> dt.datetime:
        return END


@dataclass(frozen=True)
class WebTown:
    organisation: Organisation
    browser: Client
    job: str
    reference: str


@contextmanager
def town() -> Iterator[WebTown]:
    """On the database that the configuration names."""
    home = open_service_home(config())
    migrate(home)
    store = cast(DjangoStore, home.store)
    fill(store)
    known = store.connection(ONE)
    assert known
    store.save_connection(replace(known, settings=books.connection().settings))
    runner = open_client_runner(config(), store)
    begin(replace(home, clock=ThatDay()), runner)
    try:
        yield _peopled(store)
    finally:
        runner.close()
        home.close()


def _peopled(store: DjangoStore) -> WebTown:
    organisation = Organisation.objects.create(name="Partner")
    user = User.objects.create_user("owner@example.com", "a long enough password")
    Membership.objects.create(organisation=organisation, user=user, role="owner")
    ConnectionOwner.objects.bulk_create(
        ConnectionOwner(organisation=organisation, connection_id=one) for one in CONNECTIONS
    )
    AuditEvent.objects.bulk_create(
        AuditEvent(
            organisation=organisation,
            connection_id=CONNECTIONS[number % 500],
            actor=user,
            actor_name=user.email,
            action="export asked for",
        )
        for number in range(5000)
    )
    browser = Client(SERVER_NAME="127.0.0.1", SERVER_PORT=8765, headers={"accept-language": "en-GB"})
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    job = store.jobs(ONE, 1)[0].job_id
    return WebTown(organisation, browser, job, store.bookings(ONE, limit=1)[0].reference)


def pages(there: WebTown) -> dict[str, str]:
    """The pages that read what is stored; those that ask Pleo or the books take as long as those do."""
    organisation, connection = f"/o/{there.organisation.id}/", f"/c/{ONE}/"
    return {
        "overview": organisation,
        "jobs": f"{organisation}jobs/",
        "older_jobs": f"{organisation}jobs/?before=1760000000000000-1",
        "problems": f"{organisation}problems/",
        "members": f"{organisation}members/",
        "notifications": f"{organisation}notifications/",
        "audit": f"{organisation}audit/",
        "connection": connection,
        "connection_jobs": f"{connection}jobs/",
        "job": f"{connection}jobs/{there.job}/",
        "progress": f"{connection}jobs/{there.job}/progress/",
        "booking": f"{connection}items/{there.reference}/",
        "sync": f"{connection}master-data/",
        "tie_out": f"{connection}tie-out/",
        "settings": f"{connection}settings/",
        "connect": "/connect/pleo/start",
    }
