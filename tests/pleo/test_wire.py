"""Export items: exact, tolerant where the contract is open, and alone in their faults."""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kontobro.core.model.export import ExportItem, MalformedItem
from kontobro.core.model.masterdata import Company
from kontobro.core.model.masters import Masters
from kontobro.core.model.money import Money
from kontobro.core.model.settings import Settings
from kontobro.core.rules.post import post_item
from kontobro.pleo.export.wire import read_item
from kontobro.pleo.http import endpoints
from kontobro.pleo.http.paging import read_page
from tests.support.examples import examples
from tests.support.scripted_pleo import JSON, a_job, amount, an_item

SHARED = Path(os.environ.get("KONTOBRO_SHARED", Path(__file__).parents[2] / ".." / "shared"))


def read(item: dict[str, Any] | bytes) -> ExportItem | MalformedItem:
    return read_item(msgspec.Raw(item if isinstance(item, bytes) else json.dumps(item).encode()))


def good(item: dict[str, Any] | bytes) -> ExportItem:
    found = read(item)
    assert isinstance(found, ExportItem), found
    return found


def bad(item: dict[str, Any] | bytes) -> MalformedItem:
    found = read(item)
    assert isinstance(found, MalformedItem), found
    return found


def page_of(content: bytes) -> list[ExportItem | MalformedItem]:
    response = httpx2.Response(200, content=content, headers={"content-type": JSON})
    return [read_item(raw) for raw in read_page(response, endpoints.ITEMS).data]


@pytest.mark.parametrize("name", ["export_items_printer_ink.json", "export_items_reference_page.json"])
def test_pleos_published_samples_are_read(name: str) -> None:
    path = SHARED / "pleo" / "samples" / name
    if not path.exists():
        pytest.skip(f"{name} not found: set KONTOBRO_SHARED to the folder that holds pleo/samples")
    items = page_of(path.read_bytes())
    assert [type(item) for item in items] == [ExportItem]
    assert items[0].raw in path.read_bytes()


@pytest.mark.parametrize(
    ("size", "whole"), [(7, 7), (7.9, 7), (0, 0), (-1, None), ("7", None), (True, None), (1e300, None), (None, None)]
)
def test_the_size_of_a_file_is_a_hint(size: object, whole: int | None) -> None:
    item = good(an_item(files=[{"url": "https://f.test/1", "size": size}]))
    assert [link.size for link in item.receipts] == [whole]


def test_every_field_arrives() -> None:
    item = good(
        an_item(
            subType="interest",
            bookkeeping={"method": "accounts_payable"},
            contraAccount={"id": "a", "name": "Bank", "code": "1000", "identifier": "x9"},
            files=[{"url": "https://f.test/1"}, {"url": "https://f.test/2", "type": "image/png", "size": 7}],
            note="n",
            servicePeriod={"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00+01:00"},
            supplier={"name": "S", "country": "Denmark, or so", "taxIdentifier": "T"},
            team={"id": "t", "name": "Team"},
            user={"id": "u", "name": "U", "code": "7"},
            vendor={"id": "v", "name": "V", "defaultCurrency": "EUR", "externalId": "e", "country": "DEU"},
            additionalInformation={
                "reconciliationId": "R",
                "attendees": ["A", "B"],
                "reconciledEntries": ["R0"],
                "invoiceInformation": {
                    "invoiceNumber": "F-1",
                    "invoiceDate": "2026-01-31T23:59:59Z",
                    "status": "something_new",
                    "dueDate": "2026-02-28",
                },
            },
            _links={"web": {"exportItem": "https://app.test/1"}},
        )
    )
    assert (item.subtype, item.method, item.note, item.url) == (
        "interest",
        "accounts_payable",
        "n",
        "https://app.test/1",
    )
    assert item.contra_account is not None
    assert item.contra_account.key == "x9"
    assert [(link.media_type, link.size) for link in item.receipts] == [(None, None), ("image/png", 7)]
    assert item.supplier is not None
    assert (item.supplier.name, item.supplier.country, item.supplier.tax_identifier) == ("S", "Denmark, or so", "T")
    assert item.user is not None
    assert item.team is not None
    assert item.vendor is not None
    assert (item.user.code, item.team.name, item.vendor.external_id) == ("7", "Team", "e")
    assert (item.attendees, item.reconciled_entries) == (("A", "B"), ("R0",))
    assert item.invoice is not None
    assert (item.invoice.date, item.invoice.due_date) == (dt.date(2026, 1, 31), dt.date(2026, 2, 28))
    assert (item.invoice.payment_date, item.invoice.status) == (None, "something_new")
    assert item.service_period is not None
    assert item.service_period[1].utcoffset() == dt.timedelta(hours=1)


