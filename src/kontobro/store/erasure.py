"""Pages of a period's bookings, and what is deleted on a person's word (design §9): one employee, one company."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from datetime import date

from django.db.models import Q, QuerySet

from kontobro.core.errors import Misconfigured
from kontobro.core.model.journal import Reference, entry_id_of, references_of
from kontobro.store import models
from kontobro.store.bookings import CHUNK


def page_of_bookings(
    rows: QuerySet[models.Booking], first: date | None, last: date | None, after: Reference | None, limit: int
) -> list[models.Booking]:
    """The next bookings by reference whose day is in the period; those without a day belong to every period."""
    if after is not None:
        rows = rows.filter(reference__gt=after)
    if first is not None:
        rows = rows.filter(Q(date__gte=first.isoformat()) | Q(date=""))
    if last is not None:
        rows = rows.filter(date__lte=last.isoformat())  # the empty one is before any
    return list(rows.order_by("reference")[:limit])


def payloads_of(payloads: QuerySet[models.Payload], references: Sequence[Reference]) -> dict[str, bytes]:
    """The items' JSON by accounting entry id, as far as it is kept."""
    ids = list({entry_id_of(reference) for reference in references})
    return {row.entry_id: zlib.decompress(row.content) for part in _parts(ids) for row in _of(payloads, part)}


def forget_entries(
    bookings: QuerySet[models.Booking], payloads: QuerySet[models.Payload], entry_ids: Sequence[str]
) -> int:
    """Delete the JSON of these items and blank names, problems and notes; answers how many bookings that were."""
    forgotten = 0
    for part in _parts(list(dict.fromkeys(entry_ids))):
        references = [reference for entry_id in part for reference in references_of(entry_id)]
        forgotten += bookings.filter(reference__in=references).update(payee="", problems=[], notes=[])
        _of(payloads, part).delete()
    return forgotten


def delete_company(connections: QuerySet[models.Connection], connection_id: str) -> None:
    """Delete a disconnected connection with all that hangs on it. Raises Misconfigured while it is connected."""
    row = connections.select_for_update().filter(id=connection_id).first()
    if row is None:
        return
    if row.status != "disconnected":
        raise Misconfigured(
            f'The connection "{row.name}" is not disconnected: what it needs to go on is kept.',
            "Disconnect it first (kontobro disconnect), then delete.",
        )
    row.delete()


def _of(payloads: QuerySet[models.Payload], entry_ids: Sequence[str]) -> QuerySet[models.Payload]:
    return payloads.filter(entry_id__in=entry_ids)


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
