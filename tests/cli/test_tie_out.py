"""Tie-out, check-again and personal-data, as someone at a terminal sees them."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from tests.cli.fakes import Bench
from tests.cli.person import DEMO, Person


@pytest.fixture
def booked(person: Person) -> Person:
    """The demo company's first expenses, exported and posted; some of them fail."""
    assert person.connects().exit_code == 0
    assert person.types("settings", "import", str(DEMO / "settings.toml")).exit_code == 0
    assert person.types("settings", "set", "posting", "posted").exit_code == 0
    company = next(iter(person.sandbox.exports.companies.values()))
    person.sandbox.press_export(person.sandbox.company_id, [expense.id for expense in company.expenses[:60]])
    assert person.reads("export")["booked"] > 30
    return person


def test_the_demo_company_ties_out_but_for_what_failed(booked: Person) -> None:
    failed = {row["reference"] for row in booked.reads("bookings", "--failed") if not row["erp_id"]}
    result = booked.reads("tie-out")
    assert result["entries"] == len(booked.reads("bookings"))
    assert {one["reference"] for one in result["differing"]} == failed
    assert set(result["results"]) <= {"equal", "not_booked"}
    assert failed, "the demo company has some to mend"
    for one in result["sums"]:
        of_failed = [f for f in result["differing"] if (f["side"], f["currency"]) == (one["side"], one["currency"])]
        if not of_failed:
            assert Decimal(one["difference"]) == 0
    shown = booked.types("tie-out")
    assert shown.exit_code == 1
    assert "not booked" in shown.stdout
    assert "booked by hand" in shown.stdout


def test_the_files_hold_every_entry(booked: Person) -> None:
    table, book = booked.folder / "tie-out.csv", booked.folder / "tie-out.xlsx"
    result = booked.reads("tie-out", "--csv", str(table), "--xlsx", str(book))
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == result["entries"]
    read = load_workbook(book)
    assert read.sheetnames == ["Entries", "Sums", "Not seen"]
    assert read["Entries"].max_row == result["entries"] + 1
    assert read["Sums"].max_row == len(result["sums"]) + 1
    assert sum(Decimal(row["Pleo"]) for row in rows) == sum(Decimal(one["pleo"]) for one in result["sums"])


def test_a_period_and_a_wallet(booked: Person) -> None:
    nothing = booked.types("tie-out", "--from", "2031-01-01")
    assert (nothing.exit_code, "nothing to compare" in nothing.stdout) == (0, True)
    wallets = booked.reads("tie-out", "--wallet", "DKK")
    assert {one["currency"] for one in wallets["sums"]} == {"DKK"}
    wrong = booked.types("tie-out", "--to", "31.10.2026")
    assert wrong.exit_code == 2
    assert "2026-10-31" in wrong.stderr


def test_what_failed_is_checked_again(booked: Person) -> None:
    found = booked.reads("check-again", "--all")
    failed = {row["reference"] for row in booked.reads("bookings", "--failed")}
    assert {one["reference"] for one in found} == failed
    assert all(one["pleo_url"] for one in found if one["preview"]["item"]["type"])
    shown = booked.types("check-again", found[0]["reference"])
    assert shown.exit_code == 1
    assert "export them again in Pleo" in shown.stdout
    assert booked.types("check-again").exit_code == 2


def test_all_that_is_held_of_a_company_as_a_file(booked: Person) -> None:
    target = booked.folder / "ours.zip"
    counted = booked.reads("personal-data", "export", str(target))["bookings"]
    with ZipFile(target) as archive:
        assert len(archive.read("bookings.jsonl").splitlines()) == counted
    again = booked.types("personal-data", "export", str(target))
    assert (again.exit_code, "--force" in again.stderr) == (3, True)


def test_an_employee_is_erased_after_a_yes(booked: Person) -> None:
    target = booked.folder / "ours.zip"
    booked.reads("personal-data", "export", str(target))
    with ZipFile(target) as archive:
        items = [json.loads(archive.read(name)) for name in archive.namelist() if name.startswith("items/")]
    name = next(item["user"]["name"] for item in items if isinstance(item.get("user"), dict))
    unasked = booked.types("personal-data", "erase", name)
    assert (unasked.exit_code, "--yes" in unasked.stderr) == (3, True)
    no = booked.types("personal-data", "erase", name, stdin="n\n", at_terminal=True)
    assert "Nothing was changed" in no.stderr
    assert booked.reads("personal-data", "erase", name, "--yes")["expenses"] > 0
    assert booked.reads("personal-data", "erase", name, "--yes") == {"expenses": 0, "bookings": 0}
    assert name not in json.dumps(booked.reads("bookings"))


def test_a_company_is_deleted_once_it_is_disconnected(bench: Bench) -> None:
    bench.connect()
    refused = bench.run("personal-data", "delete", "--yes")
    assert (refused.exit_code, "kontobro disconnect" in refused.stderr) == (3, True)
    bench.run("disconnect", "--yes")
    assert json.loads(bench.run("personal-data", "delete", "--yes", "--json").stdout)["deleted"]
    assert bench.connections() == []


@pytest.mark.parametrize("verb", ["tie-out", "check-again --all", "personal-data export x.zip", "personal-data delete"])
def test_without_a_connection_they_say_what_to_do(bench: Bench, verb: str) -> None:
    result = bench.run(*verb.split())
    assert result.exit_code == 3
    assert "kontobro connect" in result.stderr
