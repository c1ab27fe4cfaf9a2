"""What the core asks of an accounting system that takes files: a document target. No base class.

A target never sees a clock or a network: the export keeps its entries, numbers them, has the documents rendered, seals
them with their digests in the store, delivers them, and only then reports to Pleo (design §5b). For such a system the
sealed documents are the books.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from kontobro.core.documents import MatchedNumber
from kontobro.core.errors import Problem
from kontobro.core.model.journal import Entry
from kontobro.core.model.masterdata import Company
from kontobro.core.ports.connector import Capabilities, R


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an entry goes.

    Entries of one `group` share a document (a month, a currency, a journal); documents are made in the order of their
    groups, as texts. Voucher numbers are gapless within a `series` and `year` (the fiscal year's name). `rows`: how
    many of a document's `max_rows` the entry takes. `matched`: the number that the accounting system matches it by;
    an entry whose number would be taken for another one's is refused.
    """

    group: str
    series: str
    year: str
    rows: int = 1
    matched: MatchedNumber | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFile:
    """A receipt beside the rows. `name` is its file's in the document's package: stable, unique there, ASCII, without a
    path; `original` is Pleo's. `sha256` in hex; `read` gives the bytes, which are not kept in memory."""

    name: str
    original: str
    media_type: str
    sha256: str
    size: int
    read: Callable[[], bytes] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """An entry in its document: `number` in its series and year, from 1."""

    entry: Entry
    series: str
    year: str
    number: int
    receipts: tuple[ReceiptFile, ...] = ()


class Vouchers(Protocol):
    """A document's vouchers, by day and number. May be gone through any number of times; none is kept in memory."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Voucher]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentHead:
    """What a document is besides its vouchers.

    `number` counts the connection's documents, from 1, `group` is its vouchers' own. `moment` (aware, in the company's
    time zone, whole seconds) is when it was sealed and the only clock that a target has: the same head, options and
    vouchers give the same bytes. `first` and `last` are its vouchers' first and last day. `known_vendors` are the
    ids of vendors in earlier documents of the connection.
    """

    number: int
    group: str
    moment: datetime
    company: Company
    first: date
    last: date
    known_vendors: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFile:
    """One file of a document. `name` is its own (ASCII, at most one folder before it) and says the document's number,
    so that no two files of one target share it. `content` is gone through once; its pieces are of bounded size."""

    name: str
    media_type: str
    content: Iterable[bytes] = field(repr=False, compare=False)


class DocumentTarget(Protocol):
    """One company in one accounting system that takes files: five methods.

    Raises Misconfigured for options and master data that can't be used. Anything unforeseen is a bug and becomes
    ConnectorFault at one wrapper. The contract suite is `kontobro.testing.document_contract`.
    """

    @property
    def capabilities(self) -> Capabilities:
        """`batch_size` None and `reference` "enforced": the store refuses a second entry under one reference."""
        ...

    @property
    def max_rows(self) -> int | None:
        """The most rows of one document; None without a limit."""
        ...

    def check(self) -> Company:
        """Read options and master data; which company they are of."""
        ...

    def read(self, kind: type[R]) -> Iterable[R]:
        """All master records of a kind, as `Connector.read`."""
        ...

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        """Every problem of each entry, in the order of the entries: all that the format can't hold is refused here and
        never cut. What is changed harmlessly (a letter that the encoding lacks) is a `Note`."""
        ...

    def place(self, entry: Entry) -> Place:
        """Where a valid entry goes."""
        ...

    def render(self, head: DocumentHead, vouchers: Vouchers) -> Iterable[DocumentFile]:
        """The files of one document, pure: the rows first, then what accompanies them. All of their content is taken in
        this order."""
        ...
