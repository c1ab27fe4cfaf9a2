"""What a connector reads of a company, and what it refuses by it (part of `connector_contract`)."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast, get_args

import pytest

from kontobro.core.model.journal import Entry, EntryLine
from kontobro.core.model.masterdata import (
    Account,
    Company,
    Dimension,
    DimensionValue,
    MasterRecord,
    Period,
    TaxCode,
    Vendor,
)
from kontobro.core.model.money import exponent
from kontobro.core.ports import Fact, Rehearses
from kontobro.testing.connector.books import Books, Contract, need_reference
from kontobro.testing.connector.entries import Chart, a_journal, a_taxed_journal, an_invoice_journal

NOWHERE = "no such one"
REASONS = {
    "account": {"account_unknown", "accounting_system_validation_failure"},
    "vendor": {"vendor_unknown"},
    "dimension value": {"tag_unknown"},
    "tax code": {"tax_code_unknown"},
}
KINDS: dict[str, type[MasterRecord]] = {
    "account": Account,
    "vendor": Vendor,
    "dimension value": DimensionValue,
    "tax code": TaxCode,
}


class CheckedContract(Contract):
    """Master data as the company has them; nothing is booked on what is unknown, inactive or of another currency."""

    page = "problems-and-errors"

    def test_its_capabilities_agree_with_each_other(self, books: Books) -> None:
        can = books.connector.capabilities
        assert {Company, Account} <= can.kinds <= set(get_args(MasterRecord))
        assert can.reference in ("enforced", "searchable", "none")
        assert can.batch_size is None or can.batch_size >= 1
        assert can.settle_after.total_seconds() >= 0
        assert can.not_kept <= set(get_args(Fact))
        assert not (DimensionValue in can.kinds and "dimensions" in can.not_kept), "values that no entry keeps"
        assert not can.withdraws_drafts or (can.drafts and hasattr(books.connector, "withdraw"))
        assert not can.rehearses or hasattr(books.connector, "rehearse")
        if can.receipts:
            assert can.receipts.max_bytes > 0
            assert all(kind.count("/") == 1 for kind in can.receipts.media_types)

    def test_the_companys_currency_and_time_zone_exist(self, books: Books) -> None:
        company = books.connector.check()
        assert exponent(company.currency) is not None, f"{company.currency} is not a currency of ISO 4217"
        assert company.time_zone is None or company.time_zone in zoneinfo.available_timezones()
        assert list(books.connector.read(Company)) == [company]

    def test_the_records_of_the_chart_are_read_as_they_are(self, books: Books) -> None:
        chart = books.chart
        accounts = {one.id: one for one in books.connector.read(Account)}
        named = {chart.expense, chart.payable, chart.input_tax, chart.output_tax, *chart.wallets.values()}
        assert all(accounts[one].active for one in named)
        if chart.only_in:
            account, currency = chart.only_in
            assert accounts[account].currencies == (currency,)
        codes = {one.id: one for one in read(books, TaxCode)}
        for code, kind in ((chart.tax_code, "inclusive"), (chart.reverse_code, "reverse")) if codes else ():
            assert (codes[code].rate, codes[code].type, codes[code].active) == (Decimal("0.25"), kind, True)
            assert codes[code].ingoing_account == chart.input_tax
            output = chart.reverse_output or chart.output_tax
            assert codes[code].outgoing_account == (output if kind == "reverse" else None)
        assert all(one.active for one in read(books, Vendor) if one.id == chart.vendor)

    def test_every_value_belongs_to_a_dimension(self, books: Books) -> None:
        dimensions = {one.id for one in read(books, Dimension)}
        values = {(one.dimension_id, one.id): one for one in read(books, DimensionValue)}
        assert {dimension for dimension, _ in values} <= dimensions
        if values:
            assert all(values[pair].active for pair in books.chart.dimensions)

    def test_a_closed_day_is_read_as_closed(self, books: Books) -> None:
        periods = list(read(books, Period))
        if not periods or books.chart.closed_day is None:
            pytest.skip("the company has no periods")
        states = [
            {one.state for one in periods if one.start <= day <= one.end}
            for day in (books.chart.closed_day, books.chart.open_day)
        ]
        assert "open" not in states[0]
        assert states[1] == {"open"}

    @pytest.mark.parametrize("kind", list(KINDS))
    def test_what_is_unknown_is_refused(self, books: Books, kind: str) -> None:
        need_kind(books, kind)
        refused(books, naming(books.chart, kind, NOWHERE), REASONS[kind])

    @pytest.mark.parametrize("kind", list(KINDS))
    def test_what_is_inactive_is_refused(self, books: Books, kind: str) -> None:
        need_kind(books, kind)
        chart = books.chart
        given = {
            "account": chart.inactive_account,
            "vendor": chart.inactive_vendor,
            "dimension value": chart.inactive_value,
            "tax code": chart.inactive_tax_code,
        }
        if given[kind] is None:
            pytest.skip(f"the company has no inactive {kind}: name one in the chart")
        records = [one for one in read(books, KINDS[kind]) if one.id == given[kind]]
        assert not any(getattr(one, "active", True) and not getattr(one, "closed", None) for one in records)
        refused(books, naming(chart, kind, given[kind]), REASONS[kind])

    def test_the_vendor_of_a_line_is_checked_too(self, books: Books) -> None:
        need_kind(books, "vendor")
        entry = naming(books.chart, "vendor", NOWHERE)
        refused(books, replace(entry, vendor=books.chart.vendor), REASONS["vendor"])

    def test_a_value_of_another_dimension_is_refused(self, books: Books) -> None:
        need_kind(books, "dimension value")
        (first, one), (second, other) = books.chart.dimensions[:2]
        for pair in ((first, other), (second, one)):
            refused(books, with_dimension(books.chart, pair), REASONS["dimension value"])

    def test_an_account_takes_its_own_currency_only(self, books: Books) -> None:
        if books.chart.only_in is None:
            pytest.skip("no account of the company is kept to a currency: name one in the chart")
        line = EntryLine(account=books.chart.only_in[0], amount=Decimal(-99), role="wallet")
        entry = a_journal(books.chart)
        refused(books, replace(entry, lines=(entry.lines[0], line)), REASONS["account"])

    def test_what_exists_comes_first(self, books: Books) -> None:
        need_reference(books)
        entry = a_journal(books.chart)
        (booking,) = books.book(entry)
        again = replace(naming(books.chart, "account", NOWHERE), reference=entry.reference)
        assert books.connector.book([again]) == [booking]

    def test_a_rehearsal_books_nothing(self, books: Books) -> None:
        if not books.connector.capabilities.rehearses:
            pytest.skip("the connector rehearses no job")
        good, bad = a_taxed_journal(books.chart), naming(books.chart, "account", NOWHERE)
        cast(Rehearses, books.connector).rehearse([good, bad])
        assert not books.is_booked(good)
        assert [bool(found) for found in books.connector.validate([good, bad])] == [False, True]
        assert len(books.book(good)) == 1


def read(books: Books, kind: type[Any]) -> list[Any]:
    """The records of a kind that the system has; none of one that it has not."""
    return list(books.connector.read(kind)) if kind in books.connector.capabilities.kinds else []


def need_kind(books: Books, kind: str) -> None:
    """Without master data of a kind no entry names one."""
    if KINDS[kind] not in books.connector.capabilities.kinds:
        pytest.skip(f"the accounting system has no {kind}s")


def refused(books: Books, entry: Entry, reasons: set[str]) -> None:
    """Validation says so, with a remedy, and so does booking; nothing is booked."""
    (problems,) = books.connector.validate([entry])
    assert problems, "validate found nothing"
    assert {problem.reason for problem in problems} <= reasons
    assert all(problem.remedy and problem.field for problem in problems)
    answer = books.refused(entry)
    assert answer in problems
    assert not books.is_booked(entry)


def naming(chart: Chart, kind: str, name: Any) -> Entry:
    """An entry that names a record."""
    return _NAMING[kind](chart, name)


def with_dimension(chart: Chart, pair: tuple[str, str]) -> Entry:
    entry = a_journal(chart)
    return replace(entry, lines=(replace(entry.lines[0], dimensions=(pair,)), *entry.lines[1:]))


def _with_account(chart: Chart, account: str) -> Entry:
    entry = a_journal(chart)
    return replace(entry, lines=(replace(entry.lines[0], account=account), *entry.lines[1:]))


def _with_tax_code(chart: Chart, code: str) -> Entry:
    entry = a_taxed_journal(chart)
    lines = [replace(line, tax_code=code) if line.tax_code else line for line in entry.lines]
    return replace(entry, lines=tuple(lines))


def _with_value(chart: Chart, value: str) -> Entry:
    return with_dimension(chart, (chart.dimensions[0][0], value))


_NAMING: dict[str, Callable[[Chart, str], Entry]] = {
    "account": _with_account,
    "vendor": lambda chart, name: an_invoice_journal(replace(chart, vendor=name)),
    "dimension value": _with_value,
    "tax code": _with_tax_code,
}
