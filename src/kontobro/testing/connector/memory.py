"""An accounting system in dictionaries: for tests of the engine and for benchmarks. Held to the contract suite.

It keeps bookings, not entries, so that 50,000 of them stay small. A lock makes it safe to share by threads.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TypeVar

from kontobro.core.errors import ItemFailure, NotAllowed, Problem, shown
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import (
    Bill,
    Booking,
    Entry,
    EntryKey,
    InvoiceKey,
    Payment,
    Reference,
    TwinKey,
    line_sums,
)
from kontobro.core.model.masterdata import (
    Account,
    Company,
    Dimension,
    DimensionValue,
    Employee,
    Journal,
    MasterRecord,
    Period,
    TaxCode,
    Vendor,
)
from kontobro.core.model.money import exact_sum
from kontobro.core.model.period import is_open
from kontobro.core.ports import Capabilities, ReceiptRules
from kontobro.testing.connector.entries import Chart

R = TypeVar("R", bound=MasterRecord)

CAPABILITIES = Capabilities(
    kinds=frozenset([Company, Account, TaxCode, Dimension, DimensionValue, Vendor, Employee, Journal, Period]),
    bills=True,
    drafts=True,
    receipts=ReceiptRules(
        media_types=frozenset(["application/pdf", "image/jpeg", "image/png"]), max_bytes=30 * 1024 * 1024
    ),
    batch_size=100,
    reference="enforced",
    keeps_fingerprint=True,
    withdraws_drafts=True,
    writes_vendors=True,
    finds_twins=True,
)


def masters_of(chart: Chart) -> list[MasterRecord]:
    """The master records behind a chart."""
    names = [
        chart.expense,
        chart.input_tax,
        chart.output_tax,
        chart.payable,
        *chart.wallets.values(),
        chart.last_account,
    ]
    records: list[MasterRecord] = [Company("C1", "Fjord & Bro ApS", "DKK", "Europe/Copenhagen", "DK")]
    records += [Account(name, name, name) for name in names]
    records.append(TaxCode(chart.tax_code, chart.tax_code, "Input VAT", Decimal("0.25"), "inclusive", chart.input_tax))
    records += [Dimension(dimension, dimension, dimension) for dimension, _ in chart.dimensions]
    records += [DimensionValue(value, dimension, value, value) for dimension, value in chart.dimensions]
    records.append(Vendor(id=chart.vendor, code=chart.vendor, name="Staples"))
    if chart.closed_day:
        records.append(Period("closed", date.min, chart.closed_day, "closed"))
        records.append(Period("open", date.fromordinal(chart.closed_day.toordinal() + 1), date.max, "open"))
    return records


@dataclass(slots=True)
class _Kept:
    """One entry: what `find` answers, and what settling needs. `owed`: what the vendor gets by it, below zero for a
    payment; `open` is what is left of it on a bill."""

    booking: Booking
    bill: InvoiceKey | None
    twin: TwinKey | None = None
    owed: Decimal = Decimal(0)
    open: Decimal = Decimal(0)
    returned: bool = False
    receipts: tuple[str, ...] = ()


class MemoryConnector:
    """One company in memory. `capabilities` may be narrowed for a test of the engine."""

    def __init__(
        self, masters: Iterable[MasterRecord] | None = None, capabilities: Capabilities = CAPABILITIES
    ) -> None:
        self.capabilities = capabilities
        self._masters = list(masters_of(Chart()) if masters is None else masters)
        self._accounts = {account.id for account in self._all(Account) if account.active}
        self._vendors = {vendor.id for vendor in self._all(Vendor) if vendor.active}
        self._values = {(value.dimension_id, value.id) for value in self._all(DimensionValue) if value.active}
        self._periods = list(self._all(Period))
        self._kept: dict[Reference, _Kept] = {}
        self._bills: dict[tuple[str, str], list[Reference]] = {}
        """By vendor and number: the currency weighs least."""
        self._open: dict[Reference | tuple[str, str], list[Reference]] = {}
        self._lock = threading.RLock()

    def check(self) -> Company:
        return next(self._all(Company))

    def read(self, kind: type[R]) -> Iterable[R]:
        return list(self._all(kind))

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        return [list(self._problems(entry)) for entry in entries]

    def find(self, keys: Sequence[EntryKey]) -> Mapping[EntryKey, Booking]:
        found = {key: self._under(key) for key in keys}
        return {
            key: replace(kept.booking, open=kept.open) if isinstance(key, InvoiceKey) else kept.booking
            for key, kept in found.items()
            if kept
        }

    def book(self, entries: Sequence[Entry]) -> Sequence[Booking | Problem]:
        with self._lock:
            return [self._book(entry) for entry in entries]

    def attach(self, booking: Booking, receipts: Sequence[Receipt]) -> None:
        rules = self.capabilities.receipts
        for receipt in receipts:
            if rules is None or receipt.media_type not in rules.media_types or len(receipt.content) > rules.max_bytes:
                raise NotAllowed(f"Receipt {shown(receipt.name)} is not taken.", "Attach a PDF or a picture.")
        with self._lock:
            kept = self._kept[booking.reference]
            kept.receipts = tuple(dict.fromkeys([*kept.receipts, *(receipt.sha256 for receipt in receipts)]))
            kept.booking = replace(kept.booking, receipts=frozenset(kept.receipts))

    def post(self, bookings: Sequence[Booking]) -> Sequence[Booking | Problem]:
        with self._lock:
            for booking in bookings:
                self._post(booking.reference)
            return [self._answer(booking.reference) for booking in bookings]

    def write(self, vendors: Sequence[Vendor]) -> Sequence[Vendor | Problem]:
        with self._lock:
            answers = []
            for vendor in vendors:
                known = next((it for it in self._all(Vendor) if it.pleo_id == vendor.pleo_id), None)
                if known is None:
                    known = replace(vendor, code=vendor.code or vendor.id)
                    self._masters.append(known)
                    self._vendors.add(known.id)
                answers.append(known)
            return answers

    def withdraw(self, bookings: Sequence[Booking]) -> None:
        with self._lock:
            for booking in bookings:
                kept = self._kept.get(booking.reference)
                if kept and kept.booking.status == "draft":
                    self.delete(booking.reference)

    # --------------------------------------------------------------- what a bookkeeper does and sees there

    def count(self, reference: Reference) -> int:
        return int(reference in self._kept)

    def receipts(self, reference: Reference) -> Sequence[str]:
        return self._kept[reference].receipts

    def void(self, reference: Reference) -> None:
        self._kept[reference].booking = replace(self._kept[reference].booking, status="void")

    def delete(self, reference: Reference) -> None:
        kept = self._kept.pop(reference)
        if kept.bill:
            self._bills[kept.bill.vendor, kept.bill.number].remove(reference)

    # --------------------------------------------------------------------------------------------- inside

    def _all(self, kind: type[R]) -> Iterator[R]:
        return (record for record in self._masters if isinstance(record, kind))

    def _under(self, key: EntryKey) -> _Kept | None:
        if isinstance(key, TwinKey):
            return next((kept for kept in self._kept.values() if _is_twin(kept, key)), None)
        if not isinstance(key, InvoiceKey):
            return self._kept.get(key)
        return next(iter(self._under_number(key)), None)

    def _under_number(self, key: InvoiceKey) -> list[_Kept]:
        """The bills of that vendor and number that are not void: in the key's currency first, then posted ones."""
        bills = [self._kept[one] for one in self._bills.get((key.vendor, key.number), ())]
        live = [kept for kept in bills if kept.booking.status != "void"]
        return sorted(
            live, key=lambda it: (it.booking.currency != key.currency, not it.open, it.booking.status != "posted")
        )

    def _book(self, entry: Entry) -> Booking | Problem:
        kept = self._kept.get(entry.reference)
        if kept and kept.booking.status != "void":
            return kept.booking
        problem = next(self._problems(entry), None)
        if problem:
            return problem
        bill = entry.key if isinstance(entry, Bill) else None
        if kept and kept.bill:
            self.delete(entry.reference)
        if bill:
            self._bills.setdefault((bill.vendor, bill.number), []).append(entry.reference)
        owed = exact_sum(line.amount for line in entry.lines if line.role in ("payable", "employee")).copy_negate()
        returned = isinstance(entry, Payment) and entry.returned
        booking = _booking(entry, self.capabilities.drafts)
        self._kept[entry.reference] = _Kept(booking, bill, twin=entry.twin, owed=owed, open=owed, returned=returned)
        return booking

    def _post(self, reference: Reference) -> None:
        kept = self._kept.get(reference)
        if kept is None or kept.booking.status == "void":
            return
        kept.booking = replace(kept.booking, status="posted")
        waiting = [reference] if kept.booking.settles else []
        waiting += self._open.pop(reference, [])
        waiting += self._open.pop((kept.bill.vendor, kept.bill.number), []) if kept.bill else []
        for payment in dict.fromkeys(waiting):
            self._settle(payment)

    def _settle(self, reference: Reference) -> None:
        """Settle a payment with the first of its bills that still owes something; one that came back, with the first
        that has been paid. It stays open where there is none."""
        kept = self._kept.get(reference)
        if kept is None or kept.booking.settles is None or kept.booking.settled:
            return
        bill = next((it for it in self._posted_bills(kept) if _takes(it, kept)), None)
        if bill is None:
            waits = self._open.setdefault(_waits_for(kept.booking.settles), [])
            waits += [reference] if reference not in waits else []
            return
        low, high = sorted((bill.owed, Decimal(0)))
        bill.open = min(max(exact_sum((bill.open, kept.owed)), low), high)
        kept.booking = replace(kept.booking, settled=True)

    def _posted_bills(self, payment: _Kept) -> list[_Kept]:
        settles = payment.booking.settles
        if isinstance(settles, InvoiceKey):
            bills = self._under_number(settles)
        else:
            bills = [self._kept[settles]] if settles in self._kept else []
        return [bill for bill in bills if bill.booking.status == "posted"]

    def _answer(self, reference: Reference) -> Booking | Problem:
        kept = self._kept.get(reference)
        if kept:
            return kept.booking
        return _problem("booking_gone", "reference", reference, "is gone", "accounting_system_validation_failure")

    def _problems(self, entry: Entry) -> Iterator[Problem]:
        if entry.difference or not entry.lines:
            yield _problem("unbalanced", "lines", entry.reference, "does not balance", "validation_failure")
        for account in {line.account for line in entry.lines} - self._accounts:
            yield _problem("account_unknown", "account", account, "is unknown", "account_unknown")
        for value in {pair for line in entry.lines for pair in line.dimensions} - self._values:
            yield _problem("dimension_value_unknown", value[0], value[1], "is unknown", "tag_unknown")
        if entry.vendor and entry.vendor not in self._vendors:
            yield _problem("vendor_unknown", "vendor", entry.vendor, "is unknown", "vendor_unknown")
        if not is_open(entry.date, self._periods):
            yield _problem(
                "period_closed", "date", entry.date, "is in a closed period", "accounting_system_validation_failure"
            )


