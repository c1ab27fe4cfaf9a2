"""A vendor born in Pleo, its sync killed before and after each write, with a real Tryton: one party, one vendor."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pleo_sandbox.model import SandboxCompany
from tests.erp_real.tryton.installation import Company, TrytonBookkeeper, password_of
from tests.support.syncer_process import Ended, run_syncer
from tests.sync.test_killed_sync import BORN, Place, a_place, boundaries_of

pytestmark = [pytest.mark.tryton, pytest.mark.kill]


@dataclass
class VendorHarness:
    """A sandbox where the painter was born, and a Tryton that does not know him."""

    place: Place
    tryton: Company
    painter: str

    def syncs(self, at: str | None = None) -> Ended:
        options = {"url": self.tryton.url, "database": self.tryton.database, "company": "1", "user": "accountant"}
        secrets = {"password": password_of("accountant")}
        books = {"erp": "tryton", "options": json.dumps(options), "secrets": json.dumps(secrets)}
        return run_syncer(self.place.home, self.place.url, "vendors", at=at, **books)


@pytest.fixture
def harness(tmp_path: Path, company: Company) -> Iterator[VendorHarness]:
    at_pleo = SandboxCompany("Fjord & Bro ApS", "DKK", "DK")
    with a_place(tmp_path, at_pleo) as place:
        harness = VendorHarness(place, company, f"Malermester {uuid.uuid4().hex}")
        assert not harness.syncs().results["failed"]
        place.sandbox.create_draft_vendor(at_pleo.id, harness.painter, "DKK", registration_number="40918273")
        yield harness


def assert_born_once(harness: VendorHarness, bookkeeper: TrytonBookkeeper) -> None:
    (party,) = bookkeeper.api.rows("party.party", [["name", "=", harness.painter]], ["code"])
    at_pleo = [pair for pair in harness.place.active("vendors") if pair[1] == harness.painter]
    assert at_pleo == [(party["code"], harness.painter)]
    assert harness.syncs().results == {"writes": 0, "failed": 0, "problems": 0}


def test_it_crosses_exactly_these_boundaries(harness: VendorHarness, bookkeeper: TrytonBookkeeper) -> None:
    assert sorted(harness.syncs().boundaries) == sorted(boundaries_of(BORN))
    assert_born_once(harness, bookkeeper)


@pytest.mark.parametrize("boundary", boundaries_of(BORN))
def test_killed_at_and_run_again(harness: VendorHarness, bookkeeper: TrytonBookkeeper, boundary: str) -> None:
    assert harness.syncs(at=boundary).killed
    assert harness.syncs().results["failed"] == 0
    assert_born_once(harness, bookkeeper)