def test_lines_carry_account_tags_and_tax() -> None:
    line = an_item()["accountingEntryLines"][0] | {
        "account": {"id": "a", "name": "Meals", "code": "4000", "identifier": None},
        "tags": [{"id": "t", "code": "C", "groupCode": "G"}],
        "tax": {
            "id": "x",
            "rate": 0.25,
            "type": "reverse",
            "amount": amount(2000),
            "code": "RC",
            "outgoingTaxAccount": "2",
        },
    }
    found = good(an_item(accountingEntryLines=[line])).lines[0]
    assert found.account is not None
    assert found.tax is not None
    assert (found.account.key, found.tags[0].group_code) == ("4000", "G")
    assert (found.tax.rate, found.tax.type, found.tax.outgoing_account) == (Decimal("0.25"), "reverse", "2")
    assert found.tax.amount.wallet == Money(Decimal(2000), "DKK")


def test_all_optional_fields_may_be_null() -> None:
    names = "subType bookkeeping contraAccount files note servicePeriod supplier team user vendor _links".split()
    item = good(an_item() | dict.fromkeys(names))
    assert (item.receipts, item.user, item.vendor, item.url, item.method) == ((), None, None, None, None)


def test_odd_links_are_no_fault() -> None:
    odd: list[Any] = [5, [], {"web": []}, {"web": {"exportItem": 7}}, {"web": {"exportItem": "javascript:alert(1)"}}]
    for links in odd:
        assert good(an_item(_links=links)).url is None


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=None) | st.integers(-(10**30), 10**30).map(Decimal)


@settings(max_examples=examples(200), deadline=None)
@given(value=NUMBERS)
def test_money_is_exact(value: Decimal) -> None:
    raw = json.dumps(an_item(amount=amount("@"))).replace('"@"', str(value)).encode()
    found = good(raw).amount.wallet.minor
    assert found == value
    assert isinstance(found, Decimal)


@pytest.mark.parametrize("text", ["1e999", '"NaN"', '"Infinity"', "0.1", "12345678901234567.89", "-0.5"])
def test_money_that_rules_refuse_arrives_as_it_is(text: str) -> None:
    raw = json.dumps(an_item(amount=amount("@"))).replace('"@"', text).encode()
    assert str(good(raw).amount.wallet.minor) == str(Decimal(text.strip('"')))


@pytest.mark.parametrize(
    "text", ["1E+999999999", "1E-999999999", "0E+999999999", "-1e99999", "9" * 100_000, '"1E+999999999"']
)
def test_money_that_nobody_can_write_out_fails_its_item_alone(text: str) -> None:
    raw = json.dumps(an_item(amount=amount("@"))).replace('"@"', text).encode()
    found = read_item(msgspec.Raw(raw))
    assert isinstance(found, MalformedItem)
    assert found.entry_id == an_item()["accountingEntryId"]
    assert len(str(found.problems)) < 600


@pytest.mark.parametrize(
    ("text", "fine"), [("0.25", True), ("0", True), ("9999", True), ("1E+40", False), ("1e-9999", False)]
)
def test_a_rate_that_is_none_fails_its_item_alone(text: str, fine: bool) -> None:
    """The rules multiply by it: beyond some digits that would raise, and stop the whole job."""
    tax = {"id": "t", "type": "reverse", "rate": "@", "amount": amount(0)}
    item = an_item()
    item["accountingEntryLines"][0]["tax"] = tax
    found = read_item(msgspec.Raw(json.dumps(item).replace('"@"', text).encode()))
    assert isinstance(found, MalformedItem) != fine


@pytest.mark.parametrize(
    ("size", "read"),
    [
        ("7.9", 7),
        ("7.0", 7),
        ("1e3", 1000),
        ("-1", None),
        ("1E+999999999", None),
        ("true", None),
        ('"7"', None),
        ("{}", None),
        ("9" * 5000, None),
        ("null", None),
    ],
)
def test_a_receipt_s_size_is_a_hint_and_fails_no_item(size: str, read: int | None) -> None:
    content = json.dumps(an_item(files=[{"url": "https://f.test/1", "size": "SIZE"}])).replace('"SIZE"', size)
    item = read_item(msgspec.Raw(content.encode()))
    assert isinstance(item, ExportItem)
    assert item.receipts[0].size == read


