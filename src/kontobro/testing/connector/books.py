"""A company under test, and the person who works in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol, cast

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Booking, Entry, Reference
from kontobro.core.ports import Connector
from kontobro.testing.connector.entries import Chart


class Bookkeeper(Protocol):
    """What a person sees and does in the accounting system itself, not through the connector."""

    def count(self, reference: Reference) -> int:
        """How many documents stand there under a reference."""
        ...

    def receipts(self, reference: Reference) -> Sequence[str]:
        """SHA-256 of what is attached, in order."""
        ...

    def void(self, reference: Reference) -> None: ...

    def delete(self, reference: Reference) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """A company under test. What is None can't be tried with this system; its tests are skipped and say so.

    `elsewhere` makes another connector to it in another process; `stranger` is a login that may do nothing;
    `impatient` makes a connector that gives up on an answer after so many seconds; `restart` stops the system and
    starts it again; `in_base` tells an entry's account sums in the company's own currency.
    """

    connector: Connector
    bookkeeper: Bookkeeper
    chart: Chart = field(default_factory=Chart)
    elsewhere: Callable[[], Connector] | None = None
    stranger: Connector | None = None
    impatient: Callable[[float], Connector] | None = None
    restart: Callable[[], None] | None = None
    in_base: Callable[[Reference], Mapping[str, Decimal]] | None = None

    def book(self, *entries: Entry) -> list[Booking]:
        """Book entries that must be taken."""
        answers = self.connector.book(entries)
        assert all(isinstance(answer, Booking) for answer in answers), answers
        return cast(list[Booking], list(answers))

    def post(self, *entries: Entry) -> list[Booking]:
        """Book and post entries that must be taken."""
        answers = self.connector.post(self.book(*entries))
        assert all(isinstance(answer, Booking) for answer in answers), answers
        return cast(list[Booking], list(answers))

    def found(self, entry: Entry) -> Booking:
        return self.connector.find([entry.reference])[entry.reference]

    def stands(self, entry: Entry) -> bool:
        return entry.reference in self.connector.find([entry.reference])

    def twin(self, entry: Entry) -> Reference | None:
        """Under which reference the same supplier invoice is found, if any."""
        assert entry.twin is not None
        found = self.connector.find([entry.twin]).get(entry.twin)
        return found.reference if found else None

    def refused(self, entry: Entry) -> Problem:
        (answer,) = self.connector.book([entry])
        assert isinstance(answer, Problem), answer
        return answer
