"""When work ends: count it, and tell the organisation's people when something needs one of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC

from django.db import close_old_connections

from kontobro.bootstrap import App
from kontobro.core.errors import KontobroError, LoginFailed, NotUsable, Taken, UnsafePlan
from kontobro.core.model.connection import Connection
from kontobro.core.ports.runner import Work
from kontobro.core.rules.dates import zone_named
from kontobro.export.documents.waiting import WaitingDocuments
from kontobro.export.engine import JobResult
from kontobro.service.config import ServiceConfig, session_secret
from kontobro.service.metrics.counters import count_job
from kontobro.service.notices.notify import Cause, Notice, tell_once
from kontobro.service.notices.outgoing import HookNotifier
from kontobro.store.read.overview import overview_of
from kontobro.sync.run import SyncResult
from kontobro.web.mails.letters import books_of
from kontobro.web.mails.missed import missed
from kontobro.web.mails.outbox import Outbox
from kontobro.web.models import ConnectionOwner, Organisation

Results = Sequence[object]


class WorkNotices:
    """A `Told` of the worker: metrics, then notices. Called outside of any transaction."""

    def __init__(self, config: ServiceConfig, app: App) -> None:
        self._app = app
        self._outbox = Outbox(config, app)
        self._ways = (HookNotifier(config, lambda one: target(config, one)),)

    def __call__(self, work: Work, done: Results, fault: KontobroError | None) -> None:
        close_old_connections()
        connection = self._app.store.connection(work.connection_id)
        if connection is None:
            return
        for result in done:
            if isinstance(result, JobResult):
                count_job(connection.erp, result, seconds_of(self._app, connection, result))
        self._tell(notices_of(connection, done, fault))
        close_old_connections()

    def catch_up(self) -> None:
        """Tell what a killed worker left untold."""
        self._tell(missed(self._app, self._app.clock.now()))

    def send_due(self) -> None:
        """Send the mails whose time has come, and those that did not arrive before."""
        self._outbox.send_due()

    def _tell(self, notices: Iterable[Notice]) -> None:
        for notice in notices:
            connection = self._app.store.connection(notice.connection_id)
            named = self._named(notice, connection) if connection else notice
            tell_once(named, self._ways, self._outbox, self._app.clock.now())
        self._outbox.send_due()

    def _named(self, notice: Notice, connection: Connection) -> Notice:
        """With the company that it is about; of a login that has ended since when, and what waits."""
        named = replace(notice, company=connection.pleo_name, books=books_of(connection))
        if notice.cause != "reconnect" or connection.login_ended_at is None:
            return named
        waiting = overview_of(self._app.store).waiting_items([connection.id]).get(connection.id, 0)
        zone = zone_named(connection.settings.time_zone or "UTC") or UTC
        return replace(named, ended_at=connection.login_ended_at.astimezone(zone), count=waiting)


def seconds_of(app: App, connection: Connection, result: JobResult) -> float:
    """How long a job took; none when it has not ended here."""
    row = next((row for row in app.store.jobs(connection.id, 20) if row.job_id == result.job_id), None)
    return (row.finished_at - row.started_at).total_seconds() if row and row.finished_at else 0.0


def notices_of(connection: Connection, done: Results, fault: KontobroError | None) -> Iterator[Notice]:
    """What a person has to know of ended work, each with the page that says more."""
    page = f"/c/{connection.id}/"
    for result in done:
        if isinstance(result, JobResult):
            yield from _of_job(connection, result)
        elif isinstance(result, SyncResult) and result.outcome == "waiting":
            yield _notice("plan_waits", connection, f"{page}master-data/", len(result.waiting))
        elif isinstance(result, WaitingDocuments):
            yield from _of_documents(connection, result)
    if isinstance(fault, UnsafePlan):
        yield _notice("plan_waits", connection, f"{page}master-data/")
    refused = isinstance(fault, LoginFailed) and fault.job_failure == "authentication_failure"  # by Pleo, not the ERP
    if refused or connection.status == "reconnect":
        yield _notice("reconnect", connection, page)
    if isinstance(fault, NotUsable):
        zone = zone_named(connection.settings.time_zone or "UTC") or UTC
        until = fault.expires_at.astimezone(zone)
        path = f"{page}settings/"
        yield Notice(cause="not_usable", connection_id=connection.id, path=path, about=fault.job_id, until=until)
    if isinstance(fault, Taken):
        yield _notice("second_installation", connection, page)


def _of_job(connection: Connection, result: JobResult) -> Iterator[Notice]:
    page = f"/c/{connection.id}/jobs/{result.job_id}/"
    if result.event in ("failed", "unfinished"):
        yield _notice("job_failed", connection, page)
    elif result.failed:
        yield _notice("items_failed", connection, page, result.failed)


def _of_documents(connection: Connection, waiting: WaitingDocuments) -> Iterator[Notice]:
    """Each that may have been sent once; those that wait to be imported together, once for each that joins them."""
    page = f"/c/{connection.id}/documents/"
    for row in waiting.unsure:
        about, one = f"document {row.number}", f"{page}{row.number}/"
        yield Notice(
            cause="document_unsure", connection_id=connection.id, path=one, about=about, count=1, since=row.moment
        )
    if waiting.late:
        newest, count = waiting.late[-1], len(waiting.late)
        about = f"document {newest.number}"
        yield Notice(
            cause="documents_late",
            connection_id=connection.id,
            path=page,
            about=about,
            count=count,
            since=newest.delivered_at,
        )


def _notice(cause: Cause, connection: Connection, path: str, count: int = 0) -> Notice:
    return Notice(cause=cause, connection_id=connection.id, path=path, count=count)


def target(config: ServiceConfig, connection_id: str) -> tuple[str, str] | None:
    """The organisation's own webhook and its secret."""
    owner = ConnectionOwner.objects.select_related("organisation").filter(connection_id=connection_id).first()
    if owner is None or not owner.organisation.hook_url:
        return None
    return owner.organisation.hook_url, hook_secret(config, owner.organisation)


def hook_secret(config: ServiceConfig, organisation: Organisation) -> str:
    """What signs the webhooks to an organisation: derived, so that nothing is kept; a new version makes a new one."""
    place = f"hook {organisation.id} {organisation.hook_version}"
    digest = hmac.new(session_secret(config).encode(), place.encode(), hashlib.sha256).digest()
    return "whsec_" + base64.b64encode(digest).decode()
