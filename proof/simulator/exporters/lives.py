"""What each simulated process did, by the names that a real one gives to its boundaries (`kontobro.testing.faults`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar, cast

from kontobro.testing.faults import ERP_WRITES, PLEO_WRITES, STORE_COMMITS, Boundaries, Seam
from proof.simulator.schedule import Worker

P = TypeVar("P")

NAMED: Final[Mapping[str, Sequence[str]]] = {"store": STORE_COMMITS, "pleo": PLEO_WRITES, "erp": ERP_WRITES}
"""The methods that have boundaries, by the seam."""


class Life:
    """One process, from its start until it ended or was killed. `killed_at`: the last boundary that it crossed, when it
    was killed: nothing of what it did after it can be seen from outside. `forgotten`: its history was deleted then.
    `takes_over`: a person had said so when it began."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.was_killed = False
        self.killed_at: str | None = None
        self.forgotten = False
        self.takes_over = False
        self._boundaries = Boundaries()

    @property
    def crossed(self) -> Sequence[str]:
        return self._boundaries.crossed

    def named(self, port: P, seam: str) -> P:
        """The port, whose crossings are noted."""
        return cast(P, _named(port, seam, self._boundaries))

    def end(self, *, has_written: bool) -> None:
        """It was killed. `has_written`: Pleo had taken a write since the last boundary, so the client's call was
        through, though it did not come back: each of the calls that have boundaries is one request that writes."""
        self.was_killed = True
        crossed = self._boundaries.crossed
        if not crossed:
            return
        last = crossed[-1]
        if has_written and last.startswith("pleo.") and last.endswith(":before"):
            crossed.append(last.removesuffix(":before") + ":after")
        self.killed_at = crossed[-1]


def _named(port: Any, seam: str, boundaries: Boundaries) -> Any:
    return Seam(port, seam, NAMED[seam], boundaries)
