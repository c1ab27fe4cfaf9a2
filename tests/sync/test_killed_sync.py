"""Killed anywhere in a sync, run again: no twins, nothing strange archived, no temporary code left, vendors born once.

A real process is killed with `kill -9` before and after every call that writes to Pleo or to the accounting system
and every commit of our store, over real HTTP and a real store.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from beancount import loader

from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.masterdata import Account, DimensionValue, MasterRecord, TaxCode, Vendor
from kontobro.core.model.settings import Settings
from kontobro.store import open_store
from pleo_sandbox.model import HandMade, SandboxCompany
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox
from tests.support.empty_store import put_empty_store
from tests.support.syncer_process import MASTERS, Ended, run_syncer

pytestmark = pytest.mark.kill

CROSSED: dict[str, dict[str, int]] = {
    "accounts": {"store.bind": 5, "target.update": 3, "target.archive": 1, "target.create": 1, "store.note_sync": 1},
    "tax-codes": {"store.bind": 6, "target.update": 4, "store.note_sync": 1},
    "dimensions": {"store.bind": 11, "target.update": 5, "target.archive": 1, "target.create": 2, "store.note_sync": 2},
    "vendors": {"store.bind": 12, "target.update": 5, "target.archive": 1, "target.create": 1, "store.note_sync": 1},
}
"""How often each seam is crossed by the sync from `before` to `after`."""

BORN = {"erp.write": 1, "store.bind": 2, "target.update": 1, "store.note_sync": 1}
"""How often by the sync that writes a vendor born in Pleo into the ledger."""


def boundaries_of(crossed: dict[str, int]) -> list[str]:
    return [
        f"{call}#{number}:{side}"
        for call, times in crossed.items()
        for number in range(1, times + 1)
        for side in ("before", "after")
    ]


SWAPS = [(kind, boundary) for kind, crossed in CROSSED.items() for boundary in boundaries_of(crossed)]

STRANGE: dict[str, set[tuple[str, str]]] = {
    "accounts": {("9999", "Somebody's account")},
    "tax-codes": {("I99", "Somebody's code")},
    "dimensions": {("EVENT/FRIDAY", "Friday"), ("COST/950", "Party committee")},
    "vendors": {("X9", "Somebody's vendor")},
}
"""What people made in Pleo: it must stay as it is."""


def hand_made() -> HandMade:
    """Also the group COST, which is adopted; a tag of its own in it is not."""
    tax = {"rate": 0.99, "type": "inclusive"}
    return HandMade(
        tag_groups=[
            {"code": "EVENT", "name": "Event", "tags": [{"code": "FRIDAY", "name": "Friday"}]},
            {"code": "cost", "name": "Afdeling", "tags": [{"code": "950", "name": "Party committee"}]},
        ],
        tax_codes=[{"code": "I99", "name": "Somebody's code", **tax}],
        accounts=[{"externalId": "strange", "code": "9999", "name": "Somebody's account"}],
        vendors=[{"code": "X9", "name": "Somebody's vendor", "defaultCurrency": "DKK"}],
    )


@dataclass
class Place:
    """A home connected to a served sandbox."""

    home: Path
    url: str
    sandbox: Sandbox
    company_id: str

    def syncs(self, kind: str, masters: str = "after", *, at: str | None = None) -> Ended:
        return run_syncer(self.home, self.url, kind, at=at, masters=masters)

    def syncs_ledger(self, *, at: str | None = None) -> Ended:
        return run_syncer(self.home, self.url, "vendors", at=at, ledger=str(self.home / "ledger" / "ledger.beancount"))

    def active(self, kind: str) -> list[tuple[str, str]]:
        """Code and name of all that is at Pleo, a tag's code behind its group's."""
        if kind == "dimensions":
            tags = self.sandbox.tags
            groups = [group for group in tags.groups.of(self.company_id) if not group.archived]
            return sorted(
                (f"{group.facts['code'].upper()}/{tag.facts['code']}", tag.facts["name"])
                for group in groups
                for tag in tags.tags_of(group)
                if not tag.archived
            )
        if kind == "vendors":
            vendors = self.sandbox.vendors.of(self.company_id)
            return sorted(
                (it.facts.get("code", ""), it.facts["name"]) for it in vendors if it.facts["state"] == "ACTIVE"
            )
        shelf: Any = {"accounts": self.sandbox.accounts, "tax-codes": self.sandbox.tax_codes}[kind]
        return sorted((it.facts["code"], it.facts["name"]) for it in shelf.of(self.company_id) if not it.archived)


@contextmanager
def a_place(home: Path, company: SandboxCompany) -> Iterator[Place]:
    sandbox = Sandbox(company, rate_limit=None)
    with serve(sandbox) as url:
        connection = Connection(
            id="desk",
            name="desk",
            environment="sandbox",
            api_url=url,
            auth_url=url,
            auth="api_key",
            company_id=company.id,
            company_name=company.name,
            erp="beancount",
            settings=Settings(sync_dimensions=("d1", "d2"), create_vendors=True),
        )
        store = open_store(put_empty_store(home / "kontobro.sqlite3"))
        store.save_connection(connection)
        store.save_tokens(connection, Tokens(access=sandbox.add_api_key(company.id)))
        store.close()
        yield Place(home, url, sandbox, company.id)


@contextmanager
def in_step_before(home: Path, kind: str) -> Iterator[Place]:
    with a_place(home, SandboxCompany("Fjord & Bro ApS", "DKK", "DK", hand_made=hand_made())) as place:
        assert not place.syncs(kind, "before").results["failed"]
        yield place


def wanted(kind: str) -> list[tuple[str, str]]:
    """What is at Pleo when all is done."""
    types: dict[str, type[MasterRecord]] = {"accounts": Account, "tax-codes": TaxCode, "vendors": Vendor}
    if kind == "dimensions":
        groups = {"d1": "COST", "d2": "PROJECT"}
        values = [it for it in MASTERS["after"] if isinstance(it, DimensionValue)]
        own = {(f"{groups[it.dimension_id]}/{it.code}", it.name) for it in values}
    else:
        own = {(it.code, it.name) for it in MASTERS["after"] if isinstance(it, types[kind])}  # type: ignore[union-attr]
    return sorted(own | STRANGE[kind])


def assert_in_sync(place: Place, kind: str) -> None:
    """Both sides agree, code by code, and there is nothing left to do."""
    assert place.active(kind) == wanted(kind)
    again = place.syncs(kind)
    assert again.results == {"writes": 0, "failed": 0, "problems": 0}


@pytest.mark.parametrize("kind", STRANGE)
def test_a_whole_sync_crosses_exactly_these_boundaries(tmp_path: Path, kind: str) -> None:
    with in_step_before(tmp_path, kind) as place:
        assert sorted(place.syncs(kind).boundaries) == sorted(boundaries_of(CROSSED[kind]))
        assert_in_sync(place, kind)


@pytest.mark.parametrize(("kind", "boundary"), SWAPS)
def test_killed_at_and_run_again(tmp_path: Path, kind: str, boundary: str) -> None:
    with in_step_before(tmp_path, kind) as place:
        assert place.syncs(kind, at=boundary).killed
        assert place.syncs(kind).results["failed"] == 0
        assert_in_sync(place, kind)


@contextmanager
def with_a_draft(home: Path) -> Iterator[Place]:
    """A painter born in Pleo, and the demo's ledger, which does not know him."""
    shutil.copytree(Path(str(resources.files("kontobro.erp.beancount") / "demo")), home / "ledger")
    company = SandboxCompany("Fjord & Bro ApS", "DKK", "DK")
    with a_place(home, company) as place:
        assert not place.syncs_ledger().results["failed"]
        place.sandbox.create_draft_vendor(company.id, "Malermester Holm", "DKK", registration_number="40918273")
        yield place


