"""A vendor born in Pleo as what Tryton takes: code, numbers, address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.model.masterdata import Vendor
from kontobro.erp.tryton.masters import BORN
from kontobro.erp.tryton.vendors import Draft, code_of, tax_type, values_of

TYPES = frozenset({"dk_vat", "se_vat", "no_vat", "gb_vat", "eu_vat"})

texts = st.text(max_size=40)


@pytest.mark.parametrize(
    ("number", "country", "type_"),
    [
        ("DK13585628", "DK", "dk_vat"),
        ("dk 13585628", "", "dk_vat"),
        ("13585628", "DK", "dk_vat"),
        ("SE556036079301", "DK", "se_vat"),
        ("EL094259216", "GR", "eu_vat"),
        ("LU26375245", "LU", "eu_vat"),
        ("GB980780684", "GB", "gb_vat"),
        ("US123456789", "US", None),
        ("123456789", "", None),
    ],
)
def test_a_tax_number_has_the_type_of_its_country(number: str, country: str, type_: str | None) -> None:
    assert tax_type(number, country, TYPES) == type_


def test_only_types_that_tryton_offers_are_used() -> None:
    assert tax_type("DK13585628", "DK", {"eu_vat"}) == "eu_vat"
    assert tax_type("DK13585628", "DK", ()) is None


@given(st.lists(st.uuids().map(str), unique=True, min_size=2, max_size=50))
def test_a_vendor_without_a_code_gets_always_the_same_and_no_others(ids: list[str]) -> None:
    vendors = [Vendor(id=one, code="", name="V", pleo_id=one) for one in ids]
    assert [code_of(one) for one in vendors] == [code_of(one) for one in vendors]
    assert len({code_of(one) for one in vendors}) == len(ids)


@given(texts, texts, texts, texts, st.sampled_from(["DK", "de", "", None]))
def test_nothing_that_people_type_in_pleo_looks_like_our_own_identifier(
    name: str, code: str, number: str, tax_number: str, country: str | None
) -> None:
    vendor = Vendor(
        id="x",
        code=code,
        name=name,
        registration_number=f"{BORN}{number}",
        tax_registration_number=tax_number,
        country=country,
        pleo_id="id-1",
    )
    values = values_of(Draft(vendor, code_of(vendor)), TYPES, {"DK": 7})
    ((_, identifiers),) = values["identifiers"]
    assert [one for one in identifiers if one["code"].startswith(BORN)] == [{"type": None, "code": f"{BORN}id-1"}]
    assert values["name"].isprintable()
    assert values["name"]
    assert values["code"]
    assert values["addresses"] == [["create", [{"country": 7 if country == "DK" else None}]]]
