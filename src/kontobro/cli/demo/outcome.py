"""What the demo did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kontobro.cli.demo.sync import Synced
    from kontobro.cli.demo.tally import Tally
    from kontobro.core.model.history import BookingRow
    from kontobro.export.engine import JobResult


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    """What the demo did: the sync, each job's result, what was remembered, what is in the ledger."""

    synced: Synced
    results: Sequence[JobResult]
    rows: Sequence[BookingRow]
    tally: Tally
    bean_check: str
    seconds: float
    http_calls: Mapping[str, int]

    @property
    def good(self) -> bool:
        """The ledger is in order, nothing is booked twice, and Pleo stayed in sync."""
        return self.bean_check == "ok" and not self.tally.duplicates and not self.synced.second_run_writes

    def summary(self) -> dict[str, object]:
        """`demo/summary.json`: the ledger's own counts where the ledger can tell."""
        return {
            "items": sum(result.items for result in self.results),
            "booked": sum(result.booked + result.already_booked for result in self.results),
            "failed": sum(result.failed for result in self.results),
            "uncertain": sum(result.uncertain for result in self.results),
            "receipts": self.tally.receipts,
            "duplicates": self.tally.duplicates,
            "entries": self.tally.entries,
            "bean_check": self.bean_check,
            "totals": self.tally.totals_shape(),
            "sync": self.synced.summary(),
            "seconds": round(self.seconds, 2),
            "http_calls": dict(self.http_calls),
        }
