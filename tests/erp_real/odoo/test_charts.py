"""Odoo as people have it: over the charts of several countries, whatever an employee can pick in Pleo can be booked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kontobro.core.model.journal import Booking, Entry
from kontobro.export.book.compare import differences
from tests.erp_real.odoo.charts import LACKING, Office, abroad, exists, office_of
from tests.erp_real.odoo.house import OdooServer

pytestmark = pytest.mark.odoo

COUNTRIES = ["de", *(pytest.param(country, marks=pytest.mark.charts) for country in ("fr", "es", "be", "uk"))]


@pytest.fixture(scope="module", params=COUNTRIES)
def office(request: pytest.FixtureRequest, postgres: int, odoo_server: OdooServer) -> Iterator[Office]:
    """A company over the chart of that country, all of its taxes active; one for all tests of this module."""
    if not exists(postgres, request.param):
        pytest.skip(f"{request.param}: {LACKING}")
    with abroad(postgres, odoo_server, request.param) as company:
        yield office_of(company)


def differing(office: Office, entries: list[Entry]) -> dict[str, object]:
    """What Odoo booked otherwise, by tax code, or refused."""
    answers = office.connector.book(entries)
    found: dict[str, object] = {}
    for entry, answer in zip(entries, answers, strict=True):
        told = [str(one) for one in differences(entry, answer)] if isinstance(answer, Booking) else answer
        if told:
            code = next((line.tax_code for line in entry.lines if line.tax_code), "")
            found[office.masters.tax_codes.by_id[code].code if code else ""] = told
    return found


@pytest.mark.parametrize("type_", ["card_purchase", "invoice"])
@pytest.mark.parametrize("minor", [11900, 3333, 7, -4567])
def test_every_tax_code_that_goes_to_pleo_can_be_booked(office: Office, type_: str, minor: int) -> None:
    codes = office.codes()
    assert len(codes) >= 5
    start = {"card_purchase": 0, "invoice": 100_000}[type_] + abs(minor) * 1_000_000
    items = [office.an_expense(code, type_, minor, start + at) for at, code in enumerate(codes)]
    assert differing(office, [entry for item in items for entry in office.entries_for(item)]) == {}
