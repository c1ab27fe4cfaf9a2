"""A vendor born in Pleo, its sync killed before and after each write, with a real Odoo: one partner, one vendor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pleo_sandbox.model import SandboxCompany
from tests.erp_real.odoo.installation import Company, OdooBookkeeper, key_of
from tests.support.syncer_process import Ended, run_syncer
from tests.sync.test_killed_sync import BORN, Place, a_place, boundaries_of

pytestmark = [pytest.mark.odoo, pytest.mark.kill]

PAINTER = "Malermester Holm"


@dataclass
class VendorHarness:
    """A sandbox where the painter was born, and an Odoo that does not know him."""

    place: Place
    odoo: Company

    def syncs(self, at: str | None = None) -> Ended:
        options = {"url": self.odoo.url, "database": self.odoo.database, "company": "1"}
        secrets = {"api_key": key_of("accountant")}
        books = {"erp": "odoo", "options": json.dumps(options), "secrets": json.dumps(secrets)}
        return run_syncer(self.place.home, self.place.url, "vendors", at=at, **books)


@pytest.fixture
def harness(tmp_path: Path, company: Company, bookkeeper: OdooBookkeeper) -> Iterator[VendorHarness]:
    bookkeeper.allow_contacts()
    at_pleo = SandboxCompany("Fjord & Bro ApS", "DKK", "DK")
    with a_place(tmp_path, at_pleo) as place:
        harness = VendorHarness(place, company)
        assert not harness.syncs().results["failed"]
        numbers = {"registration_number": "40918273", "tax_registration_number": "DK20000007"}
        place.sandbox.create_draft_vendor(at_pleo.id, PAINTER, "DKK", **numbers)
        yield harness


def assert_born_once(harness: VendorHarness, bookkeeper: OdooBookkeeper) -> None:
    named = [["name", "=", PAINTER]]
    (partner,) = bookkeeper.api.rows("res.partner", named, ["vat", "company_id"], active_test=False)
    assert (partner["vat"], partner["company_id"][0]) == ("DK20000007", 1)
    assert [pair for pair in harness.place.active("vendors") if pair[1] == PAINTER] == [("", PAINTER)]
    assert harness.syncs().results == {"writes": 0, "failed": 0, "problems": 0}


def test_it_crosses_exactly_these_boundaries(harness: VendorHarness, bookkeeper: OdooBookkeeper) -> None:
    assert sorted(harness.syncs().boundaries) == sorted(boundaries_of(BORN))
    assert_born_once(harness, bookkeeper)


@pytest.mark.parametrize("boundary", boundaries_of(BORN))
def test_killed_at_and_run_again(harness: VendorHarness, bookkeeper: OdooBookkeeper, boundary: str) -> None:
    assert harness.syncs(at=boundary).killed
    assert harness.syncs().results["failed"] == 0
    assert_born_once(harness, bookkeeper)
