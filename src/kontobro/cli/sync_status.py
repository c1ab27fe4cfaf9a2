"""`kontobro sync status`: of each kind when it was last synced, what waits for a decision, what is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from kontobro.cli import show
from kontobro.cli.desk import Desk

if TYPE_CHECKING:
    from kontobro.core.connection import Connection
    from kontobro.core.plan import MasterKind

MEANINGS: Mapping[str, str] = {
    "never": "never synced",
    "in_step": "in step",
    "waiting": "waits for your decision",
    "failed": "failed, or some of it did",
}


@dataclass(frozen=True, slots=True)
class State:
    """How one kind stands: when it was last looked at, how that ended, whether it is due again."""

    kind: str
    outcome: str
    at: datetime | None
    digest: str
    due: bool

    @property
    def waits(self) -> bool:
        return self.outcome == "waiting"

    def shape(self) -> dict[str, object]:
        at = self.at.isoformat() if self.at else None
        return {"kind": self.kind, "outcome": self.outcome, "at": at, "digest": self.digest, "due": self.due}
