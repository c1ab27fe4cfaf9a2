"""The demo company shows what Pleo can send: every type, contract-valid, amounts that add up, the same each run."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import os
import zlib
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
import yaml
from PIL import Image, ImageChops

from pleo_sandbox.demo.company import SECOND_BATCH, TO_FIX, Written, demo_company
from pleo_sandbox.demo.facts import facts_of
from pleo_sandbox.demo.receipts import PAPERS
from pleo_sandbox.demo.spec import WALLET_TYPES, round_half_up
from pleo_sandbox.model import Expense, Json
from scripts.receipts import Paper, drawn, major, papers

SHARED = Path(os.environ.get("KONTOBRO_SHARED", Path(__file__).parents[2] / ".." / "shared"))
CONTRACT = SHARED / "pleo" / "openapi" / "current_pleo_export_v3.yaml"

TYPES = set(
    """card_purchase card_invoice out_of_pocket mileage per_diem external_reimbursement direct_reimbursement invoice
    invoice_payment chargeback refund cashback atm_withdrawal wallet_topup wallet_unload personal_spend fee""".split()
)
SUBTYPES = set(
    """reimbursement_to_employee_refund reimbursement_to_company reimbursement_to_employee invoice_payment_returned
    invoice_payment_sent interest""".split()
)
VENDOR_TYPES = {"card_purchase", "fee", "chargeback", "refund", "cashback", "invoice", "invoice_payment"}

COMPANY = demo_company()
EXPENSES = COMPANY.expenses
BY_ID = {expense.id: expense for expense in EXPENSES}
GOOD = [expense for expense in EXPENSES if expense.id not in TO_FIX]


def of_type(*names: str) -> list[Json]:
    return [expense.item for expense in EXPENSES if expense.item["type"] in names]


def wallet(amount: Json) -> int:
    value = amount["inWalletCurrency"]["value"]
    assert type(value) is int
    return value


def method(item: Json) -> str | None:
    return item["bookkeeping"] and item["bookkeeping"]["method"]


def test_it_is_the_same_company_each_time() -> None:
    again = demo_company()
    assert again == COMPANY
    assert again.expenses is not EXPENSES


def test_there_is_enough_and_every_id_is_its_own() -> None:
    assert sum(expense.queued for expense in EXPENSES) >= 80
    assert len(BY_ID) == len(EXPENSES)
    numbers = {expense.item["additionalInformation"]["reconciliationId"] for expense in EXPENSES}
    assert len(numbers) == len(EXPENSES)
    lines = [line["accountingEntryLineId"] for e in EXPENSES for line in e.item["accountingEntryLines"]]
    assert len(set(lines)) == len(lines)


def test_every_type_and_subtype_is_there_among_what_can_be_booked() -> None:
    assert {expense.item["type"] for expense in GOOD} == TYPES
    assert {expense.item.get("subType") for expense in GOOD} == SUBTYPES | {None}


@pytest.mark.parametrize("name", ["refund", "chargeback", "cashback", "wallet_topup", "wallet_unload"])
def test_what_pleo_gives_no_sign_for_comes_with_both(name: str) -> None:
    signs = {wallet(item["amount"]) > 0 for item in of_type(name)}
    assert signs == {True, False}


def test_amounts_add_up_in_both_currencies() -> None:
    for expense in EXPENSES:
        lines = [line["lineAmount"] for line in expense.item["accountingEntryLines"]]
        for side in ("inWalletCurrency", "inSupplierCurrency"):
            total = expense.item["amount"][side]
            assert sum(amount[side]["value"] for amount in lines) == total["value"], expense.item["note"]
            assert {amount[side]["currency"] for amount in lines} == {total["currency"]}


def test_no_item_is_zero() -> None:
    assert all(wallet(expense.item["amount"]) for expense in EXPENSES)


def test_tax_is_a_part_of_its_line_and_has_its_sign() -> None:
    for expense in EXPENSES:
        for line in expense.item["accountingEntryLines"]:
            if line["tax"]:
                tax, amount = wallet(line["tax"]["amount"]), wallet(line["lineAmount"])
                # At most a quarter, half a minor unit of rounding apart.
                assert abs(tax) * 4 <= abs(amount) + 2
                assert tax * amount >= 0


def test_net_is_what_was_paid_or_that_without_tax() -> None:
    seen = Counter()
    for expense in EXPENSES:
        for line in expense.item["accountingEntryLines"]:
            amount, net = wallet(line["lineAmount"]), wallet(line["netAmount"])
            tax = wallet(line["tax"]["amount"]) if line["tax"] else 0
            assert net in (amount, amount - tax)
            if line["tax"] and line["tax"]["type"] == "inclusive" and tax:
                seen["paid" if net == amount else "without tax"] += 1
    assert seen["paid"] > 0
    assert seen["without tax"] > 0


def test_the_kinds_of_tax_currencies_and_methods_are_mixed() -> None:
    lines = [line for expense in GOOD for line in expense.item["accountingEntryLines"]]
    assert {line["tax"]["type"] for line in lines if line["tax"]} == {"inclusive", "reverse"}
    assert {expense.item["amount"]["inWalletCurrency"]["currency"] for expense in GOOD} == {"DKK", "EUR", "SEK"}
    suppliers = {expense.item["amount"]["inSupplierCurrency"]["currency"] for expense in GOOD}
    assert suppliers >= {"JPY", "ISK", "KWD", "GBP"}
    assert {method(expense.item) for expense in GOOD} == {None, "none", "journal", "accounts_payable"}


def test_the_wallet_side_is_told_on_the_wallet_types_and_only_there() -> None:
    for expense in EXPENSES:
        item, contra = expense.item, expense.item["contraAccount"]
        if item["type"] not in WALLET_TYPES:
            assert contra is None
        elif contra is not None:
            assert contra == COMPANY.contra_accounts[item["amount"]["inWalletCurrency"]["currency"]]
    without = [item for item in of_type(*WALLET_TYPES) if item["contraAccount"] is None]
    assert [(item["type"], item["subType"]) for item in without] == [
        ("direct_reimbursement", "reimbursement_to_company")
    ]


def test_vendors_come_with_the_types_that_pleo_tags() -> None:
    for expense in EXPENSES:
        item = expense.item
        assert item["vendor"] is None or item["type"] in VENDOR_TYPES
        if method(item) == "accounts_payable" and item["type"] in VENDOR_TYPES:
            assert item["vendor"], item["note"]


def invoice_number(item: Json) -> str:
    return item["additionalInformation"]["invoiceInformation"]["invoiceNumber"]


def test_invoices_meet_their_payments_in_one_job_and_in_two_in_either_order() -> None:
    invoices = {invoice_number(e.item): e for e in EXPENSES if e.item["type"] == "invoice" and e.id not in TO_FIX}
    orders = set()
    for expense in EXPENSES:
        if expense.item["type"] == "invoice_payment":
            bill = invoices[invoice_number(expense.item)]
            assert bill.item["vendor"] == expense.item["vendor"]
            assert wallet(bill.item["amount"]) >= abs(wallet(expense.item["amount"]))
            first = "invoice" if bill.item["date"] < expense.item["date"] else "payment"
            orders.add((bill.queued, expense.queued, first))
    assert orders >= {
        (True, True, "invoice"),
        (True, True, "payment"),
        (True, False, "invoice"),
        (False, True, "invoice"),
    }


def test_the_second_batch_waits() -> None:
    assert [BY_ID[each].queued for each in SECOND_BATCH] == [False] * len(SECOND_BATCH)
    assert {expense.id for expense in EXPENSES if not expense.queued} == set(SECOND_BATCH)
    assert not set(SECOND_BATCH) & set(TO_FIX)


def test_reimbursements_name_what_they_pay_back() -> None:
    numbers = {expense.item["additionalInformation"]["reconciliationId"]: expense.item for expense in EXPENSES}
    for item in of_type("direct_reimbursement", "external_reimbursement"):
        paid = [numbers[each] for each in item["additionalInformation"]["reconciledEntries"]]
        assert {each["user"]["id"] for each in paid} == {item["user"]["id"]}


def test_there_are_attendees_service_periods_splits_and_notes_of_all_alphabets() -> None:
    items = [expense.item for expense in GOOD]
    assert any(item["additionalInformation"]["attendees"] for item in items)
    assert any(item["servicePeriod"] for item in items)
    assert sum(len(item["accountingEntryLines"]) > 1 for item in items) >= 8
    groups = {t["groupCode"] for i in items for line in i["accountingEntryLines"] for t in line["tags"] or []}
    assert groups == {"COST", "PROJ", "REGION", "EVENT"}
    notes = "".join(item["note"] or "" for item in items)
    assert all(letter in notes for letter in "æøå🍜")


def test_what_must_be_mended_is_named_with_its_reason() -> None:
    assert len(set(TO_FIX.values())) == len(TO_FIX) == 9
    assert all(BY_ID[each].queued for each in TO_FIX)


def test_only_the_closed_period_and_no_other_item_lies_before_september() -> None:
    early = [
        e.id
        for e in EXPENSES
        if dt.datetime.fromisoformat(e.item["date"]) < dt.datetime(2026, 8, 31, 22, tzinfo=dt.UTC)
    ]
    assert [TO_FIX[each] for each in early] == ["accounting_system_validation_failure"]


# ---------------------------------------------------------------------------------------- receipts


def starts_like(expense: Expense) -> list[tuple[str, bytes]]:
    return [(blob.media_type, blob.content[:4]) for blob in expense.files]


def test_receipts_are_what_they_say_but_for_one() -> None:
    magic = {"application/pdf": b"%PDF", "image/jpeg": b"\xff\xd8\xff\xe0", "image/png": b"\x89PNG"}
    wrong = [e.id for e in EXPENSES if any(magic[kind] != start for kind, start in starts_like(e))]
    assert [TO_FIX[each] for each in wrong] == ["receipt_conversion_failure"]
    assert {kind for e in GOOD for kind, _ in starts_like(e)} == set(magic)


def test_items_have_none_one_or_several_receipts_and_no_two_are_alike() -> None:
    assert {len(expense.files) for expense in EXPENSES} == {0, 1, 2, 3}
    blobs = [blob for expense in EXPENSES for blob in expense.files]
    assert len({blob.content for blob in blobs}) == len({blob.name for blob in blobs}) == len(blobs)
    assert max(len(blob.content) for blob in blobs) < 50_000


def test_pictures_can_be_opened() -> None:
    pictures = [b for e in GOOD for b in e.files if b.media_type.startswith("image/")]
    for blob in pictures:
        with Image.open(io.BytesIO(blob.content)) as image:
            image.load()
            # There is ink on it: more than one colour.
            assert len(image.convert("L").getcolors(256) or []) > 1


def test_the_papers_are_those_that_the_expenses_give() -> None:
    """An expense that changes has its receipt drawn again (`make fix`). Encoders may differ a little."""
    wanted = {name: (kind, drawn(kind, paper)) for name, kind, paper in papers()}
    assert set(wanted) == {path.name for path in PAPERS.iterdir()}
    for name, (kind, content) in wanted.items():
        stored = (PAPERS / name).read_bytes()
        if kind == "pdf":
            assert text_of(stored) == text_of(content), name
        elif kind == "fake":
            assert stored == content, name
        else:
            assert most_apart(stored, content) < 48, name


def most_apart(one: bytes, other: bytes) -> int:
    """By how much two pictures of one size differ where they differ most, of 255."""
    with Image.open(io.BytesIO(one)) as first, Image.open(io.BytesIO(other)) as second:
        assert first.size == second.size
        return int(ImageChops.difference(first.convert("L"), second.convert("L")).getextrema()[1])


def test_another_receipt_is_told_apart() -> None:
    one = Paper("Papirhjørnet", "FJB-1", dt.date(2026, 9, 1), "487.50 DKK")
    other = dataclasses.replace(one, total="487.60 DKK")
    assert most_apart(drawn("jpg", one), drawn("jpg", other)) > 48
    assert text_of(drawn("pdf", one)) != text_of(drawn("pdf", other))


def text_of(pdf: bytes) -> str:
    """The text of a PDF's one page: its content stream is deflated."""
    stream = pdf.partition(b"stream\n")[2]
    return zlib.decompressobj().decompress(stream).decode("latin-1")


