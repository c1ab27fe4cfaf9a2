"""The two lists of a job at Pleo: what is in it, and the items themselves. They don't always say the same.

- Fewer listed than `numberOfItems`, or than the list's own total: read again; at last the job fails and says so, after
  what is known was booked.
- Listed, and not sent: read again; at last that item fails and says so.
- Sent, and not listed: not booked, for whether it belongs to the job is unknown; a note.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kontobro.core.errors import IncompleteList
from kontobro.core.model.export import ExportItem, ExportJob, JobItem, MalformedItem
from kontobro.core.words import worded
from kontobro.export.job.run import Ports

log = logging.getLogger(__name__)

READS = 3
"""How often a list that lacks something is read."""

PAUSE = 5.0
"""Seconds between two reads."""

OPEN = ("pending", "in_progress")


@dataclass(slots=True, kw_only=True)
class Lists:
    """What is known of a job's items. `listed`: the control records by id; `lacking`: how many more the job should
    have; `sent`: ids of the items that came; `unlisted`: of those, what no control record names.
    """

    job: ExportJob
    ports: Ports = field(repr=False)
    listed: dict[str, JobItem] = field(default_factory=dict)
    lacking: int = 0
    sent: set[str] = field(default_factory=set)
    unlisted: set[str] = field(default_factory=set)

    def with_status(self, *, is_open: bool) -> list[JobItem]:
        """The items that are still to do, or those that have their final status."""
        return [item for item in self.listed.values() if (item.status in OPEN) == is_open]

    def read_control(self) -> None:
        """Read the control records until they are as many as they should be, READS times at most."""
        for number in range(READS):
            self._pause(number)
            total = self.job.number_of_items
            try:
                for page in self.ports.pleo.control_items(self.job.id):
                    self.listed.update((item.entry_id, item) for item in page)
            except IncompleteList as short:
                total = max(total, short.total)
            self.lacking = max(0, total - len(self.listed))
            if not self.lacking:
                return
        log.warning("a list lacks items", extra={"job": self.job.id, "lacking": self.lacking})

    def items(self) -> Iterator[ExportItem | MalformedItem]:
        """The items that are to do, each once, in Pleo's order; again READS times for those that did not come.

        Each call starts over: what was `sent` and `unlisted` is of the latest.
        """
        self.sent, self.unlisted = set(), set()
        wanted = {item.entry_id for item in self.with_status(is_open=True)}
        for number in range(READS):
            self._pause(number)
            try:
                for page in self.ports.pleo.items(self.job.id):
                    yield from self._fresh(page, wanted)
            except IncompleteList:
                log.warning("a page lacks items", extra={"job": self.job.id, "read": number + 1})
            if wanted <= self.sent:
                return

    def _fresh(
        self, page: Sequence[ExportItem | MalformedItem], wanted: set[str]
    ) -> Iterator[ExportItem | MalformedItem]:
        for item in page:
            if not item.entry_id or item.entry_id in self.sent:
                continue
            self.sent.add(item.entry_id)
            if item.entry_id in wanted:
                yield item
            elif item.entry_id not in self.listed:
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
        if not self.lacking:
            return ""
        whole = len(self.listed) + self.lacking
        return worded("job_lacking", whole=whole, listed=len(self.listed), lacking=self.lacking)
