"""Which documents wait for a person, or for their place to be back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kontobro.core.documents import DocumentRow
from kontobro.core.ports import DocumentStore

LATE: Final = timedelta(days=4)
"""A delivered document that waits longer to be marked as imported is told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDocuments:
    """By number, oldest first. `conflicts`: released, and marked as imported all the same."""

    unsure: Sequence[DocumentRow]
    undelivered: Sequence[DocumentRow]
    late: Sequence[DocumentRow]
    conflicts: Sequence[DocumentRow]

    def __bool__(self) -> bool:
        return bool(self.unsure or self.undelivered or self.late or self.conflicts)


def waiting_of(connection_id: str, store: DocumentStore, now: datetime) -> WaitingDocuments:
    """What waits of a connection now."""
    rows = store.open_documents(connection_id)
    return WaitingDocuments(
        unsure=[row for row in rows if row.state == "unsure"],
        undelivered=[row for row in rows if row.state in ("sealed", "delivering")],
        late=[row for row in rows if row.state == "delivered" and _is_late(row, now)],
        conflicts=[row for row in rows if row.state == "released"],
    )


def _is_late(row: DocumentRow, now: datetime) -> bool:
    return row.delivered_at is not None and row.delivered_at < now - LATE
