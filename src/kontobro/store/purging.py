"""Retention (design §9): payloads and names go, ids, amounts and states stay."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from kontobro.store import models


def purge(bookings: QuerySet[models.Booking], payloads: QuerySet[models.Payload], before: datetime) -> int:
    """Delete the payloads and blank the names of a connection's old bookings. Answers how many payloads went.

    It runs after each job: what was purged before costs next to nothing. Problems and notes name the value that was
    wrong or odd, which may be a person's name: they go too.
    """
    old = _of_old_jobs(bookings, before)
    known = ~Q(payee="") | ~Q(problems=[]) | (Q(notes__isnull=False) & ~Q(notes=[]))
    old.filter(known).update(payee="", problems=[], notes=[])
    references = [OuterRef("entry_id"), Concat(OuterRef("entry_id"), Value("/pay"))]  # `journal.reference_of`
    deleted, _ = payloads.filter(Exists(old.filter(reference__in=references))).delete()
    return deleted


def _of_old_jobs(bookings: QuerySet[models.Booking], before: datetime) -> QuerySet[models.Booking]:
    """Bookings whose job ended before, or never ended and began before; by their own age if the job is unknown."""
    job = models.Job.objects.using(bookings.db).filter(connection=OuterRef("connection"), job_id=OuterRef("job_id"))
    recent = job.filter(Q(finished_at__gte=before) | Q(finished_at=None, started_at__gte=before))
    return bookings.exclude(Exists(recent)).filter(Exists(job) | Q(updated_at__lt=before))
