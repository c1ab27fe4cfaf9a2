"""A vendor born in Pleo, its sync killed before and after each write, with a real Tryton: one party, one vendor."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pleo_sandbox.model import SandboxCompany
from tests.erp_real.tryton.house import Company, TrytonBookkeeper, password_of
from tests.support.syncer_process import Ended, run_syncer
from tests.sync.test_killed_sync import BORN, Place, a_place, boundaries_of

pytestmark = [pytest.mark.tryton, pytest.mark.kill]


@dataclass
class Desk:
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
def desk(tmp_path: Path, company: Company) -> Iterator[Desk]:
    at_pleo = SandboxCompany("Fjord & Bro ApS", "DKK", "DK")
    with a_place(tmp_path, at_pleo) as place:
        desk = Desk(place, company, f"Malermester {uuid.uuid4().hex}")
        assert not desk.syncs().results["failed"]
        place.sandbox.create_draft_vendor(at_pleo.id, desk.painter, "DKK", registration_number="40918273")
        yield desk


def assert_born_once(desk: Desk, bookkeeper: TrytonBookkeeper) -> None:
    (party,) = bookkeeper.api.rows("party.party", [["name", "=", desk.painter]], ["code"])
    at_pleo = [pair for pair in desk.place.active("vendors") if pair[1] == desk.painter]
    assert at_pleo == [(party["code"], desk.painter)]
    assert desk.syncs().results == {"writes": 0, "failed": 0, "problems": 0}


def test_it_crosses_exactly_these_boundaries(desk: Desk, bookkeeper: TrytonBookkeeper) -> None:
    assert sorted(desk.syncs().boundaries) == sorted(boundaries_of(BORN))
    assert_born_once(desk, bookkeeper)


@pytest.mark.parametrize("boundary", boundaries_of(BORN))
def test_killed_at_and_run_again(desk: Desk, bookkeeper: TrytonBookkeeper, boundary: str) -> None:
    assert desk.syncs(at=boundary).killed
    assert desk.syncs().results["failed"] == 0
    assert_born_once(desk, bookkeeper)
