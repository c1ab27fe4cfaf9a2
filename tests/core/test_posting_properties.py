"""What holds for every item, whatever Pleo sends."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kontobro.core.model.export import ExportItem, ItemLine, ItemTax, Person
from kontobro.core.model.journal import Bill, JournalEntry, Payment, fingerprint
from kontobro.core.model.money import EXPONENTS, exact_sum, scaled
from kontobro.core.model.settings import RowOverride, Settings
from kontobro.core.rules.post import Posted, post_item
from kontobro.core.rules.table import ROWS, table_of
from kontobro.core.words import catalogue
from kontobro.testing.factories import a_line, a_tax, a_vendor, an_amount, an_invoice, an_item, masters, settings
from tests.support.examples import examples

TODAY = dt.date(2026, 11, 22)
MASTERS = masters()
CURRENCIES = ["DKK", "EUR", "JPY", "KWD"]
KINDS = [(row.type, row.subtype) for row in ROWS]

minors = st.one_of(st.integers(-(10**9), 10**9), st.integers(-(10**40), 10**40))


@st.composite
def taxes(draw: st.DrawFn, currency: str, line: int) -> ItemTax | None:
    code, kind = draw(st.sampled_from([("I25", "inclusive"), ("I0", "inclusive"), ("R25", "reverse"), (None, "")]))
    amount = draw(st.integers(min(line, 0), max(line, 0))) if code in ("I25", "R25") else 0
    return draw(st.sampled_from([None, a_tax(amount, code, kind, currency=currency)]))


@st.composite
def lines(draw: st.DrawFn, currency: str) -> ItemLine:
    tags = draw(st.sampled_from([(), (("COST", "100"),), (("COST", "200"), ("PROJECT", "P-1")), (("Free", "x"),)]))
    account = draw(st.sampled_from(["3200", "3600", "3610"]))
    minor = draw(minors)
    return a_line(minor, account, tax=draw(taxes(currency, minor)), tags=tags, currency=currency)


@st.composite
def items(draw: st.DrawFn) -> ExportItem:
    """Good items of every kind: each of them has to be booked, or be nothing."""
    currency = draw(st.sampled_from(CURRENCIES))
    type_, subtype = draw(st.sampled_from(KINDS))
    some = draw(st.lists(lines(currency), min_size=1, max_size=5))
    summed = sum(int(line.amount.wallet.minor) for line in some)
    total = summed + draw(st.integers(1 - len(some), len(some) - 1))
    return an_item(
        type_,
        some,
        subtype=subtype,
        total=total,
        method=draw(st.sampled_from([None, "journal", "none", "accounts_payable"])),
        vendor=draw(st.sampled_from([a_vendor(), a_vendor("V200")])),
        invoice=draw(st.sampled_from([None, an_invoice()])),
        user=draw(st.sampled_from([None, Person("u", "Anna Berg", "E7"), Person("u", "Bo Lind", None)])),
        date=dt.datetime(2026, 9, 2, tzinfo=dt.UTC) + dt.timedelta(minutes=draw(st.integers(0, 119 * 24 * 60))),
    )


@st.composite
def some_settings(draw: st.DrawFn) -> Settings:
    return settings(
        method_when_null=draw(st.sampled_from(["journal", "accounts_payable"])),
        unmatched_vendor="fallback",
        employees_are_vendors=draw(st.booleans()),
        reverse_tax_missing=draw(st.sampled_from(["compute", "as_given"])),
        dimensions_on=draw(st.sampled_from(["expense_lines", "all_lines"])),
        rows=draw(st.sampled_from([(), (RowOverride(type="chargeback", sign="follow"),)])),
    )


def wallet_change(posted: Posted) -> Decimal:
    return exact_sum(line.amount for entry in posted.entries for line in entry.lines if line.role == "wallet")


@given(items(), some_settings())
@hypothesis_settings(max_examples=examples(400), deadline=None)
def test_good_items_are_booked_and_every_entry_balances(item: ExportItem, chosen: Settings) -> None:
    posted = post_item(item, chosen, MASTERS, TODAY)
    if posted.problems:
        assert [problem.code for problem in posted.problems] == ["amount_zero"]
        return
    assert 1 <= len(posted.entries) <= 2
    for entry in posted.entries:
        assert entry.lines
        assert entry.difference == 0
        exponent = EXPONENTS[item.amount.wallet.currency]
        assert all(-int(line.amount.as_tuple().exponent) == exponent for line in entry.lines)
        assert entry.fingerprint == fingerprint(item)
        assert entry.currency == item.amount.wallet.currency


@given(items(), some_settings())
@hypothesis_settings(max_examples=examples(300), deadline=None)
def test_the_wallet_changes_by_what_pleo_says(item: ExportItem, chosen: Settings) -> None:
    """Whatever the method, the splits and the tax: rows that touch the wallet change it by the total, exactly."""
    posted = post_item(item, chosen, MASTERS, TODAY)
    if posted.problems:
        return
    row = table_of(chosen.rows)[item.type, item.subtype]
    sides = {"wallet"} & ({row.debit, row.credit} - ({"wallet"} if row.without_contra else set()))
    size = scaled(abs(int(item.amount.wallet.minor)), EXPONENTS[item.amount.wallet.currency])
    assert wallet_change(posted).copy_abs() == (size if sides else 0)
    if sides and row.sign == "ignore":
        assert (wallet_change(posted) >= 0) == (row.debit == "wallet")


@given(items(), some_settings())
@hypothesis_settings(max_examples=examples(200), deadline=None)
def test_documents_come_in_pairs_that_name_each_other(item: ExportItem, chosen: Settings) -> None:
    posted = post_item(item, chosen, MASTERS, TODAY)
    first, *rest = posted.entries or (None,)
    if rest:
        (payment,) = rest
        assert isinstance(first, Bill)
        assert isinstance(payment, Payment)
        assert (first.reference, payment.reference) == (item.entry_id, f"{item.entry_id}/pay")
        assert payment.settles == first.reference
        assert payment.received == first.credit_note
        assert payment.date == first.date
    elif first:
        assert first.reference == item.entry_id
        assert isinstance(first, JournalEntry | Bill | Payment)


texts = st.text(max_size=30)
amounts = st.builds(
    an_amount,
    st.sampled_from(["0", "1.5", "NaN", "-Infinity", "1E+40", "-250", "99999999999999999"]),
    st.sampled_from(["DKK", "UNDEFINED", "", "EUR"]),
)


@given(
    type_=st.one_of(texts, st.sampled_from([row.type for row in ROWS])),
    subtype=st.one_of(st.none(), texts),
    method=st.one_of(st.none(), texts, st.just("accounts_payable")),
    total=amounts,
    line=amounts,
    tax=amounts,
    tax_type=st.sampled_from(["inclusive", "reverse", "exclusive", ""]),
    text=texts,
    date=st.datetimes(timezones=st.just(dt.UTC)),
)
@hypothesis_settings(max_examples=examples(300), deadline=None)
def test_nothing_that_pleo_may_send_raises(
    type_: str, subtype: str | None, method: str | None, total: object, line: object, tax: object, tax_type: str,
    text: str, date: dt.datetime,
) -> None:  # fmt: skip
    """NaN, infinities, mixed currencies, any text anywhere: entries or problems with known codes, never a crash."""
    good = a_line(tax=a_tax(type=tax_type, rate="NaN"), tags=((text, text),))
    bad = ItemLine(text, line, total, good.account, good.tags, ItemTax("", tax_type, Decimal("0.2"), tax, text))  # type: ignore[arg-type]
    item = an_item(
        type_, [good, bad], subtype=subtype, method=method, amount=total, note=text, date=date,
        vendor=a_vendor(text, text), user=Person(text, text, text), reconciliation_id=text, attendees=(text,),
        service_period=(date, date),
    )  # fmt: skip
    posted = post_item(item, settings(), MASTERS, TODAY)
    assert bool(posted.entries) != bool(posted.problems)
    reasons = catalogue().reasons
    assert all(reasons[problem.code] == problem.reason for problem in posted.problems)
    assert all(str(problem).isprintable() and len(str(problem)) < 600 for problem in posted.problems)