def test_pdfs_show_supplier_date_and_amount() -> None:
    shown = 0
    for expense in EXPENSES:
        for blob in expense.files:
            if blob.media_type == "application/pdf":
                text = text_of(blob.content)
                supplier = expense.item["supplier"]
                assert supplier, expense.item["note"]
                assert supplier["name"] in text
                assert expense.item["date"][:10] in text
                assert expense.item["amount"]["inSupplierCurrency"]["currency"] in text
                shown += 1
    assert shown >= 20


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (48750, "DKK", "487.50 DKK"),
        (-5, "EUR", "-0.05 EUR"),
        (10067, "JPY", "10 067 JPY"),
        (250125, "KWD", "250.125 KWD"),
        (250000000, "DKK", "2 500 000.00 DKK"),
    ],
)
def test_papers_show_amounts_with_their_currency_s_decimals(value: int, currency: str, text: str) -> None:
    assert major(value, currency) == text
    paper = Paper("Papirhjørnet", "FJB-1", dt.date(2026, 9, 1), text)
    assert text in text_of(drawn("pdf", paper))


@pytest.mark.parametrize(("numerator", "whole"), [(5, 3), (-5, -3), (4, 2), (-4, -2), (1, 1), (-1, -1), (0, 0)])
def test_halves_are_rounded_away_from_zero(numerator: int, whole: int) -> None:
    assert round_half_up(Fraction(numerator, 2)) == whole


