"""Rules that are easier said than shown: vendors, texts, the table. The cases are in `tests/golden`."""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from kontobro.core.model.export import AccountRef, ExportItem, MalformedItem, Person, Supplier
from kontobro.core.model.journal import Bill, InvoiceKey, Payment
from kontobro.core.model.masterdata import Account
from kontobro.core.model.settings import RowOverride, Settings
from kontobro.core.rules.post import Posted, post_item
from kontobro.core.rules.table import ROWS, table_of
from kontobro.core.rules.text import KEY_LIMIT, PAYEE_LIMIT, TEXT_LIMIT, clean, text_of
from kontobro.core.rules.vendor import match_vendor
from kontobro.pleo.export.wire import read_item
from kontobro.testing.factories import a_line, a_tax, a_vendor, an_invoice, an_item, masters, settings

TODAY = dt.date(2026, 11, 22)
MASTERS = masters()
SHARED = Path(os.environ.get("KONTOBRO_SHARED", Path(__file__).parents[2] / ".." / "shared"))


def post(item: ExportItem, chosen: Settings | None = None) -> Posted:
    return post_item(item, chosen or settings(), MASTERS, TODAY)


def codes(item: ExportItem, chosen: Settings | None = None) -> list[str]:
    return [problem.code for problem in post(item, chosen).problems]


# ------------------------------------------------------------------------------------------ table


def test_the_table_is_whole() -> None:
    """17 types and the alias, each subtype of Pleo's once, and no two rows alike."""
    keys = [(row.type, row.subtype) for row in ROWS]
    assert len(keys) == len(set(keys)) == 27
    assert len({row.type for row in ROWS} - {"overdraft"}) == 17
    assert {row.subtype for row in ROWS if row.subtype} == {
        "interest",
        "invoice_payment_sent",
        "invoice_payment_returned",
        "reimbursement_to_employee",
        "reimbursement_to_employee_refund",
        "reimbursement_to_company",
    }
    assert {row.number for row in ROWS} == set(range(1, 26))


def test_tax_is_posted_on_rows_with_expense_lines_only() -> None:
    assert {row.number for row in ROWS if row.tax} == {1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 25}
    assert {row.number for row in ROWS if not row.movement} == {row.number for row in ROWS if row.tax}


def test_an_override_changes_one_row_and_leaves_the_others() -> None:
    changed = table_of((RowOverride(type="fee", subtype="interest", sign="ignore"),))
    untouched = table_of(())
    assert changed["fee", "interest"].sign == "ignore"
    assert {key for key in changed if changed[key] != untouched[key]} == {("fee", "interest")}


def test_an_incomplete_new_row_is_as_if_it_were_not_there() -> None:
    assert codes(an_item("new_type"), settings(rows=(RowOverride(type="new_type", debit="expense"),))) == [
        "type_unknown"
    ]


def test_changed_roles_decide_what_accounts_payable_makes_of_a_row() -> None:
    by_payables = settings(rows=(RowOverride(type="card_purchase", credit="payable"),))
    (entry,) = post(an_item(method="accounts_payable", vendor=a_vendor()), by_payables).entries
    assert isinstance(entry, Bill)
    assert [line.role for line in entry.lines] == ["expense", "payable"]


def test_a_topup_on_its_line_account_keeps_the_wallet_side() -> None:
    own = settings(rows=(RowOverride(type="wallet_topup", use_line_account=True),))
    (entry,) = post(an_item("wallet_topup", [a_line(5000, "3700", tax=a_tax(1000))]), own).entries
    assert [(line.account, str(line.amount)) for line in entry.lines] == [
        ("Expenses:Fees", "-50.00"),
        ("Assets:Pleo:DKK", "50.00"),
    ]


# ---------------------------------------------------------------------------------------- vendors


@pytest.mark.parametrize(
    ("item", "vendor"),
    [
        (an_item(vendor=a_vendor("V200", external_id="V100")), "V100"),
        (an_item(vendor=a_vendor("V200", external_id="gone")), "V200"),
        (an_item(vendor=a_vendor("gone", tax_registration_number="dk12345678")), "V100"),
        (an_item(vendor=a_vendor("V300", tax_registration_number="DK12345678")), "V100"),
        (an_item(vendor=a_vendor(None, registration_number="87654321")), None),
        (an_item(vendor=a_vendor("gone"), supplier=Supplier(code="V100")), None),
        (an_item(supplier=Supplier(code="V100", account="other")), "V100"),
        (an_item(supplier=Supplier(code="1340472473", account="S-55")), "V100"),
        (an_item(supplier=Supplier(tax_identifier="87654321")), "V200"),
        (an_item(supplier=Supplier(name="Staples")), None),
        (an_item(supplier=None), None),
        (an_item(supplier=Supplier(tax_identifier="DK99999999")), None),
    ],
)
def test_the_first_key_that_finds_one_vendor_wins(item: ExportItem, vendor: str | None) -> None:
    found = match_vendor(item, MASTERS).vendor
    assert (found.id if found else None) == vendor


def test_a_bill_and_its_payment_of_another_job_share_a_key() -> None:
    """In the journal and in accounts payable alike, the same vendor's account is used, or it never clears."""
    bill_item = an_item("invoice", method="accounts_payable", vendor=a_vendor(), invoice=an_invoice())
    paid_item = replace(bill_item, type="invoice_payment", subtype="invoice_payment_sent", entry_id="other")
    (bill,), (payment,) = post(bill_item).entries, post(paid_item).entries
    assert isinstance(bill, Bill)
    assert isinstance(payment, Payment)
    assert bill.key == payment.settles == InvoiceKey("V100", "F-2026-17", "DKK")
    (journal,) = post(replace(paid_item, method="journal")).entries
    assert journal.lines == payment.lines


