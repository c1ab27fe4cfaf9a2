"""What the export asks of a store that knows other books of the same Pleo company. Each method is one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from kontobro.core.model.connection import Connection
from kontobro.core.model.history import Elsewhere


@runtime_checkable
class Guards(Protocol):
    """One expense, one set of books: what connections that have ended booked of this Pleo company is only read."""

    def booked_elsewhere(self, connection: Connection, entry_ids: Sequence[str]) -> Mapping[str, Elsewhere]:
        """Those of these expenses that another connection of this Pleo company booked, also one that was deleted."""
        ...

    def elsewhere(self, connection_id: str, entry_ids: Sequence[str] | None = None) -> Sequence[Elsewhere]:
        """What an export stopped at, newest first: with `decided_at` where a person wants it booked here."""
        ...

    def note_elsewhere(self, connection_id: str, found: Sequence[Elsewhere], now: datetime) -> None:
        """Remember what an export stopped at, for a person to decide. A decision stays."""
        ...

    def book_here(self, connection_id: str, entry_id: str, now: datetime) -> bool:
        """A person decides: the next export books this expense here. False when no export stopped at it."""
        ...
