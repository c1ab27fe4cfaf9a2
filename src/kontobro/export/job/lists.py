"""The two lists of a job at Pleo: what is in it, and the items themselves. They don't always say the same.

- Fewer listed than `numberOfItems`, or than the list's own total: read again; at last the job fails and says so, after
  what is known was booked.
- Listed, and not sent: read again; at last that item fails and says so.
- Listed with a status that Pleo does not document: not booked, and the job fails and says so.
- Sent, and not listed: not booked, for whether it belongs to the job is unknown; a note.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kontobro.core.errors import IncompleteList, shown
from kontobro.core.model.export import FINAL, OPEN, ExportItem, ExportJob, JobItem, MalformedItem
from kontobro.core.words import worded
from kontobro.export.job.ids import Ids, Packed, packed, unpacked
from kontobro.export.job.run import Ports

log = logging.getLogger(__name__)

READS = 3
"""How often a list that lacks something is read."""

PAUSE = 5.0
"""Seconds between two reads."""


@dataclass(slots=True, kw_only=True)
class Lists:
    """What is known of a job's items. `listed`: Pleo's status of each, by id; `given`: the external ids that Pleo has
    of the open ones; `lacking`: how many more the job should have; `unsent`: the open ones that did not come yet;
    `unlisted`: what came and no control record names.
    """

    job: ExportJob
    ports: Ports = field(repr=False)
    listed: dict[Packed, str] = field(default_factory=dict, repr=False)
    given: dict[str, str] = field(default_factory=dict, repr=False)
    lacking: int = 0
    unsent: Ids = field(default_factory=Ids, repr=False)
    unlisted: set[str] = field(default_factory=set)

    def open_ids(self) -> Ids:
        """The items that are still to do."""
        return Ids(kept for kept, status in self.listed.items() if status in OPEN)

    def closed_ids(self) -> list[str]:
        """The items that have their final status."""
        return [unpacked(kept) for kept, status in self.listed.items() if status in FINAL]

    def statuses(self) -> Counter[str]:
        """How many items have each status."""
        return Counter(self.listed.values())

    def read_control(self) -> None:
        """Read the control records until they are as many as they should be, READS times at most."""
        for number in range(READS):
            self._pause(number)
            total = self.job.number_of_items
            try:
                for page in self.ports.pleo.control_items(self.job.id):
                    self._note(page)
            except IncompleteList as short:
                total = max(total, short.total)
            self.lacking = max(0, total - len(self.listed))
            if not self.lacking:
                return
        log.warning("a list lacks items", extra={"job": self.job.id, "lacking": self.lacking})

    def _note(self, page: Sequence[JobItem]) -> None:
        for item in page:
            self.listed[packed(item.entry_id)] = sys.intern(item.status)
            self.given.pop(item.entry_id, None)
            if item.external_id and item.status in OPEN:
                self.given[item.entry_id] = item.external_id

    def items(self) -> Iterator[ExportItem | MalformedItem]:
        """The items that are to do, each once, in Pleo's order; again READS times for those that did not come.

        Each call starts over: what is `unsent` and `unlisted` is of the latest.
        """
        self.unsent, self.unlisted = self.open_ids(), set()
        for number in range(READS):
            self._pause(number)
            try:
                for page in self.ports.pleo.items(self.job.id):
                    yield from self._fresh(page)
            except IncompleteList:
                log.warning("a page lacks items", extra={"job": self.job.id, "read": number + 1})
            if not self.unsent:
                return

    def _fresh(self, page: Sequence[ExportItem | MalformedItem]) -> Iterator[ExportItem | MalformedItem]:
        for item in page:
            if not item.entry_id:
                continue
            if self.unsent.take(item.entry_id):
                yield item
            elif packed(item.entry_id) not in self.listed and item.entry_id not in self.unlisted:
                self.unlisted.add(item.entry_id)
                log.warning("sent, and not listed", extra={"job": self.job.id, "item": item.entry_id})

    def _pause(self, number: int) -> None:
        if number:
            self.ports.clock.sleep(PAUSE)

    @property
    def note(self) -> str:
        """What a person has to know of items that were left alone; nothing when there are none."""
        if not self.unlisted:
            return ""
        return worded("job_unlisted", count=len(self.unlisted))

    @property
    def failure(self) -> str:
        """Why a job can't be called complete; nothing when all items are known."""
        if self.lacking:
            whole = len(self.listed) + self.lacking
            return worded("job_lacking", whole=whole, listed=len(self.listed), lacking=self.lacking)
        return self._unknown

    @property
    def _unknown(self) -> str:
        """Of items whose status Pleo does not document: whether they are to be exported is not known."""
        unknown = {status: count for status, count in self.statuses().items() if status not in (*OPEN, *FINAL)}
        if not unknown:
            return ""
        statuses = ", ".join(sorted(shown(status, 40) for status in unknown))
        return worded("job_item_status", count=sum(unknown.values()), status=statuses)