def assert_born_once(place: Place) -> None:
    entries, errors, _ = loader.load_file(str(place.home / "ledger" / "ledger.beancount"))
    assert not errors
    customs = [entry for entry in entries if getattr(entry, "type", "") == "vendor"]
    painters = [entry for entry in customs if entry.values[1].value == "Malermester Holm"]
    assert len(painters) == 1
    at_pleo = [name for _, name in place.active("vendors")]
    assert at_pleo.count("Malermester Holm") == 1
    assert len(at_pleo) == len(set(at_pleo)) == 12
    assert place.syncs_ledger().results["writes"] == 0


def test_a_vendor_born_in_pleo_crosses_exactly_these_boundaries(tmp_path: Path) -> None:
    with with_a_draft(tmp_path) as place:
        assert sorted(place.syncs_ledger().boundaries) == sorted(boundaries_of(BORN))
        assert_born_once(place)


@pytest.mark.parametrize("boundary", boundaries_of(BORN))
def test_a_vendor_born_in_pleo_is_created_once_wherever_it_is_killed(tmp_path: Path, boundary: str) -> None:
    with with_a_draft(tmp_path) as place:
        assert place.syncs_ledger(at=boundary).killed
        assert place.syncs_ledger().results["failed"] == 0
        assert_born_once(place)
