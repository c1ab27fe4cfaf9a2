"""Odoo as people have it: over the charts of several countries, whatever an employee can pick in Pleo can be booked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Booking, Entry
from kontobro.core.model.masterdata import TaxCode
from kontobro.export.book.compare import differences
from kontobro.testing.factories import a_vendor, an_amount
from tests.erp_real.odoo.charts import LACKING, VENDOR, Office, abroad, exists, office_of
from tests.erp_real.odoo.installation import OdooServer

pytestmark = pytest.mark.odoo

COUNTRIES = os.environ.get("KONTOBRO_CHARTS", "de").split()
"""`make test-charts` has more of them."""


@pytest.fixture(scope="module", params=COUNTRIES)
def harness(request: pytest.FixtureRequest, postgres: int, odoo_server: OdooServer) -> Iterator[Office]:
    """A company over the chart of that country, all of its taxes active; one for all tests of this module."""
    if not exists(postgres, request.param):
        pytest.skip(f"{request.param}: {LACKING}")
    with abroad(postgres, odoo_server, request.param) as company:
        yield office_of(company)


def differing(harness: Office, entries: list[Entry]) -> dict[str, object]:
    """What Odoo booked otherwise, by tax code, or refused."""
    answers = harness.connector.book(entries)
    found: dict[str, object] = {}
    for entry, answer in zip(entries, answers, strict=True):
        told = [str(one) for one in differences(entry, answer)] if isinstance(answer, Booking) else answer
        if told:
            code = next((line.tax_code for line in entry.lines if line.tax_code), "")
            found[harness.masters.tax_codes.by_id[code].code if code else ""] = told
    return found


def test_refunds_that_have_accounts_of_their_own_are_known(harness: Office) -> None:
    """Of the charts that are tried, only Belgium's has some: seven of its taxes that are partly deductible."""
    elsewhere = [
        code.deductible
        for code in harness.codes()
        if (code.refund_ingoing_account, code.refund_outgoing_account) != (code.ingoing_account, code.outgoing_account)
    ]
    assert len(elsewhere) == (7 if harness.company.name == "Abroad be_comp" else 0)
    assert all(0 < deductible < 1 for deductible in elsewhere)


@pytest.mark.parametrize("type_", ["card_purchase", "invoice"])
@pytest.mark.parametrize("minor", [11900, 3333, 7, -4567])
def test_every_tax_code_that_goes_to_pleo_can_be_booked(harness: Office, type_: str, minor: int) -> None:
    codes = harness.codes()
    assert len(codes) >= 5
    start = {"card_purchase": 0, "invoice": 100_000}[type_] + abs(minor) * 1_000_000
    items = [harness.an_expense(code, type_, minor, start + at) for at, code in enumerate(codes)]
    found = differing(harness, [entry for item in items for entry in harness.entries_for(item)])
    assert found == {}


def test_only_what_is_no_single_percentage_of_vat_is_left_out(harness: Office) -> None:
    fields = ["name", "amount", "amount_type"]
    rows = {str(row["id"]): row for row in harness.api.rows("account.tax", [["type_tax_use", "=", "purchase"]], fields)}
    left_out = {id for id in rows if harness.masters.tax_codes.by_id[id].unsupported}
    assert left_out == {id for id, row in rows.items() if row["amount"] < 0 or row["amount_type"] != "percent"}


