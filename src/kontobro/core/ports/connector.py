"""What the core asks of an accounting system. No base class: a connector is any class with these methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol, TypeVar

from kontobro.core.errors import NotAllowed, Problem, shown
from kontobro.core.model.export import (
    Receipt,
)
from kontobro.core.model.journal import Booking, Entry, EntryKey
from kontobro.core.model.masterdata import Company, MasterRecord, Vendor
from kontobro.core.words import told

R = TypeVar("R", bound=MasterRecord)


LONGEST_CALL = timedelta(minutes=10)
"""No method of a connector lasts longer (`erp/kit/guard.py` sees to it): what began before that was sent, or never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRules:
    """What an accounting system takes as receipts. `max_bytes` each; `max_count` an entry, None for any."""

    media_types: frozenset[str]
    max_bytes: int
    max_count: int | None = None

    def require(self, receipt: Receipt) -> None:
        """Raise NotAllowed for a receipt of a type or size that is not taken; for a connector's `attach`."""
        size = len(receipt.content)
        if receipt.media_type not in self.media_types or size > self.max_bytes:
            raise NotAllowed(
                *told(
                    "receipt_refused",
                    name=shown(receipt.name),
                    media=shown(receipt.media_type),
                    size=size,
                    most=self.max_bytes,
                ),
            )


Fact = Literal["dimensions", "tax_codes", "vendors", "document_dates", "due_dates", "payees", "texts"]
"""What an accounting system may have no place for. All else of an entry every system keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a connector can do: data that the engine asks, instead of the connector's type.

    `bills` False: the engine books every expense as a journal entry. `not_kept`: what this system has no place for; all
    else that an entry says is kept (`docs/connectors/writing-one.md`, "What is kept").

    `reference`: `enforced` the system itself refuses a second entry under one reference; `searchable` it can
    be found, but absence is believed only `settle_after` an interrupted write; `none` it can't be found.
    `batch_size` None: one document a job (files). `finds_twins`: `find` knows a `TwinKey`.
    """

    kinds: frozenset[type]
    bills: bool
    drafts: bool
    receipts: ReceiptRules | None
    batch_size: int | None
    reference: Literal["enforced", "searchable", "none"]
    settle_after: timedelta = timedelta(0)
    keeps_fingerprint: bool = False
    withdraws_drafts: bool = False
    writes_vendors: bool = False
    ids_are_names: bool = False
    """Its ids are names that no code can look like: an identifier from Pleo is believed without a binding."""
    rehearses: bool = False
    finds_twins: bool = False
    not_kept: frozenset[Fact] = frozenset()


class Connector(Protocol):
    """One company in one accounting system: seven methods, batch first.

    Raises Unreachable, Timeout, RateLimited, LoginFailed, NotAllowed, Misconfigured; Uncertain from a write
    whose outcome it can't know. Anything else is a bug and becomes ConnectorFault at one wrapper.
    The same contract suite holds every connector: `kontobro.testing.connector_contract`.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    def check(self) -> Company:
        """Reach it, log in, see that the permissions are there; which company it is."""
        ...

    def read(self, kind: type[R]) -> Iterable[R]:
        """All master records of a kind. Raises when it can't read all of them: never ends early."""
        ...

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        """Every problem of each entry, in the order of the entries; a `Note` among them stops nothing. No side
        effect."""
        ...

    def find(self, keys: Sequence[EntryKey]) -> Mapping[EntryKey, Booking]:
        """What is under each key, now; absent keys are left out. A voided entry is found with status void.

        Under an invoice key the bill of that vendor and number, in the key's currency before any other, with what is
        still `open` of it. Under a twin key (`capabilities.finds_twins` only) a document that is not void, ours or a
        person's own.
        """
        ...

    def book(self, entries: Sequence[Entry]) -> Sequence[Booking | Problem]:
        """Create each entry (as a draft where drafts exist), or return what exists under its reference.
        One answer per entry, in order; a refused entry never stops the others."""
        ...

    def attach(self, booking: Booking, receipts: Sequence[Receipt]) -> None:
        """Attach receipts, in order. Repeatable: what is attached already is left alone."""
        ...

    def post(self, bookings: Sequence[Booking]) -> Sequence[Booking | Problem]:
        """Finalise drafts; settle payments with their bills, whichever of the two came last. Repeatable."""
        ...


class WritesVendors(Protocol):
    """What a connector with `capabilities.writes_vendors` has besides."""

    def write(self, vendors: Sequence[Vendor]) -> Sequence[Vendor | Problem]:
        """Create vendors born in Pleo, keyed by `pleo_id`, or return what exists under it; `id` of what is asked for
        is Pleo's as well, `code` may be empty. `read` gives them with their `pleo_id`. One answer each, in order."""
        ...


class Withdraws(Protocol):
    """What a connector with `capabilities.withdraws_drafts` has besides."""

    def withdraw(self, bookings: Sequence[Booking]) -> None:
        """Delete drafts that failed the comparison. Repeatable."""
        ...


class Rehearses(Protocol):
    """What a connector with `capabilities.rehearses` has besides: one look at the whole books serves a whole job."""

    def rehearse(self, entries: Iterable[Entry]) -> None:
        """Told before the first batch what a job is going to book: `validate` and `book` answer from it. No side
        effect; what was rehearsed before is forgotten."""
        ...
