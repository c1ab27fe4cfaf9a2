"""How long a run waits for those who do not answer, all in all: every run ends, and this is when.

    one outage     a call is repeated for `each` (the setting patience_minutes), counted from its first try
    all outages    OUTAGES of those, and not less than so many of the longest calls; then nothing is repeated any more
    unknown writes MOST_DOUBTS in a row, each looked up after the accounting system's `settle_after`

Time in calls that are answered is work and has no end of its own: it grows with the job.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from kontobro.core.ports import LONGEST_CALL, LONGEST_PLEO_CALL

OUTAGES: Final = 3
MOST_DOUBTS: Final = 12


def most_lost(each: timedelta) -> timedelta:
    """The longest time that a run loses in calls that fail, before it begins no other one."""
    return OUTAGES * max(each, LONGEST_CALL)


def longest_trouble(each: timedelta, settle_after: timedelta) -> timedelta:
    """By when a run has ended whatever fails, calls that are answered left out (`docs/how-it-works.md`).

    The last call of each side began before the time was lost, and takes as long as a call may.
    """
    accounting_system = most_lost(each) + LONGEST_CALL + (MOST_DOUBTS + 1) * settle_after
    receipts = most_lost(each) + LONGEST_PLEO_CALL
    settling = 2 * LONGEST_CALL  # before the items and after them: a fault there is left for the next time
    telling_pleo = 2 * LONGEST_PLEO_CALL
    return accounting_system + receipts + settling + telling_pleo


@dataclass(slots=True)
class Patience:
    """One run's with one side. `lost` so far; `doubts`: writes in a row whose outcome stayed unknown."""

    each: timedelta
    lost: timedelta = timedelta(0)
    doubts: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def is_spent(self) -> bool:
        return self.lost >= most_lost(self.each) or self.doubts >= MOST_DOUBTS

    def left(self, waited: timedelta) -> timedelta:
        """How much longer a call is repeated that was first made `waited` ago; zero or less for not at all."""
        return min(self.each, most_lost(self.each) - self.lost) - waited

    def lose(self, time: timedelta) -> None:
        """Time that brought nothing. From several threads too."""
        with self._lock:
            self.lost += time

    def doubt(self, time: timedelta) -> None:
        """A write that took so long, and whose outcome is not known."""
        self.lose(time)
        self.doubts += 1

    def trust(self) -> None:
        """A write that was answered."""
        self.doubts = 0
