"""The seam between who asks for work and who does it: a page or a webhook asks, a worker does.

Asking is quick and never reaches Pleo or the accounting system. What is asked for survives a crash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from kontobro.core.model.settings import SyncKind

WorkKind = Literal["export", "settle", "sync"]
WorkState = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Something that was asked for. `failure` is for a person: what happened and the remedy."""

    id: str
    kind: WorkKind
    connection_id: str
    state: WorkState
    asked_at: datetime
    ended_at: datetime | None = None
    failure: str | None = None


class Runner(Protocol):
    """Does work outside of the request, one piece at a time for each connection, connections side by side.

    Asked again while the same work waits or runs: it is done once, and the same id is answered.
    """

    def export(self, connection_id: str, *, job_id: str | None = None, take_over: bool = False) -> str:
        """Export all open jobs of the connection, oldest first, or only the one that is named. Gives the work's id."""
        ...

    def settle(self, connection_id: str) -> str:
        """Settle payments whose bill has come since."""
        ...

    def sync(self, connection_id: str, kinds: Sequence[SyncKind], *, digest: str | None = None) -> str:
        """Apply the plan of that digest (one kind), or without it all kinds in turn within their limits."""
        ...

    def work(self, connection_id: str, limit: int = 20) -> Sequence[Work]:
        """What was asked for this connection, newest first."""
        ...