KEYS = st.text(min_size=1, max_size=20).filter(lambda key: f"x{key}" not in an_item())
VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


@settings(max_examples=examples(100), deadline=None)
@given(extra=st.dictionaries(KEYS.map(lambda key: f"x{key}"), VALUES, max_size=4))
def test_unknown_fields_change_nothing_and_survive_in_raw(extra: dict[str, Any]) -> None:
    item = good(an_item() | extra)
    assert item == good(an_item())
    assert extra.items() <= json.loads(item.raw).items()


@settings(max_examples=examples(100), deadline=None)
@given(text=st.text(max_size=300), type=st.text())
def test_any_text_and_any_type_survive(text: str, type: str) -> None:
    item = good(an_item(note=text, type=type, supplier={"name": text}))
    assert (item.note, item.type, item.supplier and item.supplier.name) == (text, type, text)


def test_a_name_of_ten_thousand_characters_with_emoji_and_control_characters() -> None:
    name = "🧾\x00\u202e\n" * 2500
    item = good(an_item(user={"id": "u", "name": name}))
    assert item.user is not None
    assert item.user.name == name


BROKEN = [
    ({"amount": amount(None)}, "amount.inSupplierCurrency.value", "null"),
    ({"amount": amount(True)}, "amount.inSupplierCurrency.value", "True"),
    ({"amount": amount("ten")}, "amount.inSupplierCurrency.value", "ten"),
    ({"amount": None}, "amount", "null"),
    ({"date": "2026-02-03"}, "date", "2026-02-03"),
    ({"date": "2026-02-03T10:00:00"}, "date", "2026-02-03T10:00:00"),
    ({"type": 5}, "type", "5"),
    ({"files": [{"url": "https://f.test"}, {"size": 3}]}, "files[1].url", ""),
    ({"user": {"id": "u", "name": None}}, "user.name", "null"),
    ({"accountingEntryId": "../../etc"}, "accountingEntryId", "../../etc"),
    ({"accountingEntryLines": {}}, "accountingEntryLines", ""),
    ({"additionalInformation": {}}, "additionalInformation.reconciliationId", ""),
]


@pytest.mark.parametrize(("change", "field", "value"), BROKEN)
def test_a_broken_field_is_named_with_its_value_and_a_remedy(change: dict[str, Any], field: str, value: str) -> None:
    found = bad(an_item(**change))
    [problem] = found.problems
    assert (problem.field, problem.value) == (field, value)
    assert problem.reason == "validation_failure"
    assert field in problem.message
    assert "Pleo" in problem.remedy
    assert found.entry_id == (None if field == "accountingEntryId" else an_item()["accountingEntryId"])


def test_a_missing_field_is_named() -> None:
    item = an_item()
    del item["amount"]["inWalletCurrency"]
    assert bad(item).problems[0].field == "amount.inWalletCurrency"


@pytest.mark.parametrize("text", ["2026-13-01", "soon", "2026-01-011", ""])
def test_an_invoice_date_that_is_no_day_is_named(text: str) -> None:
    invoice = {"invoiceNumber": "F", "invoiceDate": text, "status": "paid"}
    found = bad(an_item(additionalInformation={"reconciliationId": "R", "invoiceInformation": invoice}))
    assert found.problems[0].field == "additionalInformation.invoiceInformation.invoiceDate"
    assert found.problems[0].value == text


def test_one_bad_item_leaves_the_others() -> None:
    entries = [an_item(1), an_item(2, amount=None), an_item(3), 7, an_item(4)]
    body = {"data": entries, "pagination": {"hasNextPage": False}}
    kinds = [type(item) for item in page_of(json.dumps(body).encode())]
    assert kinds == [ExportItem, MalformedItem, ExportItem, MalformedItem, ExportItem]


@pytest.mark.parametrize("broken", ["NaN", "-Infinity"])
def test_json_that_is_none_inside_one_item_spares_the_page(broken: str) -> None:
    body = json.dumps({"data": [an_item(1), an_item(2, amount=amount("@"))], "pagination": {"hasNextPage": False}})
    first, second = page_of(body.replace('"@"', broken).replace("10000", "10000.10").encode())
    assert isinstance(first, ExportItem)
    assert isinstance(second, ExportItem)
    assert first.amount.wallet.minor == Decimal("10000.10")
    assert not second.amount.wallet.minor.is_finite()


