"""Odoo's taxes as tax codes: by the shapes that the charts of several countries have. Pure."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from kontobro.core.model.masterdata import Company
from kontobro.erp.odoo.entries import base_of
from kontobro.erp.odoo.masters import Snapshot, Tax, tax_from
from kontobro.testing.connector.entries import Chart, a_taxed_journal

INPUT, OUTPUT, WAITS = 1576, 1774, 1577
FRANCE_F = [(80, INPUT), (20, None)]
GERMANY_0V = [(100, None), (-100, OUTPUT)]
BELGIUM_D50 = [(50, None), (50, INPUT), (-100, OUTPUT)]


def a_tax(
    parts: list[tuple[int, int | None]], refunds: list[tuple[int, int | None]] | None = None, **changes: Any
) -> Tax:
    """A tax of 20 % as Odoo gives it, with these parts: percent, account. `refunds`: where these differ."""
    row = {
        "id": 7, "name": "T", "amount": Decimal(20), "amount_type": "percent", "price_include": False, "active": True,
        "description": False, "tax_scope": False, "tax_exigibility": "on_invoice",
        "cash_basis_transition_account_id": [WAITS, "VAT until paid"],
    }  # fmt: skip
    lines = [
        {
            "id": at,
            "document_type": kind,
            "factor_percent": Decimal(share),
            "account_id": [to, ""] if to else False,
        }
        for at, (kind, (share, to)) in enumerate(
            [*(("invoice", part) for part in parts), *(("refund", part) for part in refunds or parts)]
        )
    ]
    return tax_from(row | changes, lines, "T")


@pytest.mark.parametrize(
    ("parts", "type_", "share", "accounts"),
    [
        ([(100, INPUT)], "inclusive", "1", ("1576", None)),
        ([(100, INPUT), (-100, OUTPUT)], "reverse", "1", ("1576", "1774")),
        ([(100, None)], "inclusive", "0", (None, None)),
        (FRANCE_F, "inclusive", "0.8", ("1576", None)),
        (GERMANY_0V, "reverse", "0", (None, "1774")),
        (BELGIUM_D50, "reverse", "0.5", ("1576", "1774")),
    ],
)
def test_what_is_deductible_is_read_from_the_parts(
    parts: list[tuple[int, int | None]], type_: str, share: str, accounts: tuple[str | None, str | None]
) -> None:
    code = a_tax(parts).code
    assert (code.type, code.deductible, code.unsupported) == (type_, Decimal(share), None)
    assert (code.ingoing_account, code.outgoing_account) == accounts


@pytest.mark.parametrize(
    ("parts", "changes", "why"),
    [
        ([(100, INPUT)], {"amount": Decimal(-15)}, "tax_withheld"),
        ([], {"amount_type": "group"}, "tax_of_group"),
        ([(100, INPUT)], {"amount_type": "fixed"}, "tax_not_percent"),
        ([(100, INPUT)], {"amount_type": "division"}, "tax_not_percent"),
        ([(50, INPUT)], {}, "tax_parts_unusual"),
        ([(50, INPUT), (50, OUTPUT)], {}, "tax_parts_unusual"),
        ([(100, INPUT), (-50, OUTPUT)], {}, "tax_parts_unusual"),
        ([(100, INPUT), (-100, None)], {}, "tax_parts_unusual"),
        (FRANCE_F, {"tax_exigibility": "on_payment"}, "tax_partly_on_payment"),
    ],
)
def test_what_no_expense_can_have_says_why(
    parts: list[tuple[int, int | None]], changes: dict[str, Any], why: str
) -> None:
    found = a_tax(parts, **changes).code.unsupported
    assert found
    assert found.name == why


def test_the_accounts_of_refunds_are_read_from_their_own_parts() -> None:
    """Belgium: a refund of reverse charge has its two sides the other way round."""
    code = a_tax(BELGIUM_D50, [(50, None), (50, OUTPUT), (-100, INPUT)]).code
    assert (code.ingoing_account, code.outgoing_account) == (str(INPUT), str(OUTPUT))
    assert (code.refund_ingoing_account, code.refund_outgoing_account) == (str(OUTPUT), str(INPUT))
    assert (code.deductible, code.unsupported) == (Decimal("0.5"), None)


def test_tax_on_payment_names_where_it_waits() -> None:
    assert a_tax([(100, INPUT)], tax_exigibility="on_payment").code.until_paid == str(WAITS)
    assert a_tax([(100, INPUT)]).code.until_paid is None


def test_odoo_is_given_the_price_without_what_it_adds_itself() -> None:
    tax = a_tax(FRANCE_F)
    known = Snapshot(
        company=Company("1", "x", "DKK"), accounts={}, taxes={"7": tax}, values={}, books=[], currencies={"DKK": 1}
    )
    line = replace(a_taxed_journal(Chart()).lines[0], amount=Decimal("84.00"), tax_amount=Decimal(20), tax_code="7")
    assert base_of(line, "DKK", known) == Decimal("80.00")
