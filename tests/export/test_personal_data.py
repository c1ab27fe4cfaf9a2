"""What is held of people: exported whole and without secrets, erased of one employee alone."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from kontobro.core.errors import Busy, Misconfigured
from kontobro.export.personal.data import delete_company, entries_of_person, erase_entries, export_company
from pleo_sandbox.model import Expense
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import IBAN, PERSON, SECRET_NOTE, a_company, a_line, an_item, entry_id, payable

OTHER = {"id": "11111111-1111-4111-8111-111111111111", "name": "Bo Li", "code": "E2"}


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[ExportHarness]:
    """Two expenses of Anna, one of Bo that names her in its note, one of Bo that does not."""
    company = a_company(
        Expense(an_item(1)),
        Expense(payable(2)),
        Expense(an_item(3, user=OTHER, note=f"lunch with {PERSON.upper()}")),
        Expense(an_item(4, user=OTHER, note="lunch", accountingEntryLines=[a_line(10_000, account=None)])),
    )
    with an_export_harness(tmp_path, company) as harness:
        harness.export()
        yield harness


def test_the_file_is_its_owner_s_alone(harness: ExportHarness, tmp_path: Path) -> None:
    target = tmp_path / "people.zip"
    assert export_company(harness.connection, harness.store, target) == 5
    assert target.stat().st_mode & 0o777 == 0o600


def test_all_that_is_held_and_no_secret(harness: ExportHarness) -> None:
    target = io.BytesIO()
    assert export_company(harness.connection, harness.store, target) == 5
    with ZipFile(target) as archive:
        names = archive.namelist()
        told = b"".join(archive.read(name) for name in names).decode()
        rows = [json.loads(line) for line in archive.read("bookings.jsonl").splitlines()]
        item = json.loads(archive.read(f"items/{entry_id(1)}.json"))
        jobs = json.loads(archive.read("jobs.json"))
    assert len(names) == len(set(names))
    assert {row["reference"] for row in rows} == set(harness.rows())
    assert rows[0]["moves"][0]["to"] == "planned"
    assert (item["note"], item["supplier"]["account"]) == (SECRET_NOTE, IBAN)
    assert [job["status"] for job in jobs] == ["completed_with_errors"]
    assert harness.connected.key not in told
    assert "plp_" not in told


@pytest.mark.parametrize(
    ("who", "found"),
    [
        (PERSON, {1, 2, 3}),
        ("anna  berg", {1, 2, 3}),
        ("E1", {1, 2}),
        ("00000000-0000-0000-0000-000000000009", {1, 2}),
        ("Bo Li", {3, 4}),
        ("Bo", set()),
        ("", set()),
        ("Nobody Here", set()),
        ("c0000000-0000-4000-8000-000000000001", set()),
    ],
)
def test_an_employee_is_found_by_what_is_theirs(harness: ExportHarness, who: str, found: set[int]) -> None:
    assert set(entries_of_person(harness.connection, harness.store, who)) == {entry_id(number) for number in found}


def test_an_erased_employee_is_gone_and_the_history_stays(harness: ExportHarness) -> None:
    before = harness.rows()
    ids = entries_of_person(harness.connection, harness.store, PERSON)
    assert erase_entries(harness.connection, harness.store, ids) == 4
    assert entries_of_person(harness.connection, harness.store, " ") == [], "a name that was blanked is nobody's"
    assert entries_of_person(harness.connection, harness.store, PERSON) == []
    assert harness.rows() == before
    left = b"".join(path.read_bytes() for path in harness.connected.folder.glob("kontobro.sqlite3*"))
    assert PERSON.encode() not in left, "overwritten in the file, too"


def test_an_export_under_way_is_not_disturbed(harness: ExportHarness) -> None:
    with harness.store.lock(f"export-{harness.connection.id}"), pytest.raises(Busy):
        erase_entries(harness.connection, harness.store, [entry_id(1)])


def test_a_company_that_is_connected_is_kept(harness: ExportHarness) -> None:
    with pytest.raises(Misconfigured):
        delete_company(harness.connection, harness.store)
    assert harness.store.connections() == [harness.connection]
