"""Posting cases that accountants wrote, with the right answer: `../shared/cases/golden`, format in its README.

They know nothing of our code: the item is Pleo's JSON, the answer is kind, postings and words. Where they are not
there the tests are skipped, and say how to get them.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kontobro.core.model.export import ExportItem
from kontobro.core.model.journal import Bill, Booking, Entry, Payment
from kontobro.core.model.masterdata import Account, Company, Dimension, DimensionValue, Period, TaxCode, Vendor
from kontobro.core.model.masters import Masters
from kontobro.core.rules.post import Posted, post_item
from kontobro.core.settings.toml import settings_from
from kontobro.erp.beancount.syntax.render import render_entry
from kontobro.export.job.invoices import Seen, keys_to_ask, remark
from kontobro.pleo.export.wire import read_item
from kontobro.testing.connector.entries import Chart, a_bill, a_payment
from kontobro.testing.connector.memory import MemoryConnector
from tests.conftest import shared_folder

FOLDER = shared_folder() / "cases" / "golden"
CASES = sorted(FOLDER.glob("*.json"))
TODAY = dt.date(2026, 6, 1)

pytestmark = pytest.mark.skipif(
    not CASES,
    reason="the posting cases are missing: put the shared folder beside the project, or set KONTOBRO_SHARED",
)

Case = dict[str, Any]


def masters_of(case: Case) -> Masters:
    given = case["masters"]
    accounts = [Account(one["identifier"], one["code"], one["name"]) for one in given["accounts"]]
    ids = {account.code: account.id for account in accounts} | {None: None}
    closed = dt.date.fromisoformat(given["closed_until"]) if given.get("closed_until") else dt.date.min
    return Masters.of(
        Company("C", "Company", case["settings"]["base_currency"], case["settings"]["time_zone"]),
        accounts=accounts,
        tax_codes=[
            TaxCode(
                one["code"],
                one["code"],
                one["name"],
                Decimal(str(one["rate"])),
                one["type"],
                ids[one["ingoing_account"]],
                ids[one["outgoing_account"]],
            )
            for one in given["tax_codes"]
        ],
        dimensions=[Dimension(one["code"], one["code"], one["name"]) for one in given["dimensions"]],
        dimension_values=[
            DimensionValue(value["code"], one["code"], value["code"], value["name"])
            for one in given["dimensions"]
            for value in one["values"]
        ],
        vendors=[
            Vendor(
                id=one["external_id"],
                code=one["code"],
                name=one["name"],
                account=ids[one["payable_account"]],
                tax_registration_number=one["tax_id"],
                active=not one["blocked"],
            )
            for one in given["vendors"]
        ],
        periods=[
            Period("closed", dt.date.min, closed, "closed"),
            Period("open", closed + dt.timedelta(days=1), dt.date.max, "open"),
        ],
    )


def posted(case: Case) -> Posted:
    given = {name: value for name, value in case["settings"].items() if name not in ("accounts", "base_currency")}
    accounts = {name: value for name, value in case["settings"]["accounts"].items() if value is not None}
    settings, problems = settings_from(given | accounts)
    assert problems == ()
    return post_item(read_item(msgspec.Raw(json.dumps(case["item"]).encode())), settings, masters_of(case), TODAY)


def kind_of(entries: tuple[Entry, ...]) -> str:
    kinds = [
        ("credit_note" if entry.credit_note else "bill") if isinstance(entry, Bill)
        else "payment" if isinstance(entry, Payment) else "journal"
        for entry in entries
    ]  # fmt: skip
    return "+".join(kinds)


def sums(entries: tuple[Entry, ...], masters: Masters) -> Counter[tuple[str, ...]]:
    """Per document, account, currency and dimensions; the tax code of expense lines too, which the VAT return needs."""
    found: Counter[tuple[str, ...]] = Counter()
    for entry in entries:
        for line in entry.lines:
            account = masters.accounts.by_id[line.account].code
            tags = json.dumps(dict(line.dimensions))
            found[kind_of((entry,)), account, entry.currency, tags] += line.amount  # type: ignore[assignment]
    return Counter({key: amount for key, amount in found.items() if amount})


def expected_sums(case: Case) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    for one in case["expect"]["postings"]:
        key = one["doc"], one["account"], one["currency"], json.dumps(one["dimensions"])
        found[key] += Decimal(one["amount"])  # type: ignore[assignment]
    return Counter({key: amount for key, amount in found.items() if amount})


def what_is_there(case: Case, masters: Masters) -> MemoryConnector:
    """An accounting system with what the case says exists already, posted."""
    connector = MemoryConnector(
        [masters.company, *masters.accounts.by_id.values(), *masters.vendors.by_id.values(), *masters.periods]
    )
    codes = {account.code: account.id for account in masters.accounts.by_id.values()}
    for one in case.get("context", {}).get("booked_before", ()):
        (vendor,) = masters.vendors.by_code[one["vendor"]]
        payable = vendor.account or codes[case["settings"]["accounts"]["accounts_payable"]]
        wallet = dict.fromkeys(("DKK", one["currency"]), codes["1900"])
        chart = Chart(expense=codes["3600"], payable=payable, vendor=vendor.id, wallets=wallet)
        shared = {
            "number": one["invoice_number"],
            "currency": one["currency"],
            "reference": one["accounting_entry_id"],
            "date": dt.date(2026, 5, 2),
        }
        bill = a_bill(chart, one["amount"], **shared)
        entry = bill if one["kind"] == "bill" else a_payment(chart, bill.key, one["amount"], **shared)
        (booking,) = connector.post(connector.book([entry]))
        assert isinstance(booking, Booking)
    return connector


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_case(path: Path) -> None:
    case: Case = json.loads(path.read_bytes())
    expect, result = case["expect"], posted(case)
    if expect["kind"] == "problem":
        told = [(problem.code, problem.field, problem.reason) for problem in result.problems]
        assert any(
            re.search(expect["problem_code_like"], code)
            and re.search(expect["problem_field_like"], field)
            and reason == expect["pleo_failure_reason"]
            for code, field, reason in told
        ), told
        return
    assert not result.problems
    masters = masters_of(case)
    assert kind_of(result.entries) == expect["kind"]
    assert {entry.date for entry in result.entries} == {dt.date.fromisoformat(expect["date"])}
    assert sums(result.entries, masters) == expected_sums(case)
    vendors = {masters.vendors.by_id[entry.vendor].code if entry.vendor else None for entry in result.entries}
    assert vendors == {expect.get("vendor")}
    text = "\n".join(render_entry(entry, posted=True) for entry in result.entries)
    assert [one for one in expect.get("text_contains", ()) if one not in text] == []
    assert [one for one in expect.get("text_excludes", ()) if one in text] == []
    assert all(any(re.search(like, note) for note in result.notes) for like in expect.get("notes_like", ()))
    if "settles" in expect or "reopens" in expect:
        check_settlement(case, result.entries, masters)


def check_settlement(case: Case, entries: tuple[Entry, ...], masters: Masters) -> None:
    """What a payment does to the bills that exist: reconciled, or open and said so."""
    connector = what_is_there(case, masters)
    expect, (payment,) = case["expect"], entries
    assert isinstance(payment, Payment)
    note = remark(payment, connector.find(keys_to_ask(entries, connector.capabilities)), Seen())
    (booking,) = connector.post(connector.book([payment]))
    assert isinstance(booking, Booking)
    named = expect.get("settles") or expect.get("reopens")
    if named is None:
        assert booking.settled is False
        assert note is not None
        return
    (vendor,) = masters.vendors.by_code[named["vendor"]]
    settles = payment.settles
    assert not isinstance(settles, str)
    assert settles is not None
    assert (settles.vendor, settles.number) == (vendor.id, named["invoice_number"])
    assert payment.returned == bool(expect.get("reopens"))
    if expect.get("settles") and any(one["kind"] == "bill" for one in case.get("context", {}).get("booked_before", ())):
        assert booking.settled or (note and named["currency"] in str(note))


def test_the_cases_are_expense_items() -> None:
    for path in CASES:
        item = read_item(msgspec.Raw(json.dumps(json.loads(path.read_bytes())["item"]).encode()))
        assert isinstance(item, ExportItem), path.stem
