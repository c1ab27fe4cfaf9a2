"""Notices that a killed worker did not come to: what has ended or waits by now, and no one was told of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from kontobro.bootstrap import App
from kontobro.service.notices.notify import Cause, Notice
from kontobro.store.read.overview import Overview, overview_of
from kontobro.web.models import ToldNotice

BACK: Final = timedelta(days=1)
"""How long ago an export may have ended to be told of."""
SOON: Final = timedelta(minutes=2)
"""How long the one who worked has to tell it."""
KNOWN: Final = timedelta(days=30)
"""How long a lost login or a plan that waits counts as told."""


def missed(app: App, now: datetime) -> Iterator[Notice]:
    """Each with its page; telling it once is the teller's matter."""
    overview = overview_of(app.store)
    known = {one.id: one for one in app.store.connections() if one.status != "disconnected"}
    yield from _of_jobs(overview, list(known), now)
    told = set(ToldNotice.objects.filter(day__gte=(now - KNOWN).date()).values_list("connection_id", "cause"))
    lost = [("reconnect", one.id, "") for one in known.values() if one.status == "reconnect"]
    plans = [("plan_waits", id, "master-data/") for id, _ in overview.waiting_plans(list(known))]
    causes: Sequence[tuple[Cause, str, str]] = [*lost, *plans]  # type: ignore[list-item]
    for cause, id, page in causes:
        if (id, cause) not in told:
            yield Notice(cause=cause, connection_id=id, path=f"/c/{id}/{page}")


def _of_jobs(overview: Overview, connection_ids: Sequence[str], now: datetime) -> Iterator[Notice]:
    """Exports that ended lately with something to fix, when no one was told on that day or the next."""
    for ended in overview.ended_jobs(connection_ids, now - BACK, now - SOON):
        owner, job = ended.connection_id, ended.job
        failed = overview.job_counts(owner, job.job_id).outcomes.get("failed", 0)
        cause = cause_of(job.status, failed)
        if cause is None or job.finished_at is None:
            continue
        days = (job.finished_at.date(), job.finished_at.date() + timedelta(days=1))
        if not ToldNotice.objects.filter(connection_id=owner, cause=cause, day__in=days).exists():
            count = failed if cause == "items_failed" else 0
            page = f"/c/{owner}/jobs/{job.job_id}/"
            yield Notice(cause=cause, connection_id=owner, path=page, count=count, since=job.finished_at)


def cause_of(status: str, failed: int) -> Cause | None:
    """What is told of an export that ended so."""
    if status in ("failed", "unfinished"):
        return "job_failed"
    return "items_failed" if failed else None