# ---------------------------------------------------------------------------------------- contract


def without_nullable(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    if isinstance(schema, list):
        return [without_nullable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: without_nullable(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain


@pytest.fixture(scope="module")
def item_contract() -> jsonschema_rs.Draft202012Validator:
    if not CONTRACT.is_file():
        pytest.skip(
            f"Pleo's contract is not at {CONTRACT}: put the shared folder beside the project, or set KONTOBRO_SHARED"
        )
    schemas = without_nullable(yaml.safe_load(CONTRACT.read_text()))["components"]["schemas"]
    whole = {"$ref": "#/components/schemas/ExportItemV3", "components": {"schemas": schemas}}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def served(expense: Expense) -> Json:
    files = [
        {"url": f"https://files.example/{b.name}", "type": b.media_type, "size": len(b.content)} for b in expense.files
    ]
    return expense.item | {"files": files or None}


@pytest.mark.contract
def test_every_item_is_what_the_contract_says_the_bad_ones_too(
    item_contract: jsonschema_rs.Draft202012Validator,
) -> None:
    for expense in EXPENSES:
        assert [error.message for error in item_contract.iter_errors(served(expense))] == [], expense.item["note"]


@pytest.mark.contract
@pytest.mark.parametrize(
    "broken",
    [{"amount": None}, {"accountingEntryId": "no uuid"}, {"date": "yesterday"}, {"subType": None}, {"note": 5}],
)
def test_the_contract_check_does_refuse(item_contract: jsonschema_rs.Draft202012Validator, broken: Json) -> None:
    assert not item_contract.is_valid(served(EXPENSES[0]) | broken)
    assert item_contract.is_valid(served(EXPENSES[0]))


@pytest.mark.contract
def test_no_field_is_invented(item_contract: jsonschema_rs.Draft202012Validator) -> None:
    schema = yaml.safe_load(CONTRACT.read_text())["components"]["schemas"]
    for expense in EXPENSES:
        assert set(served(expense)) <= set(schema["ExportItemV3"]["properties"])
        for line in expense.item["accountingEntryLines"]:
            assert set(line) == set(schema["ExportItemLineV3"]["properties"])
            assert set(line["tax"] or {}) <= set(schema["TaxV3"]["properties"])
        assert set(expense.item["vendor"] or {}) <= set(schema["VendorV3"]["properties"])
        assert set(expense.item["supplier"] or {}) <= set(schema["SupplierV3"]["properties"])


@pytest.mark.parametrize(
    ("change", "field"),
    [("amuont = 5", "amuont"), ('amount = "5"', "amount"), ("lines = [{ net = 'half' }]", "net"), ("", "amount")],
)
def test_what_is_written_wrong_in_the_data_is_named(change: str, field: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        facts_of(f'[[expenses]]\nkey = "a"\ntype = "fee"\non = "2026-09-01"\n{change}', Written)
