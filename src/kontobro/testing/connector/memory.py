"""An accounting system in dictionaries: for tests of the engine and for benchmarks. Held to the contract suite.

A lock makes it safe to share by threads.
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
    dimension_sums,
    line_sums,
    tax_code_sums,
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
from kontobro.testing.connector.shown import Shown, shown_as_sent

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
    only = dict([chart.only_in] if chart.only_in else [])
    records += [
        Account(name, name, name, currencies=tuple(only[name].split()) if name in only else ()) for name in names
    ]
    quarter = Decimal("0.25")
    records.append(TaxCode(chart.tax_code, chart.tax_code, "Input VAT", quarter, "inclusive", chart.input_tax))
    sides = (chart.input_tax, chart.output_tax)
    records.append(TaxCode(chart.reverse_code, chart.reverse_code, "Reverse charge", quarter, "reverse", *sides))
    records += _inactive(chart)
    records += [Dimension(dimension, dimension, dimension) for dimension, _ in chart.dimensions]
    records += [DimensionValue(value, dimension, value, value) for dimension, value in chart.dimensions]
    records.append(Vendor(id=chart.vendor, code=chart.vendor, name="Staples"))
    if chart.closed_day:
        records.append(Period("closed", date.min, chart.closed_day, "closed"))
        records.append(Period("open", date.fromordinal(chart.closed_day.toordinal() + 1), date.max, "open"))
    return records


def _inactive(chart: Chart) -> Iterator[MasterRecord]:
    account, vendor, code = chart.inactive_account, chart.inactive_vendor, chart.inactive_tax_code
    if account:
        yield Account(account, account, account, active=False)
    if vendor:
        yield Vendor(id=vendor, code=vendor, name="Blocked Ltd", active=False)
    if code:
        yield TaxCode(code, code, "Old VAT", Decimal("0.2"), "inclusive", chart.input_tax, active=False)
    if chart.inactive_value:
        value = chart.inactive_value
        yield DimensionValue(value, chart.dimensions[0][0], value, value, active=False)


@dataclass(slots=True)
class _Kept:
    """One entry: what `find` answers, and what settling needs. `owed`: what the vendor gets by it, below zero for a
    payment; `open` is what is left of it on a bill; `paid` is the bill that a payment has settled."""

    entry: Entry
    booking: Booking
    owed: Decimal
    open: Decimal
    paid: Reference | None = None
    receipts: tuple[str, ...] = ()

    @property
    def bill(self) -> InvoiceKey | None:
        return self.entry.key if isinstance(self.entry, Bill) else None

    @property
    def returned(self) -> bool:
        return isinstance(self.entry, Payment) and self.entry.returned


class MemoryConnector:
    """One company in memory. `capabilities` may be narrowed for a test of the engine."""

    def __init__(
        self, masters: Iterable[MasterRecord] | None = None, capabilities: Capabilities = CAPABILITIES
    ) -> None:
        self.capabilities = capabilities
        self._masters = list(masters_of(Chart()) if masters is None else masters)
        self._accounts = {account.id: account for account in self._all(Account) if account.active}
        self._tax_codes = {code.id for code in self._all(TaxCode) if code.active}
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
        if self.capabilities.reference == "none":
            return {}
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

    def count_all(self) -> int:
        return len(self._kept)

    def receipts(self, reference: Reference) -> Sequence[str]:
        return self._kept[reference].receipts

    def shows(self, reference: Reference) -> Shown:
        return shown_as_sent(self._kept[reference].entry, self.capabilities.not_kept)

    def void(self, reference: Reference) -> None:
        kept = self._kept[reference]
        kept.booking = replace(kept.booking, status="void")
        self._release(kept)
        for payment in [one for one in self._kept.values() if one.paid == reference]:
            self._release(payment)
            self._wait(payment)

    def delete(self, reference: Reference) -> None:
        kept = self._kept.pop(reference)
        self._release(kept)
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
        booking = _booking(entry, self.capabilities)
        self._kept[entry.reference] = _Kept(entry, booking, owed, owed)
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
            self._wait(kept)
            return
        bill.open = _within(bill, exact_sum((bill.open, kept.owed)))
        kept.paid = bill.booking.reference
        kept.booking = replace(kept.booking, settled=True)

    def _wait(self, payment: _Kept) -> None:
        """Until a bill is posted that it settles."""
        reference, settles = payment.booking.reference, payment.booking.settles
        if settles is not None:
            waits = self._open.setdefault(_waits_for(settles), [])
            waits += [reference] if reference not in waits else []

    def _release(self, payment: _Kept) -> None:
        """A payment that settled something settles it no more: its bill is open by as much again."""
        bill = self._kept.get(payment.paid) if payment.paid else None
        if bill:
            bill.open = _within(bill, exact_sum((bill.open, payment.owed.copy_negate())))
        payment.paid = None
        if payment.booking.settled:
            payment.booking = replace(payment.booking, settled=False)

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
        for account in {line.account for line in entry.lines} - self._accounts.keys():
            yield _problem("account_unknown", "account", account, "is unknown", "account_unknown")
        known = [self._accounts[line.account] for line in entry.lines if line.account in self._accounts]
        for only in [one for one in known if one.currencies and entry.currency not in one.currencies]:
            what = f"takes no {entry.currency}"
            yield _problem("account_currency", "account", only.id, what, "accounting_system_validation_failure")
        for code in {line.tax_code for line in entry.lines if line.tax_code} - self._tax_codes:
            yield _problem("tax_code_unknown", "tax_code", code, "is unknown", "tax_code_unknown")
        for value in {pair for line in entry.lines for pair in line.dimensions} - self._values:
            yield _problem("dimension_value_unknown", value[0], value[1], "is unknown", "tag_unknown")
        vendors = {entry.vendor, *[line.vendor for line in entry.lines]} - self._vendors
        for vendor in sorted(filter(None, vendors)):
            yield _problem("vendor_unknown", "vendor", vendor, "is unknown", "vendor_unknown")
        if not is_open(entry.date, self._periods):
            yield _problem(
                "period_closed", "date", entry.date, "is in a closed period", "accounting_system_validation_failure"
            )


def _waits_for(settles: Reference | InvoiceKey) -> Reference | tuple[str, str]:
    return (settles.vendor, settles.number) if isinstance(settles, InvoiceKey) else settles


def _within(bill: _Kept, left: Decimal) -> Decimal:
    """Never more open than was owed, nor less than nothing."""
    low, high = sorted((bill.owed, Decimal(0)))
    return min(max(left, low), high)


def _takes(bill: _Kept, payment: _Kept) -> bool:
    """Money out needs something that is owed, money back something that was paid; both in one currency."""
    if bill.booking.currency != payment.booking.currency:
        return False
    if payment.returned:
        return bill.open != bill.owed
    return bool(bill.open) and (bill.open > 0) == (payment.owed < 0)


def _is_twin(kept: _Kept, key: TwinKey) -> bool:
    twin = kept.entry.twin
    return (
        twin is not None
        and kept.booking.status != "void"
        and replace(twin, entry_id=key.entry_id) == key
        and twin.entry_id != key.entry_id
    )


def _booking(entry: Entry, capabilities: Capabilities) -> Booking:
    settles = entry.settles if isinstance(entry, Payment) else None
    return Booking(
        reference=entry.reference,
        id=entry.reference,
        status="draft" if capabilities.drafts else "posted",
        date=entry.date,
        currency=entry.currency,
        total=entry.total,
        tax=entry.tax,
        line_sums=line_sums(entry),
        dimension_sums=None if "dimensions" in capabilities.not_kept else dimension_sums(entry),
        tax_code_sums=None if "tax_codes" in capabilities.not_kept else tax_code_sums(entry),
        fingerprint=entry.fingerprint if capabilities.keeps_fingerprint else None,
        url=f"https://accounting.example/{entry.reference}",
        number=entry.number if isinstance(entry, Bill) else None,
        settles=settles,
        settled=False if settles else None,
    )


def _problem(code: str, field: str, value: object, what: str, reason: ItemFailure) -> Problem:
    return Problem(code, field, shown(value), f"{field} {shown(value)} {what}.", "Fix it and export again.", reason)
