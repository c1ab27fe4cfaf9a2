"""Notices that a killed worker did not come to: what has ended or waits by now, and no one was told of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import date, datetime, timedelta
from typing import Final

from kontobro.bootstrap import App
from kontobro.service.notices.notify import Cause, Notice
from kontobro.store.read.overview import Overview, overview_of
from kontobro.store.read.schedule import schedule_of
from kontobro.web.models import ToldNotice

Told = tuple[str, str, date]
"""A connection, a cause, a day."""

BACK: Final = timedelta(days=1)
"""How long ago an export may have ended to be told of."""
SOON: Final = timedelta(minutes=2)
"""How long the one who worked has to tell it."""
CAUSES: Final[Mapping[str, Cause]] = {
    "failed": "job_failed",
    "unfinished": "job_failed",
    "completed_with_errors": "items_failed",
}
"""What is told of an export that ended so."""
KNOWN: Final = timedelta(days=30)
"""How long a lost login or a plan that waits counts as told."""


def missed(app: App, now: datetime) -> Iterator[Notice]:
    """Each with its page; telling it once is the teller's matter."""
    overview = overview_of(app.store)
    known = schedule_of(app.store).statuses()
    noted = ToldNotice.objects.filter(day__gte=(now - KNOWN).date()).values_list("connection_id", "cause", "day")
    told = set(noted)
    yield from _of_jobs(overview, list(known), now, told)
    ever = {(id, cause) for id, cause, _ in told}
    lost = [("reconnect", id, "") for id, status in known.items() if status == "reconnect"]
    plans = [("plan_waits", id, "master-data/") for id, _ in overview.waiting_plans(list(known))]
    causes: Sequence[tuple[Cause, str, str]] = [*lost, *plans]  # type: ignore[list-item]
    for cause, id, page in causes:
        if (id, cause) not in ever:
            yield Notice(cause=cause, connection_id=id, path=f"/c/{id}/{page}")


def _of_jobs(overview: Overview, connection_ids: Sequence[str], now: datetime, told: Set[Told]) -> Iterator[Notice]:
    """Exports that ended lately with something to fix, when no one was told on that day or the next."""
    for ended in overview.ended_jobs(connection_ids, now - BACK, now - SOON):
        owner, job = ended.connection_id, ended.job
        cause = CAUSES.get(job.status)
        if cause is None or job.finished_at is None:
            continue
        day = job.finished_at.date()
        if told.isdisjoint({(owner, cause, day), (owner, cause, day + timedelta(days=1))}):
            failed = overview.job_counts(owner, job.job_id).outcomes.get("failed", 0) if cause == "items_failed" else 0
            page = f"/c/{owner}/jobs/{job.job_id}/"
            yield Notice(cause=cause, connection_id=owner, path=page, count=failed, since=job.finished_at)
