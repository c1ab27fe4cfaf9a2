"""A company under test, and the person who works in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import wraps
from typing import Any, ClassVar, Protocol, cast, runtime_checkable

import pytest

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Booking, Entry, Reference
from kontobro.core.ports import Connector
from kontobro.testing.connector.entries import Chart
from kontobro.testing.connector.shown import Shown

PAGE = "docs/connectors/writing-one.md"

METHODS = tuple(name for name in vars(Connector) if not name.startswith("_"))
"""What a class has to have to be a connector."""


class Bookkeeper(Protocol):
    """What a person sees and does in the accounting system itself, not through the connector."""

    def count(self, reference: Reference) -> int:
        """How many documents are there under a reference."""
        ...

    def shows(self, reference: Reference) -> Shown:
        """The one document under a reference that is not void, as it is seen there."""
        ...

    def receipts(self, reference: Reference) -> Sequence[str]:
        """SHA-256 of what is attached, in order."""
        ...

    def void(self, reference: Reference) -> None: ...

    def delete(self, reference: Reference) -> None: ...


@runtime_checkable
class CountsAll(Protocol):
    """For `ExportContract`: nothing else shows that an entry exists under another reference."""

    def count_all(self) -> int:
        """How many documents are there in all, under any reference or none."""
        ...


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

    def __post_init__(self) -> None:
        missing = [name for name in METHODS if not hasattr(self.connector, name)]
        if missing:
            kind = type(self.connector).__name__
            raise TypeError(f"{kind} is not a connector: it has no {', '.join(missing)}. See {PAGE}#the-seven-methods")

    def another(self, make: Callable[..., Connector], *given: object) -> Connector:
        """Another connector to the company. One that can't be made is its factory's fault."""
        try:
            return make(*given)
        except Exception as fault:
            raise AssertionError(f"The connector's own factory {make!r} raised {fault!r}. See {PAGE}#use-it") from fault

    def processes(self) -> Callable[[], Connector]:
        """How other processes come to the company, tried here once."""
        if self.elsewhere is None:
            pytest.skip("there is no other process: give `Books` its `elsewhere`")
        self.another(self.elsewhere)
        return self.elsewhere

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

    def shown(self, entry: Entry) -> Shown:
        """Book and post an entry that must be taken; what a person then sees of it."""
        self.post(entry)
        return self.bookkeeper.shows(entry.reference)

    def found(self, entry: Entry) -> Booking:
        need_reference(self)
        return self.connector.find([entry.reference])[entry.reference]

    def is_booked(self, entry: Entry) -> bool:
        if self.connector.capabilities.reference == "none":
            return self.bookkeeper.count(entry.reference) > 0
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


def need_bills(books: Books) -> None:
    if not books.connector.capabilities.bills:
        pytest.skip("the accounting system has no bills: everything is a journal entry")


def need_reference(books: Books) -> None:
    if books.connector.capabilities.reference == "none":
        pytest.skip("nothing can be found again in this accounting system")


class Contract:
    """A part of `ConnectorContract`. `page` is the heading of the page that explains its rules."""

    page: ClassVar[str] = "the-seven-methods"

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if cls.__module__.startswith(f"{__name__.partition('.')[0]}."):
            for name, test in list(vars(cls).items()):
                if name.startswith("test_"):
                    setattr(cls, name, _explained(test, cls.page))


def _explained(test: Callable[..., None], heading: str) -> Callable[..., None]:
    """The test, whose failure says which rule was broken and where it is explained."""
    rule = test.__name__.removeprefix("test_").replace("_", " ")

    @wraps(test)
    def explained(*args: Any, **given: Any) -> None:
        __tracebackhide__ = True
        try:
            test(*args, **given)
        except Exception as fault:
            connector = getattr(given.get("books"), "connector", None)
            name = type(connector).__name__
            if not isinstance(fault, AssertionError) and not type(fault).__module__.startswith("_pytest"):
                fault.add_note(
                    f"{name} raised {type(fault).__name__}: only the errors of kontobro.core.errors are answers."
                )
            fault.add_note(f"Rule: {rule}.\nConnector: {name}. See {PAGE}#{heading}")
            raise

    return explained
