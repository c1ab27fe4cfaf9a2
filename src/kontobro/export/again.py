"""Check again: a kept item under today's settings, as a preview. Nothing is booked, nothing is told to Pleo.

After a job's completion nothing can be retried (design §5): what is fixed here is exported again in Pleo.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kontobro.core.batches import parts
from kontobro.core.errors import Misconfigured, Problem, shown
from kontobro.core.model.connection import Connection
from kontobro.core.model.history import BookingRow
from kontobro.core.model.journal import Reference, entry_id_of, references_of
from kontobro.core.model.masters import Masters
from kontobro.core.words import told
from kontobro.export.job.masters import with_codes
from kontobro.export.preview import ItemPreview, preview_items
from kontobro.export.tieout.collect import BookPorts, open_books

PAGE = 100
"""Items looked at together."""

OF_RECEIPTS = frozenset(
    {"receipt_unavailable", "receipt_too_large", "receipt_not_what_it_says", "receipt_type_refused"}
)
"""Problems that only an export can find: no receipt is fetched here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One item looked at again. `preview` None: its content was purged, only a new export can tell."""

    reference: Reference
    preview: ItemPreview | None
    pleo_url: str | None = None
    payee: str = ""

    @property
    def fixed(self) -> bool:
        """True when it would be booked now, once it is exported again in Pleo."""
        return self.preview is not None and not self.preview.problems


def check_again(connection: Connection, reference: Reference, ports: BookPorts) -> Checked:
    """One item by a reference of it. Raises Misconfigured for one that we never had."""
    rows = ports.store.bookings(connection.id, references=references_of(entry_id_of(reference)))
    if not rows:
        raise Misconfigured(*told("expense_not_here", reference=shown(reference))).by("kontobro bookings --failed")
    return next(check_rows(connection, rows, ports, open_books(connection, ports)))


def check_failed(connection: Connection, ports: BookPorts, job_id: str | None = None) -> Iterator[Checked]:
    """Every item of a job that failed, of the last job unless one is named."""
    last = ports.store.jobs(connection.id, 1)
    named = job_id or (last[0].job_id if last else None)
    failed = [row for row in ports.store.bookings(connection.id, job_id=named) if row.problems] if named else []
    yield from check_rows(connection, failed, ports, open_books(connection, ports)) if failed else ()


def check_rows(
    connection: Connection, rows: Sequence[BookingRow], ports: BookPorts, masters: Masters
) -> Iterator[Checked]:
    """These bookings' items, each once, a page at a time."""
    connection = with_codes(connection, masters)
    items = {entry_id_of(row.reference): row for row in reversed(rows)}
    for page in parts(list(items), PAGE):
        kept = ports.store.payloads(connection.id, [items[entry_id].reference for entry_id in page])
        readable = [entry_id for entry_id in page if entry_id in kept]
        previews = preview_items(connection, [ports.read_item(kept[one]) for one in readable], ports, masters)
        found = dict(zip(readable, previews, strict=True))
        for entry_id in page:
            row, preview = items[entry_id], found.get(entry_id)
            if preview and connection.settings.receipt_missing == "fail":
                preview = replace(preview, problems=(*preview.problems, *_of_receipts(row)))
            yield Checked(reference=row.reference, preview=preview, pleo_url=row.pleo_url, payee=row.payee)


def _of_receipts(row: BookingRow) -> list[Problem]:
    """What an export found wrong with its receipts, which is so until the next one."""
    return [problem for problem in row.problems if problem.code in OF_RECEIPTS]
