"""Vendors born in Pleo for Odoo, without one: their external ids, their rows, and whose code or number is taken."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.model.journal import Reference
from kontobro.core.model.masterdata import Vendor
from kontobro.erp.odoo.entries import external_id
from kontobro.erp.odoo.names import born_id, pleo_id_in
from kontobro.erp.odoo.vendors import COLUMNS, row_of, taken
from kontobro.testing.connector.vendors import a_vendor

PARTNER = Vendor(id="7", code="V100", name="Staples", tax_registration_number="DK12345674")

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(pleo_id=texts, company=st.integers(1, 30))
def test_pleos_id_is_read_back_from_the_external_id_of_its_company_alone(pleo_id: str, company: int) -> None:
    known = born_id(pleo_id, company)
    assert known.count(".") == 1
    assert pleo_id_in(known, company) == pleo_id
    assert pleo_id_in(known, company + 1) is None
    assert pleo_id_in(known, company * 10) is None


@given(reference=texts, generation=st.integers(1, 3))
def test_no_entry_is_ever_taken_for_a_vendor(reference: str, generation: int) -> None:
    """Nor by an evil reference: an external id is unique in its namespace, whatever it is of."""
    for evil in (reference, f"vendor:1/{reference}"):
        assert pleo_id_in(external_id(Reference(evil), generation), 1) is None


def test_a_row_has_what_pleo_knows() -> None:
    vendor = a_vendor("a", code="K1", country="se", registration_number="55", tax_registration_number="SE1")
    assert dict(zip(COLUMNS, row_of(vendor, 3, {"SE": 196}), strict=True)) == {
        "id": "kontobro.vendor:3/pleo-a",
        "name": "Vendor a",
        "is_company": "1",
        "supplier_rank": "1",
        "ref": "K1",
        "vat": "SE1",
        "company_registry": "55",
        "country_id/.id": "196",
        "company_id/.id": "3",
    }


def test_a_vendor_without_a_name_has_its_code_else_pleos_id() -> None:
    for code, name in (("K1", "K1"), ("", "pleo-a")):
        assert row_of(replace(a_vendor("a", code=code), name="\n"), 1, {})[1] == name


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (a_vendor("a", code=" v100 "), "vendor_code_taken"),
        (a_vendor("a", tax_registration_number="dk 12345674"), "vendor_known"),
        (a_vendor("a", code="V101", tax_registration_number="DK13585628"), None),
        (a_vendor("a"), None),
    ],
)
def test_what_a_partner_has_is_taken(asked: Vendor, code: str | None) -> None:
    found = taken({asked.id: asked}, [PARTNER])
    assert [problem.code for problem in found.values()] == ([code] if code else [])


def test_its_own_partner_takes_nothing_away() -> None:
    """It exists already, and another partner was given the same code by hand."""
    asked = a_vendor("a", code="V100")
    assert taken({asked.id: asked}, [PARTNER, replace(PARTNER, id="8", pleo_id=asked.id)]) == {}
