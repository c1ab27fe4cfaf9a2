"""A vendor that is not found: what was looked for and where; the one of the same name is proposed, never taken."""

from __future__ import annotations

import datetime as dt
from typing import Any

from kontobro.core.errors import Problem
from kontobro.core.model.export import Supplier
from kontobro.core.model.masterdata import Vendor
from kontobro.core.rules.post import post_item
from kontobro.testing.factories import a_line, a_vendor, an_item, masters, settings


def refused(*vendors: Vendor, **item: Any) -> Problem:
    expense = an_item(lines=[a_line(10000)], method="accounts_payable", **item)
    posted = post_item(expense, settings(), masters(vendors=vendors), dt.date(2026, 11, 22))
    (problem,) = posted.problems
    assert (problem.code, posted.entries) == ("vendor_unknown", ())
    return problem


def test_it_says_what_was_looked_for_and_where() -> None:
    problem = refused(vendor=a_vendor("V9", "Ghost", tax_registration_number="DK 12 34-56 78"))
    assert problem.message == (
        "Vendor Ghost was not found among the active vendors of the accounting system: "
        "looked for code V9, tax number DK12345678."
    )
    supplier = refused(supplier=Supplier(name="Target", code="77", account="K-1"))
    assert "looked for code 77, account K-1." in supplier.message
    nothing = refused(vendor=a_vendor(None, "Ghost"))
    assert "Pleo gives neither code nor tax number" in nothing.message


def test_an_active_vendor_of_the_same_name_is_proposed_and_not_taken() -> None:
    active = Vendor(id="v", code="V100", name="Staples  Danmark")
    problem = refused(active, vendor=a_vendor("V9", "staples danmark"))
    assert problem.message.endswith("There is an active vendor of the same name: Staples Danmark (V100).")
    assert "choose it on the expense in Pleo" in problem.remedy
    blocked = Vendor(id="v", code="V100", name="Staples Danmark", active=False)
    assert "same name" not in refused(blocked, vendor=a_vendor("V9", "Staples Danmark")).message