def test_an_employees_balance_is_one_account_whatever_the_method() -> None:
    own = settings(employees_are_vendors=True)
    claimed = an_item("out_of_pocket", [a_line(10000)], method="accounts_payable")
    personal = an_item("personal_spend", [a_line(5000)], method="journal")
    paid = an_item("direct_reimbursement", [a_line(5000, None)], subtype="reimbursement_to_employee")
    lines = [line for item in (claimed, personal, paid) for line in post(item, own).entries[0].lines]
    owed = [line for line in lines if line.role == "employee"]
    assert {line.account for line in owed} == {"Liabilities:Employees:Anna"}
    assert sum(line.amount for line in owed) == 0


def test_a_vendors_own_account_that_is_gone_is_named() -> None:
    vendor = replace(MASTERS.vendors.by_id["V100"], account="Liabilities:Gone")
    item = an_item(method="accounts_payable", vendor=a_vendor())
    (problem,) = post_item(item, settings(), masters(vendors=[vendor]), TODAY).problems
    assert (problem.code, problem.field) == ("account_unknown", "vendor V100: account")


# ------------------------------------------------------------------------------------------ texts


@pytest.mark.parametrize(
    ("text", "limit", "cleaned"),
    [
        ("a\r\nb\tc\x00d", 20, "a b c d"),
        ("  padded\u00a0 ", 20, "padded"),
        ("left\u202eright", 20, "left right"),
        ("half \ud83d", 20, "half"),
        ("👩\u200d💻 works", 20, "👩\u200d💻 works"),
        ("0123456789", 10, "0123456789"),
        ("01234567890", 10, "012345678…"),
        ("one two three four", 18, "one two three four"),
        ("one two three four five", 20, "one two three four…"),
        (None, 5, ""),
    ],
)
def test_texts_are_one_clean_line_of_limited_length(text: str | None, limit: int, cleaned: str) -> None:
    assert clean(text, limit) == cleaned
    assert len(cleaned) <= limit


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{supplier} · {user} · {note}", "Target · Anna Berg · Printer ink"),
        ("{team} · {note}", "Printer ink"),
        ("Pleo {team} · {note}", "Printer ink"),
        ("Pleo · {note}", "Pleo · Printer ink"),
        ("{user} ({supplier})", "Anna Berg (Target)"),
        ("{user.__class__} {note!r}", "{user.__class__} {note!r}"),
        ("", "card purchase"),
        ("{team}", "card purchase"),
    ],
)
def test_the_description_fills_in_what_is_there(template: str, text: str) -> None:
    assert text_of(an_item(), template, ()) == text


def test_what_a_company_types_is_no_template() -> None:
    assert text_of(an_item(note="{supplier}"), "{note}", ()) == "{supplier}"


def test_enormous_texts_are_cut_everywhere() -> None:
    name = "Ö" * 10_000
    item = an_item(
        note=name,
        supplier=Supplier(name=name),
        user=Person("u", name, name),
        vendor=a_vendor("V100", name),
        reconciliation_id=name,
        attendees=(name,) * 50,
        invoice=an_invoice(name),
        reconciled_entries=(name,),
        method="accounts_payable",
    )
    bill, payment = post(item).entries
    assert isinstance(bill, Bill)
    assert len(bill.text.removesuffix(f" · invoice {name}")) <= TEXT_LIMIT
    assert len(bill.payee) <= PAYEE_LIMIT
    assert len(bill.vendor_name or "") <= PAYEE_LIMIT
    assert len(bill.reconciliation_id) == len(bill.reconciled_entries[0]) == KEY_LIMIT
    assert (bill.number, bill.attendees) == (name, (name,) * 50)  # what law asks for is never cut
    assert payment.reconciliation_id == bill.reconciliation_id


def test_a_problem_names_field_value_and_remedy_in_one_line_whatever_the_value() -> None:
    item = an_item(lines=[a_line()._replace(account=AccountRef("x", "x", "7\n" * 5000))])
    (problem,) = post(item).problems
    assert problem.field == "accountingEntryLines[0].account"
    assert len(problem.value) <= 60
    assert "\n" not in str(problem)
    assert problem.remedy


# ------------------------------------------------------------------------------------- Pleo's own


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no {SHARED.name} folder: set KONTOBRO_SHARED to Pleo's documents")
def test_what_pleo_prints_is_booked_or_answered_with_problems() -> None:
    def printed(name: str) -> ExportItem | MalformedItem:
        page = json.loads((SHARED / "pleo" / "samples" / name).read_text(encoding="utf-8"))
        return read_item(msgspec.Raw(json.dumps(page["data"][0]).encode()))

    chart = masters(accounts=[*MASTERS.accounts.by_id.values(), Account("Expenses:Ink", "7504", "Ink")])
    today = dt.date(2025, 12, 31)
    ink = post_item(printed("export_items_printer_ink.json"), settings(), replace(chart, periods=()), today)
    (entry,) = ink.entries
    assert (str(entry.total), entry.currency, entry.date.isoformat()) == ("63.66", "GBP", "2025-12-10")
    odd = post_item(printed("export_items_reference_page.json"), settings(), chart, today)
    assert {"currency_unknown", "account_unknown", "tax_code_unknown"} <= {problem.code for problem in odd.problems}
