"""Entries as a page shows them: debit on the left, credit on the right, never a minus sign; no column that is empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kontobro.core.model.export import ExportItem, MalformedItem
from kontobro.core.model.history import BookingRow
from kontobro.core.model.journal import Bill, Booking, Entry, EntryLine, Payment, line_sums
from kontobro.core.model.masterdata import Account, Dimension, DimensionValue, Employee, TaxCode
from kontobro.core.ports import Connector, R
from kontobro.core.rules.text import amount_of, payee_of
from kontobro.core.tieout.details import details
from kontobro.core.words import name_in

Part = tuple[str, Decimal | None]
"""A tax code or dimension of a line by its name; the amount where it is not the whole line's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the accounting system calls its records, by id: code and name."""

    accounts: Mapping[str, str]
    tax_codes: Mapping[str, str]
    dimensions: Mapping[str, str]
    values: Mapping[tuple[str, str], str]
    employees: Mapping[str, str]

    @classmethod
    def of(cls, connector: Connector) -> Names:
        """Read from the accounting system."""

        def read(kind: type[R]) -> Iterable[R]:
            return connector.read(kind) if kind in connector.capabilities.kinds else ()

        return cls(
            accounts={one.id: label(one.code, one.name) for one in connector.read(Account)},
            tax_codes={one.id: label(one.code, one.name) for one in read(TaxCode)},
            dimensions={one.id: one.name or one.code for one in read(Dimension)},
            values={(one.dimension_id, one.id): label(one.code, one.name) for one in read(DimensionValue)},
            employees={one.id: one.name or one.code for one in read(Employee)},
        )

    def account(self, id: str) -> str:
        return self.accounts.get(id, id)

    def tax_code(self, id: str) -> str:
        return self.tax_codes.get(id, id)

    def dimension(self, id: str, value: str) -> str:
        return f"{self.dimensions.get(id, id)}: {self.values.get((id, value), value)}"

    def employee(self, id: str) -> str:
        return self.employees.get(id, id)


def label(code: str, name: str) -> str:
    return f"{code} {name}" if code and name and name != code else name or code


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """One posting. Exactly one of `debit` and `credit` is set."""

    account: str
    debit: Decimal | None
    credit: Decimal | None
    taxes: Sequence[Part] = ()
    dimensions: Sequence[Part] = ()
    text: str = ""
    employee: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of an entry, and which of their columns there is something in."""

    lines: Sequence[ShownLine]

    @property
    def taxes(self) -> bool:
        return any(line.taxes for line in self.lines)

    @property
    def dimensions(self) -> bool:
        return any(line.dimensions for line in self.lines)

    @property
    def texts(self) -> bool:
        return any(line.text for line in self.lines)

    @property
    def employees(self) -> bool:
        return any(line.employee for line in self.lines)


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry, ready to be written into a table."""

    entry: Entry
    kind: str
    table: Lines


@dataclass(frozen=True, slots=True)
class ShownBooking:
    """What is booked. `each`: its lines one by one; else its sums by account, for it is not as it was sent."""

    booking: Booking
    table: Lines
    each: bool
    text: str = ""


def kind_of(entry: Entry) -> str:
    """What a bookkeeper calls it."""
    if isinstance(entry, Bill):
        return _("credit note") if entry.credit_note else _("bill")
    return _("payment") if isinstance(entry, Payment) else _("journal entry")


def shown_entry(entry: Entry, names: Names) -> ShownEntry:
    return ShownEntry(entry, kind_of(entry), Lines([_line(line, entry, names) for line in entry.lines]))


def _line(line: EntryLine, entry: Entry, names: Names) -> ShownLine:
    debit, credit = sides(line.amount)
    return ShownLine(
        account=names.account(line.account),
        debit=debit,
        credit=credit,
        taxes=[(names.tax_code(line.tax_code), None)] if line.tax_code else [],
        dimensions=[(names.dimension(*pair), None) for pair in line.dimensions],
        text=line.text if line.text != entry.text else "",
        employee=names.employee(line.employee) if line.employee else "",
    )


def shown_booked(booking: Booking, sent: Entry | None, names: Names) -> ShownBooking:
    """What is in the accounting system now. `sent` is what the expense would be booked as today: where that is equal,
    by account, tax code and dimension, its lines are the ones that are booked."""
    if sent is not None and booking.line_sums == line_sums(sent) and not details(sent, booking):
        return ShownBooking(booking, shown_entry(sent, names).table, each=True, text=sent.text)
    return ShownBooking(booking, Lines(_sums(booking, names)), each=False)


def _sums(booking: Booking, names: Names) -> list[ShownLine]:
    """A line an account, with what is booked on it under each tax code and dimension."""
    taxes: dict[str, list[Part]] = {}
    dimensions: dict[str, list[Part]] = {}
    for (account, code), amount in (booking.tax_code_sums or {}).items():
        taxes.setdefault(account, []).append(_part(names.tax_code(code), account, amount, booking))
    for (account, dimension, value), amount in (booking.dimension_sums or {}).items():
        part = _part(names.dimension(dimension, value), account, amount, booking)
        dimensions.setdefault(account, []).append(part)
    ordered = sorted(booking.line_sums.items(), key=lambda line: (line[1] < 0, names.account(line[0])))
    return [
        ShownLine(
            account=names.account(account),
            debit=sides(amount)[0],
            credit=sides(amount)[1],
            taxes=sorted(taxes.get(account, [])),
            dimensions=sorted(dimensions.get(account, [])),
        )
        for account, amount in ordered
    ]


def _part(name: str, account: str, amount: Decimal, booking: Booking) -> Part:
    return name, None if amount == booking.line_sums.get(account) else abs(amount)


def sides(amount: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """Debit and credit of an amount that is debit positive."""
    return (amount, None) if amount >= 0 else (None, -amount)


def item_words(item: ExportItem | MalformedItem) -> tuple[str, str, Decimal | None, str]:
    """What an item is, with whom, how much left the wallet and in which currency; what can't be read stays empty."""
    if isinstance(item, MalformedItem):
        return _("unreadable item"), "", None, ""
    payee = payee_of(item, of_employee=False)
    return name_in(item.type, get_language()), payee, amount_of(item), item.amount.wallet.currency


def state_of(row: BookingRow) -> str:
    """The state that a person should read: what stops a booking before how far it came."""
    if row.problems:
        return "rejected"
    if row.posting == "draft":
        return "drafted"
    if row.posting == "handed_over":
        return "handed_over"
    return "booked" if row.state in ("verified", "reported") else row.state
