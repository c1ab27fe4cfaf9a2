"""Retention (design §9): payloads and names go, ids, amounts and states stay."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from kontobro.core.journal import Reference, entry_id_of
from kontobro.store import models
from kontobro.store.bookings import CHUNK


def purge(bookings: QuerySet[models.Booking], before: datetime) -> int:
    """Delete the payloads and blank the names of a connection's old bookings. Answers how many payloads went.

    Problems name the value that was wrong, which may be a person's name: they go too.
    """
    old = _of_old_jobs(bookings, before)
    owners = {(row.connection_id, entry_id_of(Reference(row.reference))) for row in old.iterator()}
    old.exclude(payee="", problems=[]).update(payee="", problems=[])
    return sum(_delete_payloads(bookings.db, owner, owners) for owner in {owner for owner, _ in owners})


def _of_old_jobs(bookings: QuerySet[models.Booking], before: datetime) -> QuerySet[models.Booking]:
    """Bookings whose job ended before, or never ended and began before; by their own age if the job is unknown."""
    job = models.Job.objects.using(bookings.db).filter(connection=OuterRef("connection"), job_id=OuterRef("job_id"))
    recent = job.filter(Q(finished_at__gte=before) | Q(finished_at=None, started_at__gte=before))
    return bookings.exclude(Exists(recent)).filter(Exists(job) | Q(updated_at__lt=before))


def _delete_payloads(alias: str, connection_id: str, owners: set[tuple[str, str]]) -> int:
    entry_ids = sorted(entry_id for owner, entry_id in owners if owner == connection_id)
    payloads = models.Payload.objects.using(alias).filter(connection_id=connection_id)
    chunks = (entry_ids[start : start + CHUNK] for start in range(0, len(entry_ids), CHUNK))
    return sum(payloads.filter(entry_id__in=chunk).delete()[0] for chunk in chunks)
