"""The master data of a ledger: open directives and our custom directives, read by Beancount's own loader.

The directives are documented in `docs/connectors/beancount.md`. A later directive of the same code replaces
an earlier one, as in all of Beancount.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal, TypeVar, cast

from beancount.core.data import Close, Custom, Directive, Open

from kontobro.core.errors import Misconfigured
from kontobro.core.model.masterdata import (
    Account,
    AccountType,
    Company,
    Dimension,
    DimensionValue,
    Employee,
    Journal,
    MasterRecord,
    Period,
    TaxCode,
    TaxType,
    Vendor,
)
from kontobro.core.words import told
from kontobro.erp.beancount.load.beforehand import Beforehand, State
from kontobro.erp.beancount.load.ledger import load_ledger, patterns_of, roots_of
from kontobro.erp.beancount.load.outline import Outline, outline_of
from kontobro.erp.beancount.syntax.assertions import Assertions, assertions_of
from kontobro.erp.beancount.syntax.written import Written

R = TypeVar("R", bound=MasterRecord)
KINDS: frozenset[type] = frozenset(
    [Company, Account, TaxCode, Dimension, DimensionValue, Vendor, Employee, Journal, Period]
)
_TAX_TYPES = ("inclusive", "reverse", "exclusive")
_TYPES: Mapping[str, AccountType] = {
    "assets": "asset",
    "liabilities": "liability",
    "equity": "equity",
    "income": "income",
    "expenses": "expense",
}
"""The root accounts by their options (`name_assets`)."""
_STATES = ("open", "closed", "locked")


@dataclass(frozen=True, slots=True)
class LedgerMasters:
    """All master records of one ledger, each kind by its id, and what else its main file says.

    `files` they were read from, `patterns` by which more may be included; `roots` are the options that rename root
    accounts, as (name, value). `outline`: against what new entries can be tried as long as all its files are as they
    were, which `states` tells (as `Beforehand.states`).
    """

    records: Mapping[type, Mapping[object, MasterRecord]]
    files: tuple[str, ...]
    patterns: tuple[str, ...] = ()
    roots: tuple[tuple[str, str], ...] = ()
    assertions: Assertions = field(default_factory=dict)
    outline: Outline | None = None
    states: Mapping[str, State] | None = field(default_factory=dict)

    def by_id(self, kind: type[R]) -> Mapping[object, R]:
        """The records of a kind by id; dimension values by (dimension id, id)."""
        return cast(Mapping[object, R], self.records.get(kind, {}))

    def all(self, kind: type[R]) -> tuple[R, ...]:
        return tuple(self.by_id(kind).values())

    @property
    def company(self) -> Company:
        return self.all(Company)[0]


def load(ledger: Path) -> LedgerMasters:
    """Load the whole ledger. Raises Misconfigured with file, line and remedy when Beancount finds an error."""
    before = Beforehand.of(ledger)
    directives, options = load_ledger(ledger)
    types = {options[f"name_{root}"]: type_ for root, type_ in _TYPES.items()}
    records = _records(directives, options["operating_currency"], Written(ledger.parent), types)
    if not records.get(Company):
        raise Misconfigured(
            *told("ledger_without_company", ledger=ledger.name, title=options["title"] or "Our Company")
        )
    files = tuple(options["include"])
    states = before.states(files)
    return LedgerMasters(
        records,
        files,
        patterns_of(files, ledger.parent / "bookings"),
        roots_of(options),
        assertions_of(directives, options, str(ledger.parent)),
        outline_of(directives, options, before.consulted) if states and before.consulted is not None else None,
        states,
    )


def _records(
    directives: Iterable[Directive], currencies: list[str], written: Written, types: Mapping[str, AccountType]
) -> dict[type, dict[object, MasterRecord]]:
    records: dict[type, dict[object, MasterRecord]] = {}
    for directive in directives:
        if isinstance(directive, Open):
            _add(records, directive.account, _account(directive, written, types))
        elif isinstance(directive, Close):
            opened = cast(Account, records[Account][directive.account])
            _add(records, opened.id, replace(opened, closed=directive.date))  # Beancount takes entries of that day too
        elif isinstance(directive, Custom) and directive.type in _READERS:
            record = _read(directive, currencies, written)
            _add(records, _identity(record), record)
    return records


def _add(records: dict[type, dict[object, MasterRecord]], identity: object, record: MasterRecord) -> None:
    records.setdefault(type(record), {})[identity] = record


def by_identity(records: Iterable[MasterRecord]) -> dict[object, MasterRecord]:
    """Records of one kind, as `LedgerMasters.records` has them."""
    return {_identity(record): record for record in records}


def _identity(record: MasterRecord) -> object:
    match record:
        case Company():
            return ""  # a ledger has one
        case DimensionValue():
            return record.dimension_id, record.id
        case _:
            return record.id


def _account(opened: Open, written: Written, types: Mapping[str, AccountType]) -> Account:
    code = written.meta(opened.meta, "code") or opened.account
    name = written.meta(opened.meta, "name") or opened.account
    currencies = tuple(opened.currencies or ())
    return Account(
        id=opened.account,
        code=code,
        name=name,
        active=_active(opened.meta),
        currencies=currencies,
        name_too=opened.account,
        opened=opened.date,
        type=types.get(opened.account.partition(":")[0]),
    )


def _read(directive: Custom, currencies: list[str], written: Written) -> MasterRecord:
    reader, usage = _READERS[directive.type]
    try:
        return reader(_Line(directive, currencies, written))
    except (IndexError, ValueError, TypeError):
        place = f"{Path(str(directive.meta['filename'])).name}:{directive.meta['lineno']}"
        raise Misconfigured(
            *told("directive_wrong", place=place, directive=directive.type, usage=usage),
            job_failure="invalid_configuration",
        ) from None


@dataclass(frozen=True, slots=True)
class _Line:
    """One custom directive, as its reader sees it."""

    directive: Custom
    currencies: list[str]
    written: Written

    def text(self, n: int) -> str:
        """The n-th value as a text; digits may exist unquoted."""
        value = self.written.value(self.value(n), n, self.directive.meta)
        if not value:
            raise TypeError(n)
        return value

    def value(self, n: int) -> object:
        return self.directive.values[n].value

    def meta(self, key: str) -> str | None:
        return self.written.meta(self.directive.meta, key)

    @property
    def active(self) -> bool:
        return _active(self.directive.meta)


def _active(meta: Mapping[str, object]) -> bool:
    return meta.get("active") is not False


def _company(line: _Line) -> Company:
    currency = line.meta("currency") or line.currencies[0]
    name = line.text(0)
    return Company(line.meta("id") or name, name, currency, line.meta("time-zone"), line.meta("country"))


def _tax_code(line: _Line) -> TaxCode:
    rate, tax_type = line.value(2), line.text(3)
    if not isinstance(rate, Decimal) or tax_type not in _TAX_TYPES:
        raise ValueError(tax_type)
    return TaxCode(
        line.text(0),
        line.text(0),
        line.text(1),
        rate,
        cast(TaxType, tax_type),
        line.meta("ingoing"),
        line.meta("outgoing"),
        line.active,
    )


def _dimension(line: _Line) -> Dimension:
    return Dimension(line.text(0), line.text(0), line.text(1), line.active)


def _dimension_value(line: _Line) -> DimensionValue:
    return DimensionValue(line.text(1), line.text(0), line.text(1), line.text(2), line.active)


def _vendor(line: _Line) -> Vendor:
    return Vendor(
        id=line.text(0),
        code=line.text(0),
        name=line.text(1),
        account=line.meta("account"),
        number=line.meta("number"),
        registration_number=line.meta("registration-number"),
        tax_registration_number=line.meta("tax-number"),
        currency=line.meta("currency"),
        country=line.meta("country"),
        active=line.active,
        pleo_id=line.meta("pleo"),
    )


def _employee(line: _Line) -> Employee:
    return Employee(line.text(0), line.text(0), line.text(1))


def _journal(line: _Line) -> Journal:
    return Journal(line.text(0), line.text(0), line.text(1))


def _period(line: _Line) -> Period:
    start, end, state = line.directive.date, line.value(0), line.text(1)
    if not isinstance(end, date) or end < start or state not in _STATES:
        raise ValueError(state)
    return Period(start.isoformat(), start, end, cast(Literal["open", "closed", "locked"], state))


_READERS: dict[str, tuple[Callable[[_Line], MasterRecord], str]] = {
    "company": (_company, '2020-01-01 custom "company" "Fjord & Bro ApS"   (currency: DKK under it)'),
    "tax-code": (_tax_code, '2020-01-01 custom "tax-code" "I25" "Input VAT 25 %" 0.25 "inclusive" (or "reverse")'),
    "dimension": (_dimension, '2020-01-01 custom "dimension" "COST" "Cost centre"'),
    "dimension-value": (_dimension_value, '2020-01-01 custom "dimension-value" "COST" "100" "Sales"'),
    "vendor": (_vendor, '2020-01-01 custom "vendor" "V100" "Staples"'),
    "employee": (_employee, '2020-01-01 custom "employee" "E7" "Anna Berg"'),
    "journal": (_journal, '2020-01-01 custom "journal" "PLEO" "Pleo"'),
    "period": (_period, '2026-01-01 custom "period" 2026-08-31 "closed" (or "open", "locked")'),
}
