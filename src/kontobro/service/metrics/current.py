"""What is in the store, counted by the database: for metrics and the doctor. No row is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kontobro.service.metrics.counters import Figures
from kontobro.service.metrics.vitals import Vitals

if TYPE_CHECKING:
    from kontobro.store import DjangoStore


def figures_of(store: DjangoStore, vitals: Vitals | None = None) -> Figures:
    """Connections by status, bookings by accounting system and state."""
    connections, bookings = store.census()
    return Figures(connections, bookings, vitals)