def _waits_for(settles: Reference | InvoiceKey) -> Reference | tuple[str, str]:
    return (settles.vendor, settles.number) if isinstance(settles, InvoiceKey) else settles


def _takes(bill: _Kept, payment: _Kept) -> bool:
    """Money out needs something that is owed, money back something that was paid; both in one currency."""
    if bill.booking.currency != payment.booking.currency:
        return False
    if payment.returned:
        return bill.open != bill.owed
    return bool(bill.open) and (bill.open > 0) == (payment.owed < 0)


def _is_twin(kept: _Kept, key: TwinKey) -> bool:
    twin = kept.twin
    return (
        twin is not None
        and kept.booking.status != "void"
        and replace(twin, entry_id=key.entry_id) == key
        and twin.entry_id != key.entry_id
    )


def _booking(entry: Entry, drafts: bool) -> Booking:
    settles = entry.settles if isinstance(entry, Payment) else None
    return Booking(
        reference=entry.reference,
        id=entry.reference,
        status="draft" if drafts else "posted",
        date=entry.date,
        currency=entry.currency,
        total=entry.total,
        tax=entry.tax,
        line_sums=line_sums(entry),
        fingerprint=entry.fingerprint,
        url=f"https://accounting.example/{entry.reference}",
        number=entry.number if isinstance(entry, Bill) else None,
        settles=settles,
        settled=False if settles else None,
    )


def _problem(code: str, field: str, value: object, what: str, reason: ItemFailure) -> Problem:
    return Problem(code, field, shown(value), f"{field} {shown(value)} {what}.", "Fix it and export again.", reason)