def test_each_tax_code_has_a_code_of_its_own(harness: Office) -> None:
    codes = [code.code.casefold() for code in harness.codes()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("method", ["round_globally", "round_per_line"])
def test_both_ways_of_rounding_give_pleos_amounts(harness: Office, method: str) -> None:
    harness.set_company(tax_calculation_rounding_method=method)
    start = 500_000_000 + 1_000_000 * len(method)
    items = []
    for at, code in enumerate(harness.codes()):
        one = harness.an_expense(code, "invoice", 1_003, start + at)
        items.append(replace(one, lines=one.lines * 3, amount=an_amount(3_009, harness.company.currency)))
    assert differing(harness, [entry for item in items for entry in harness.entries_for(item)]) == {}


def plain_code(harness: Office) -> TaxCode:
    """Input tax at a rate, all of it deductible and due at once."""
    return next(
        code
        for code in harness.codes()
        if code.type == "inclusive" and code.rate and code.deductible == 1 and not code.until_paid
    )


def posted(harness: Office, entries: Sequence[Entry]) -> list[Booking]:
    booked = harness.connector.book(entries)
    assert [answer for answer in booked if not isinstance(answer, Booking)] == []
    answers = harness.connector.post([answer for answer in booked if isinstance(answer, Booking)])
    assert [answer for answer in answers if not isinstance(answer, Booking)] == []
    return [answer for answer in answers if isinstance(answer, Booking)]


def test_tax_on_payment_is_moved_when_the_bill_is_paid(harness: Office) -> None:
    """The transition account on the bill; Odoo itself moves the tax when our payment is reconciled with it."""
    code = plain_code(harness)
    account = {"code": "999991", "name": "VAT until paid", "account_type": "asset_current", "reconcile": True}
    (transition,) = harness.api.write("account.account", "create", vals_list=[account])
    harness.set_company(tax_exigibility=True)
    on_payment = {"tax_exigibility": "on_payment", "cash_basis_transition_account_id": transition}
    harness.api.write("account.tax", "write", ids=[int(code.id)], vals=on_payment)
    fresh = harness.again()
    item = fresh.an_expense(code, "card_purchase", 11_900, 700_000_000)
    vendor = a_vendor(VENDOR, "Papier", default_currency=harness.company.currency)
    bill, payment = fresh.entries_for(replace(item, vendor=vendor, method="accounts_payable"))
    tax = str(bill.tax)
    (owed, paid) = posted(fresh, [bill, payment])
    assert (differences(bill, owed), paid.settled) == ([], True)
    assert str(owed.line_sums[str(transition)]) == tax
    domain = [["parent_state", "=", "posted"], ["account_id", "in", [transition, int(code.ingoing_account or 0)]]]
    sums: dict[int, Decimal] = {}
    for row in harness.api.rows("account.move.line", domain, ["account_id", "balance"], names=False):
        sums[row["account_id"]] = sums.get(row["account_id"], Decimal(0)) + Decimal(row["balance"])
    assert sums.get(transition, Decimal(0)) == 0
    assert str(sums[int(code.ingoing_account or 0)].quantize(Decimal("0.01"))) == tax
    harness.api.write("account.tax", "write", ids=[int(code.id)], vals={"tax_exigibility": "on_invoice"})


def test_a_vendor_with_a_fiscal_position_gets_the_tax_that_pleo_sends(harness: Office) -> None:
    positions = list(harness.api.rows("account.fiscal.position", [], ["name"]))
    (vendor,) = harness.api.rows("res.partner", [["ref", "=", VENDOR]], ["name"])
    code = plain_code(harness)
    for at, position in enumerate(positions[:4]):
        vals = {"property_account_position_id": position["id"]}
        harness.api.write("res.partner", "write", ids=[vendor["id"]], vals=vals)
        item = harness.an_expense(code, "invoice", 11_900, 800_000_000 + at)
        assert differing(harness, list(harness.entries_for(item))) == {}, position["name"]
    harness.api.write("res.partner", "write", ids=[vendor["id"]], vals={"property_account_position_id": False})


def test_an_audit_trail_and_hashed_journals_take_what_is_booked_and_posted(harness: Office) -> None:
    harness.set_company(restrictive_audit_trail=True)
    kinds = [["type", "in", ["general", "purchase"]]]
    journals = [row["id"] for row in harness.api.rows("account.journal", kinds, ["name"])]
    harness.api.write("account.journal", "write", ids=journals, vals={"restrict_mode_hash_table": True})
    code = plain_code(harness)
    taken, refused = (harness.an_expense(code, "invoice", 5_000, 900_000_000 + at) for at in range(2))
    (booking,) = posted(harness, harness.entries_for(taken))
    assert booking.status == "posted"
    (draft,) = harness.connector.book(harness.entries_for(refused))
    assert isinstance(draft, Booking)
    harness.connector.withdraw([draft])
    assert harness.connector.find([draft.reference]) == {}


def test_what_a_mandatory_plan_asks_for_is_not_posted_without_it(harness: Office) -> None:
    """As Odoo's own button has it."""
    (plan,) = harness.api.write("account.analytic.plan", "create", vals_list=[{"name": "Must"}])
    value = {"name": "Berlin", "code": "B", "plan_id": plan, "company_id": int(harness.company.id)}
    (berlin,) = harness.api.write("account.analytic.account", "create", vals_list=[value])
    rule = {"analytic_plan_id": plan, "business_domain": "bill", "applicability": "mandatory"}
    harness.api.write("account.analytic.applicability", "create", vals_list=[rule])
    without, within = (harness.an_expense(plain_code(harness), "invoice", 5_000, 950_000_000 + at) for at in range(2))
    entries = [harness.entries_for(item)[0] for item in (without, within)]
    dimensions = ((str(plan), str(berlin)),)
    first, *others = entries[1].lines
    entries[1] = replace(entries[1], lines=(replace(first, dimensions=dimensions), *others))
    booked = [answer for answer in harness.connector.book(entries) if isinstance(answer, Booking)]
    refused, fine = harness.connector.post(booked)
    assert isinstance(refused, Problem)
    assert (refused.code, "100% analytic distribution" in refused.message) == ("not_posted", True)
    assert isinstance(fine, Booking)
    assert fine.status == "posted"