def test_half_an_emoji_spares_the_page() -> None:
    body = {"data": [an_item(1, note="half \ud83d"), an_item(2)], "pagination": {"hasNextPage": False}}
    first, second = page_of(json.dumps(body).encode())
    assert isinstance(first, ExportItem)
    assert first.note == "half \ufffd"
    assert isinstance(second, ExportItem)


def test_bytes_that_are_no_utf8_fail_alone() -> None:
    body = json.dumps({"data": [an_item(1, note="@"), an_item(2)], "pagination": {"hasNextPage": False}}).encode()
    first, second = page_of(body.replace(b'"@"', b'"\xff\xfe"'))
    assert isinstance(first, MalformedItem)
    assert isinstance(second, ExportItem)


def in_currency(currency: str, total: object, tax: object) -> dict[str, Any]:
    line = an_item()["accountingEntryLines"][0] | {"lineAmount": amount(total, currency)}
    line |= {"netAmount": amount(total, currency), "tax": {"id": "t", "type": "inclusive", "rate": 0.24}}
    line["tax"]["amount"] = amount(tax, currency)
    return an_item(amount=amount(total, currency), accountingEntryLines=[line])


@pytest.mark.parametrize(
    ("currency", "total", "tax", "as_units"),
    [
        ("ISK", 150_000, 29_000, (1_500, 290)),
        ("JPY", -12_300, 0, (-123, 0)),
        ("ISK", 10**40, 100, (10**38, 1)),
        ("DKK", 150_000, 29_000, (150_000, 29_000)),
        ("KWD", 150_000, 29_000, (150_000, 29_000)),
        ("UNDEFINED", 150_000, 29_000, (150_000, 29_000)),
    ],
)
def test_hundredths_become_whole_units(currency: str, total: int, tax: int, as_units: tuple[int, int]) -> None:
    """Everywhere in the item, where the currency has no decimals; what came stays as it came."""
    content = json.dumps(in_currency(currency, total, tax)).encode()
    found = read_item(msgspec.Raw(content), "hundredths")
    assert isinstance(found, ExportItem)
    assert replace(found, raw=b"") == replace(good(in_currency(currency, *as_units)), raw=b"")
    assert found.raw == content


@pytest.mark.parametrize("side", ["inWalletCurrency", "inSupplierCurrency"])
def test_each_side_of_an_amount_has_its_own_currency(side: str) -> None:
    item = an_item(amount=amount(10_000) | {side: {"currency": "ISK", "value": 190_000}})
    found = read_item(msgspec.Raw(json.dumps(item).encode()), "hundredths")
    assert isinstance(found, ExportItem)
    known = {found.amount.wallet.currency: found.amount.wallet, found.amount.supplier.currency: found.amount.supplier}
    assert known == {"DKK": Money(Decimal(10_000), "DKK"), "ISK": Money(Decimal(1_900), "ISK")}


@pytest.mark.parametrize("wrong", [150_050, 1, "NaN", "sNaN", "Infinity"])
def test_hundredths_that_are_no_whole_unit_fail_the_item(wrong: object) -> None:
    found = read_item(msgspec.Raw(json.dumps(in_currency("ISK", wrong, 0)).encode()), "hundredths")
    today, nothing = dt.date(2026, 2, 3), Masters.of(Company("C", "C", "ISK", "UTC"), [])
    problems = (
        found.problems if isinstance(found, MalformedItem) else post_item(found, Settings(), nothing, today).problems
    )
    assert {"amount_invalid", "malformed_item"} & {problem.code for problem in problems}


def test_a_signalling_nan_fails_alone() -> None:
    assert bad(an_item(amount=amount("sNaN"))).problems[0].code == "malformed_item"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(an_item())), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(300), deadline=None)
@given(field=st.sampled_from([*sorted(an_item()), "user", "vendor", "files", "supplier"]), value=JSON_VALUES)
def test_whatever_stands_in_a_field_it_is_an_item_or_a_problem(field: str, value: Any) -> None:
    found = read(msgspec.json.encode(an_item() | {field: value}))
    if isinstance(found, MalformedItem):
        assert found.problems[0].field.startswith(field)
        assert found.problems[0].remedy


@settings(max_examples=examples(200), deadline=None)
@given(content=st.binary(max_size=60))
def test_bytes_that_are_no_item_are_a_problem(content: bytes) -> None:
    assert bad(content).raw == content


def test_an_item_is_not_a_job() -> None:
    assert bad(a_job()).entry_id is None
