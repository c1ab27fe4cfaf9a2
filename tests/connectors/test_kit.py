"""The kit for connectors, piece by piece; docs/connectors/kit.md shows the usual cases."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.errors import (
    BadAnswer,
    Misconfigured,
    NotAllowed,
    Note,
    Problem,
    RateLimited,
    Uncertain,
    Unreachable,
)
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Booking, Entry, EntryKey, InvoiceKey, JournalEntry, Payment, Reference
from kontobro.core.model.masterdata import Account, DimensionValue, Period, TaxCode, Vendor
from kontobro.erp.kit import checks, flow, lookup, receipts
from kontobro.erp.kit.http import Call, Refused, address_of, decoded, fault_of, refused_alone, send
from kontobro.erp.kit.masters import Cached, knows
from kontobro.erp.kit.masters_file import read_masters
from kontobro.erp.kit.vendors import by_key
from kontobro.testing.connector.entries import Chart, a_bill, a_journal

DAY = dt.date(2026, 9, 1)
SYSTEM = "Our ERP"
TRAVEL = Account("7", "6010", "Travel", opened=dt.date(2026, 1, 1), closed=dt.date(2026, 10, 31))
VAT = TaxCode("3", "I25", "Input VAT", Decimal("0.25"), "inclusive", closed=dt.date(2026, 12, 31))


def an_entry(**change: object) -> JournalEntry:
    entry = replace(a_journal(Chart(), amount="100.00"), date=DAY, journal=None)
    return replace(entry, **change)  # type: ignore[arg-type]  # fields of it


def a_line_with(**change: object) -> JournalEntry:
    """An entry whose first line is changed."""
    entry = an_entry()
    return replace(entry, lines=(replace(entry.lines[0], **change), *entry.lines[1:]))  # type: ignore[arg-type]  # fields of it


def names(found: Sequence[Problem]) -> list[str]:
    return [f"{one.code}.{one.form}" if one.form else one.code for one in found]


# --------------------------------------------------------------------------------------------------- checks


@pytest.mark.parametrize("reference", ["", "two\nlines", "x" * 201])
def test_a_reference_is_kept_to_the_letter(reference: str) -> None:
    kept = partial(checks.check_reference, system=SYSTEM, keeps=lambda text: text.replace("\n", " "))
    assert [one.code for one in kept(an_entry(reference=Reference(reference)))] == ["reference_invalid"]
    assert list(kept(an_entry())) == []


def test_a_text_is_measured_as_the_system_keeps_it() -> None:
    assert list(checks.check_length("payee", "a  b", SYSTEM, 3, lambda text: " ".join(text.split()))) == []
    (found,) = checks.check_length("invoice number", "x" * 4, SYSTEM, 3)
    assert (found.code, found.field, found.facts["length"], found.facts["most"]) == (
        "text_too_long",
        "invoice number",
        4,
        3,
    )


@pytest.mark.parametrize(
    ("amount", "found"),
    [
        ("123456789012.34", []),
        ("1234567890123.45", ["amount_invalid.digits"]),
        ("1E+14", ["amount_invalid.digits"]),
        ("NaN", ["amount_invalid.not_finite"]),
        ("-Infinity", ["amount_invalid.not_finite"]),
    ],
)
def test_an_amount_is_held_to_the_last_digit(amount: str, found: list[str]) -> None:
    entry = a_line_with(account="7", amount=Decimal(amount))
    problems = list(checks.check_digits(entry, SYSTEM, 14, {"7": TRAVEL}.get))
    assert names(problems) == found
    assert all(one.facts["account"] == "6010 Travel" for one in problems)


@pytest.mark.parametrize(("amount", "decimals", "bad"), [("1.50", 1, False), ("1.55", 1, True), ("1.55", None, False)])
def test_decimals_are_those_of_the_currency(amount: str, decimals: int | None, bad: bool) -> None:
    found = list(checks.check_decimals(a_line_with(amount=Decimal(amount)), SYSTEM, decimals))
    assert names(found) == ["amount_invalid.decimals"] * bad


def test_later_checks_are_left_out_where_they_make_no_sense() -> None:
    endless = a_line_with(amount=Decimal("NaN"))
    found = checks.first_of(checks.check_digits(endless, SYSTEM, 14, {}.get), checks.check_balance(endless))
    assert names(list(found)) == ["amount_invalid.not_finite"]
    assert names(list(checks.check_balance(an_entry(lines=())))) == ["unbalanced.empty"]


@pytest.mark.parametrize(
    ("account", "day", "currency", "found"),
    [
        (TRAVEL, DAY, "DKK", []),
        (None, DAY, "DKK", ["account_unknown.system"]),
        (replace(TRAVEL, active=False), DAY, "DKK", ["account_unknown.inactive"]),
        (TRAVEL, dt.date(2026, 11, 1), "DKK", ["account_closed"]),
        (replace(TRAVEL, currencies=("EUR",)), DAY, "DKK", ["account_currency.system"]),
    ],
)
def test_an_account_takes_the_entry(account: Account | None, day: dt.date, currency: str, found: list[str]) -> None:
    entry = an_entry(date=day, currency=currency)
    accounts = {line.account: account for line in entry.lines if account}
    problems = checks.distinct(checks.check_accounts(entry, SYSTEM, accounts.get))
    assert sorted(set(names(problems))) == found


def test_an_account_is_named_as_people_know_it() -> None:
    assert checks.account_name(TRAVEL, "7") == "6010 Travel"
    assert checks.account_name(replace(TRAVEL, name_too="Expenses:Travel"), "7") == "Expenses:Travel"
    assert checks.account_name(None, "8") == "8"


@pytest.mark.parametrize(
    ("periods", "found"),
    [
        ([Period("1", dt.date(2026, 9, 1), dt.date(2026, 9, 30), "open")], []),
        ([Period("1", dt.date(2026, 9, 1), dt.date(2026, 9, 30), "locked")], ["period_closed.system"]),
        ([Period("1", dt.date(2026, 8, 1), dt.date(2026, 8, 31), "open")], ["period_closed.no_period"]),
    ],
)
def test_the_day_is_in_an_open_period(periods: list[Period], found: list[str]) -> None:
    assert names(list(checks.check_period(an_entry(), SYSTEM, periods))) == found


@pytest.mark.parametrize(
    "known",
    [
        None,
        DimensionValue("100", "PROJECT", "100", "Sales"),
        DimensionValue("100", "COST", "100", "Sales", active=False),
    ],
)
def test_a_dimension_value_is_one_of_its_dimension(known: DimensionValue | None) -> None:
    entry = a_line_with(dimensions=(("COST", "100"),))
    assert names(list(checks.check_dimensions(entry, SYSTEM, lambda *_: known))) == ["dimension_value_unknown"]
    fitting = DimensionValue("100", "COST", "100", "Sales")
    assert list(checks.check_dimensions(entry, SYSTEM, lambda *_: fitting)) == []


def test_every_vendor_counts_also_that_of_the_bill_which_a_payment_settles() -> None:
    fields = {name: getattr(an_entry(), name) for name in ("reference", "date", "currency", "lines", "fingerprint")}
    payment = Payment(**fields, vendor="1", settles=InvoiceKey("2", "R1", "DKK"))
    assert checks.vendors_named(payment, a_bill(Chart(vendor="3"))) == {"1", "2", "3"}
    asleep = {"1": Vendor(id="1", code="", name="", active=False)}
    found = list(checks.check_vendors(payment, SYSTEM, asleep.get))
    assert [(one.code, one.value) for one in found] == [("vendor_unknown", "1"), ("vendor_unknown", "2")]


def test_a_bill_is_owed_to_somebody() -> None:
    assert names(list(checks.check_owed_to(replace(a_bill(Chart()), vendor=None), SYSTEM)))
    assert list(checks.check_owed_to(an_entry(vendor=None), SYSTEM)) == []


@pytest.mark.parametrize(
    ("code", "day", "found"),
    [
        (VAT, DAY, []),
        (None, DAY, ["tax_code_unknown.system"]),
        (replace(VAT, active=False), DAY, ["tax_code_unknown.system"]),
        (VAT, dt.date(2027, 1, 1), ["tax_code_unknown.days"]),
    ],
)
def test_a_tax_code_is_used_on_the_day(code: TaxCode | None, day: dt.date, found: list[str]) -> None:
    entry = replace(a_line_with(tax_code="3"), date=day)
    entry = replace(entry, lines=entry.lines[:1])
    assert names(list(checks.check_tax_codes(entry, SYSTEM, lambda _: code))) == found


def test_a_journal_is_looked_at_when_it_is_asked_for() -> None:
    assert list(checks.check_journal(an_entry(), SYSTEM, set())) == []
    assert names(list(checks.check_journal(an_entry(journal="9"), SYSTEM, {"1"}))) == ["journal_unknown"]
    assert names(list(checks.check_currency(an_entry(currency="SEK"), SYSTEM, {"DKK"}))) == ["currency_inactive"]
    assert names(list(checks.check_currency(an_entry(currency="XXX"), SYSTEM, {"XXX"}))) == ["currency_inactive"]


# ----------------------------------------------------------------------------------------------------- flow


def a_booking(entry: Entry, status: str = "draft") -> Booking:
    reference = entry.reference
    return Booking(
        reference=reference,
        id=reference,
        status=status,
        date=DAY,
        currency="DKK",
        total=entry.total,  # type: ignore[arg-type]  # one of them
    )


@given(st.lists(st.integers(0, 5), max_size=8), st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)))
def test_each_reference_is_created_once_and_answered_in_order(
    asked: list[int], existing: set[int], void: set[int]
) -> None:
    entries = {n: an_entry(reference=Reference(str(n))) for n in range(6)}
    ledger = {entries[n].reference: a_booking(entries[n]) for n in existing}
    ledger |= {entries[n].reference: a_booking(entries[n], "void") for n in void - existing}
    made: list[str] = []

    def create(new: Sequence[Entry]) -> dict[Reference, Problem]:
        made.extend(entry.reference for entry in new)
        ledger.update({entry.reference: a_booking(entry) for entry in new})
        return {}

    answers = flow.book([entries[n] for n in asked], SYSTEM, lambda _: ledger, lambda new: [[] for _ in new], create)
    assert [getattr(one, "reference", None) for one in answers] == [str(n) for n in asked]
    assert [getattr(one, "status", None) for one in answers] == ["draft"] * len(asked)
    assert made == [str(n) for n in dict.fromkeys(asked) if n not in existing]


def test_a_note_stops_nothing_and_the_first_problem_is_the_answer() -> None:
    good, bad = an_entry(), an_entry(reference=Reference("bad"))
    note = Note("n", "date", "", "m", "r", "validation_failure")
    first, second = (Problem(code, "f", "", "m", "r", "validation_failure") for code in ("one", "two"))
    wanted, refused = flow.sorted_out([good, bad], [[note], [note, first, second]])
    assert (wanted, refused) == ([good], {bad.reference: first})


def test_what_another_booked_in_the_meantime_comes_before_a_refusal() -> None:
    entry = an_entry()
    problems = {entry.reference: Problem("one", "f", "", "m", "r", "validation_failure")}
    found = {entry.reference: a_booking(entry)}
    assert flow.booked([entry.reference], SYSTEM, problems, found) == [found[entry.reference]]
    assert flow.answered([entry.reference], SYSTEM, problems, found) == [problems[entry.reference]]
    void = {entry.reference: a_booking(entry, "void")}
    assert flow.booked([entry.reference], SYSTEM, problems, void) == [problems[entry.reference]]
    (gone,) = flow.answered([entry.reference], SYSTEM, {}, {})
    assert isinstance(gone, Problem)
    said = [
        gone,
        flow.refused(entry.reference, SYSTEM, "no such day"),
        flow.not_posted(entry.reference, SYSTEM, "closed"),
    ]
    assert [one.code for one in said] == ["booking_gone", "refused_by_accounting_system", "not_posted"]
    assert [one.facts.get("said") for one in said] == [None, "no such day", "closed"]


# --------------------------------------------------------------------------------------------------- lookup


@pytest.mark.parametrize(
    ("asked", "counts"),
    [
        (InvoiceKey("V", "R", "DKK"), "open"),  # of its currency and still open, though younger
        (InvoiceKey("V", "R", "SEK"), "first"),  # of none there is: any that is open, by preference
        (Reference("a"), "first"),  # by reference the preference alone
    ],
)
def test_what_counts_under_a_key(asked: EntryKey, counts: str) -> None:
    bills = {"paid": ("DKK", Decimal(0)), "open": ("DKK", Decimal(5)), "first": ("EUR", Decimal(5))}
    order = ["first", "paid", "open"]
    assert lookup.best(asked, bills, lambda one: (order.index(one),), lambda one: bills[one]) == counts
    assert lookup.best(asked, (), lambda one: (1,), lambda one: bills[one]) is None


def test_under_a_reference_is_looked_only_among_its_own() -> None:
    first, void, other = (an_entry(reference=Reference(name)) for name in ("a", "b", "c"))
    read = [a_booking(first), a_booking(first, "void"), a_booking(void, "void"), a_booking(other)]
    seen: list[list[Booking]] = []

    def pick(key: EntryKey, under: Iterable[Booking]) -> Booking | None:
        seen.append(list(under))
        return next(iter(seen[-1]), None)

    keys: list[EntryKey] = [Reference("a"), Reference("b"), Reference("none"), InvoiceKey("V", "R", "DKK")]
    assert lookup.picked(keys, read, pick) == {keys[0]: read[0], keys[1]: read[2], keys[3]: read[0]}
    assert seen == [read[:2], [read[2]], [], read]
    assert lookup.live([Reference("a"), Reference("b")], read, pick) == {Reference("a"): read[0]}


# ---------------------------------------------------------------------------------------- masters, receipts


def test_masters_are_read_again_when_they_are_old_or_lack_something() -> None:
    reads, now = iter(range(10)), [0.0]
    kept = Cached(lambda: next(reads), 300, lambda: now[0])
    assert [kept(), kept(), kept.that(lambda known: known == 0)] == [0, 0, 0]
    assert kept.that(lambda known: known == 7) == 1, "once, even when it is still missing"
    now[0] = 301
    assert [kept(), kept(), kept.fresh()] == [2, 2, 3]


@pytest.mark.parametrize("missing", ["accounts", "taxes", "values", "currencies"])
def test_masters_know_an_entry_when_all_that_it_names_is_there(missing: str) -> None:
    entry = a_line_with(tax_code="3", dimensions=(("COST", "100"),))
    accounts = frozenset(line.account for line in entry.lines)
    known = {"accounts": accounts, "taxes": {"3"}, "values": {"100"}, "currencies": {"DKK"}}
    assert knows(SimpleNamespace(**known), entry)
    assert not knows(SimpleNamespace(**known | {missing: ()}), entry)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("taxes = 1", "there is no table taxes"),
        ("[[vendors]]\ncode = 1\nname = 'Staples'", r"vendors\[1\]: Expected `str`"),
        ("[[vendors]]\ncode = '1'\nname = 'Staples'\nactiv = false", r"vendors\[1\]: it has no field activ"),
        ("[[tax_codes]]\ncode = 'I'\nname = 'I'\nrate = nan\ntype = 'reverse'", r"tax_codes\[1\]: its rate"),
        ("[[periods]]\nstart = 2026-02-01\nend = 2026-01-01\nstate = 'open'", r"periods\[1\]: it ends before"),
        ("company = 3", r"company\[1\]: Expected `object`"),
        ("x =", "TOML"),
        ("x = '\udcff'", "TOML"),
        ("x = " + "[" * 100_000, "TOML"),
    ],
)
def test_a_wrong_file_of_masters_is_said_with_its_row(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "masters.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(Misconfigured) as fault:
        read_masters(file)
    assert re.search(what, f"{fault.value.message} {fault.value.remedy}")


def test_a_missing_file_of_masters_is_said(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="No such file"):
        read_masters(tmp_path / "none.toml")


def test_receipts_are_required_before_any_is_attached() -> None:
    good = Receipt("a.pdf", "application/pdf", b"", "ab")
    with pytest.raises(NotAllowed, match=r"b\.txt"):
        receipts.require([good, replace(good, name="b.txt", media_type="text/plain")])
    assert [receipts.digest_in(text) for text in (None, "", "holiday", receipts.mark_of(good))] == [
        None,
        None,
        None,
        "ab",
    ]


def test_vendors_are_known_by_pleos_id() -> None:
    first, second = Vendor(id="1", code="", name="a"), Vendor(id="7", code="", name="b", pleo_id="2")
    assert by_key([first, second, first]) == {"1": first, "2": second}


# ----------------------------------------------------------------------------------------------------- HTTP


READ, WRITE = Call(SYSTEM, "accounts"), Call(SYSTEM, "entries", writes=True)


@pytest.mark.parametrize("code", [408, 425, 502, 503, 504, 520])
def test_a_gateways_status_is_patience_and_after_a_write_doubt(code: int) -> None:
    assert type(fault_of(httpx2.Response(code), READ, {})) is Unreachable
    assert type(fault_of(httpx2.Response(code), WRITE, {code: BadAnswer("own")})) is Uncertain


def test_a_status_of_the_systems_own_words() -> None:
    own = BadAnswer("own")
    assert fault_of(httpx2.Response(400), READ, {400: own}) is own
    assert fault_of(httpx2.Response(400), READ, {}) is None
    busy = fault_of(httpx2.Response(429, headers={"Retry-After": "99999"}), READ, {})
    assert isinstance(busy, RateLimited)
    assert busy.retry_after == 3600


@pytest.mark.parametrize(
    ("lost", "after_write"),
    [(httpx2.ConnectError("x"), Unreachable), (httpx2.ReadError("x"), Uncertain), (httpx2.ReadTimeout("x"), Uncertain)],
)
def test_a_lost_answer(lost: httpx2.RequestError, after_write: type[Exception]) -> None:
    def request() -> httpx2.Response:
        raise lost

    with pytest.raises(after_write):
        send(request, WRITE)
    with pytest.raises(Unreachable):
        send(request, READ)


def test_json_is_exact_and_bounded() -> None:
    assert decoded(httpx2.Response(200, content=b'{"amount": 0.10}'), READ) == {"amount": Decimal("0.10")}
    deep, page = httpx2.Response(200, content=b"[" * 5_000), httpx2.Response(200, content=b"<html>")
    for answer, fault in ((deep, BadAnswer), (page, Unreachable)):
        with pytest.raises(fault):
            decoded(answer, READ)
        with pytest.raises(Uncertain):
            decoded(answer, WRITE)


@pytest.mark.parametrize("url", ["", "http://erp.example.com", "ftp://erp.example.com", "https://"])
def test_a_key_leaves_the_machine_only_encrypted(url: str) -> None:
    with pytest.raises(Misconfigured, match="Our ERP's address"):
        address_of({"url": url}, SYSTEM)


def test_an_address_without_its_last_slash() -> None:
    assert address_of({"url": "https://erp.example.com/"}, SYSTEM) == "https://erp.example.com"
    assert address_of({"url": "http://localhost:8069"}, SYSTEM) == "http://localhost:8069"


@given(st.lists(st.integers(0, 20), unique=True, max_size=12), st.sets(st.integers(0, 20)))
def test_those_that_are_refused_alone_stop_no_other(wanted: list[int], bad: set[int]) -> None:
    done: list[int] = []

    def write(some: Sequence[int]) -> None:
        if found := bad & set(some):
            raise Refused(SYSTEM, "no", str(min(found)))
        done.extend(some)

    refused = refused_alone(wanted, write)
    assert sorted(one for one, _ in refused) == sorted(bad & set(wanted))
    assert all(refusal.said == str(one) for one, refusal in refused)
    assert sorted(done) == sorted(set(wanted) - bad)
