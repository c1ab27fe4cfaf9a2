"""Preview, tie-out and personal-data over a connection of documents, with Pleo in a box."""

from __future__ import annotations

import json
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from kontobro.cli.demo.documents import OPTIONS, write_masters
from tests.cli.person import DEMO, Person

EXPENSES = 60


@pytest.fixture
def pressed(person: Person) -> Person:
    """The demo company, connected to DATEV with its masters as a file; its first expenses wait for an export."""
    masters = person.folder / "masters.toml"
    write_masters(person.books, masters)
    options = {**OPTIONS["datev"], "masters": masters, "deliver_to": person.folder / "documents"}
    (person.folder / "documents").mkdir()
    words = [word for name, value in options.items() for word in ("--erp-option", f"{name}={value}")]
    place = ["--environment", "sandbox", "--url", person.url, "--erp", "datev"]
    key = f"{person.sandbox.api_key}\n\n"
    assert person.types("connect", *place, *words, "--api-key-stdin", stdin=key).exit_code == 0, person.shown[-1]
    assert person.types("settings", "import", str(DEMO / "settings.toml")).exit_code == 0, person.shown[-1]
    for kind in ("accounts", "tax-codes", "vendors"):
        (plan,) = person.reads("sync", "plan", kind, codes=(0, 8))
        assert person.types("sync", "apply", kind, "--digest", plan["digest"]).exit_code in (0, 8), person.shown[-1]
    company = next(iter(person.sandbox.exports.companies.values()))
    person.sandbox.press_export(person.sandbox.company_id, [one.id for one in company.expenses[:EXPENSES]])
    return person


@pytest.fixture
def sealed(pressed: Person) -> Person:
    assert pressed.reads("export")["booked"] > 30
    return pressed


def delivered(person: Person) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (person.folder / "documents").iterdir()}


def documents(person: Person) -> Any:
    return person.reads("documents")


def test_a_preview_shows_the_entries_and_seals_nothing(pressed: Person) -> None:
    (job,) = pressed.reads("jobs")
    previews = pressed.reads("preview", job["id"])
    entries = [entry for one in previews for entry in one["entries"]]
    assert len(previews) == job["items"]
    assert (documents(pressed), delivered(pressed)) == ([], {})
    assert pressed.reads("bookings") == []
    for entry in entries:
        assert sum(Decimal(line["amount"]) for line in entry["lines"]) == 0
    pressed.reads("export")
    booked = {row["reference"] for row in pressed.reads("bookings") if row["erp_id"]}
    assert booked
    assert booked <= {entry["reference"] for entry in entries}, "what was shown is what was written"


def test_the_documents_tie_out_but_for_what_failed(sealed: Person) -> None:
    failed = {row["reference"] for row in sealed.reads("bookings", "--failed") if not row["erp_id"]}
    result = sealed.reads("tie-out")
    assert result["entries"] == len(sealed.reads("bookings"))
    assert {one["reference"] for one in result["differing"]} == failed
    assert set(result["results"]) <= {"equal", "not_booked"}
    assert result["results"]["equal"] > 30


def test_a_released_document_does_not_tie_out(sealed: Person) -> None:
    number = documents(sealed)[0]["number"]
    equal = sealed.reads("tie-out")["results"]["equal"]
    reason = ("--reason", "rejected by the tax adviser")
    released = sealed.types("documents", "release", str(number), *reason, "--yes")
    assert released.exit_code == 0, released.output
    result = sealed.reads("tie-out")
    assert result["results"]["equal"] < equal
    assert sealed.types("tie-out").exit_code == 1


def test_all_that_is_held_has_the_documents_and_which_master_data_were_read(sealed: Person) -> None:
    target = sealed.folder / "ours.zip"
    counted = sealed.reads("personal-data", "export", str(target))["bookings"]
    with ZipFile(target) as archive:
        assert len(archive.read("bookings.jsonl").splitlines()) == counted
        rows = json.loads(archive.read("documents.json"))
        masters = json.loads(archive.read("masters.json"))
        kept = {Path(name).name: archive.read(name) for name in archive.namelist() if name.startswith("documents/")}
    assert {row["number"] for row in rows} == {row["number"] for row in documents(sealed)}
    assert kept == delivered(sealed)
    digest = sha256((sealed.folder / "masters.toml").read_bytes()).hexdigest()
    assert (masters["read"]["name"], masters["read"]["sha256"]) == ("masters.toml", digest)
    assert str(sealed.folder) not in json.dumps(masters)


def test_erasing_an_employee_names_the_documents_and_changes_none(sealed: Person) -> None:
    target = sealed.folder / "ours.zip"
    sealed.reads("personal-data", "export", str(target))
    with ZipFile(target) as archive:
        items = [json.loads(archive.read(name)) for name in archive.namelist() if name.startswith("items/")]
    name = next(item["user"]["name"] for item in items if isinstance(item.get("user"), dict))
    before = delivered(sealed)
    erased = sealed.reads("personal-data", "erase", name, "--yes")
    assert erased["expenses"] > 0
    assert set(erased["documents"]) <= {row["number"] for row in documents(sealed)}
    assert erased["documents"]
    assert delivered(sealed) == before
    assert name not in json.dumps(sealed.reads("bookings"))


def test_deleting_says_what_is_remembered_here_only_and_keeps_the_numbers(sealed: Person) -> None:
    last = max(row["number"] for row in documents(sealed))
    assert sealed.types("disconnect", "--yes").exit_code == 0
    no = sealed.types("personal-data", "delete", stdin="n\n", at_terminal=True)
    assert f"{last} documents are remembered here only" in " ".join(no.stderr.split())
    assert sealed.reads("personal-data", "delete", "--yes")["deleted"]
    assert delivered(sealed), "what was delivered stays"
