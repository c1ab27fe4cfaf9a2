"""DATEV, known by its files only, in sync with Pleo in a box."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.cli.person import Person

ACCOUNTS = 40
HEAD = '"EXTF";700;{};"{}";3;20260901120000000;;"RE";"";"";29098;55003;20260101;4\r\nKonto;Text\r\n'
LABELS, CREDITORS = "EXTF_Kontenbeschriftungen.csv", "EXTF_Kreditoren.csv"


def accounts(last: int) -> str:
    head = HEAD.format(20, "Kontenbeschriftungen")
    return head + "".join(f'{4900 + n};"Bürobedarf {n}";"de-DE"\r\n' for n in range(last))


def creditors(*rows: str) -> str:
    return HEAD.format(16, "Debitoren/Kreditoren") + "".join(f"{row}\r\n" for row in rows)


def taxes(rate: str = "19") -> str:
    return f"Steuerschlüssel;Bezeichnung;Satz;Konto;datev_key\nV19;Vorsteuer;{rate};4900;9\n"


@pytest.fixture
def masters(tmp_path: Path) -> Path:
    folder = tmp_path / "masters"
    folder.mkdir()
    texts = {
        LABELS: accounts(ACCOUNTS),
        CREDITORS: creditors('70001;"Druckerei Müller";;;;;"2"', '10001;"A customer";;;;;"2"'),
        "tax_codes.csv": taxes(),
        "dimension_values.csv": "Dimension;Wert;Name\nKST;100;Köln\nKST;200;Berlin\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="cp1252", newline="")
    return folder


@pytest.fixture
def of_files(person: Person, masters: Path) -> Person:
    """Connected, and in sync."""
    assert connects(person, masters).exit_code == 0, person.shown[-1]
    person.types("dimensions", "KST")
    for kind in ("accounts", "tax-codes", "dimensions", "vendors"):
        assert apply(person, kind).exit_code in (0, 8), person.shown[-1]
    return person


def connects(person: Person, masters: Path, client: str = "55003") -> Result:
    options = {
        "masters": masters,
        "consultant": 29098,
        "client": client,
        "account_length": 4,
        "company_name": "Fjord & Bro",
        "currency": "DKK",
    }
    words = [word for name, value in options.items() for word in ("--erp-option", f"{name}={value}")]
    place = ["--environment", "sandbox", "--url", person.url, "--erp", "datev"]
    return person.types("connect", *place, *words, "--api-key-stdin", stdin=f"{person.sandbox.api_key}\n\n")


def plan(person: Person, kind: str) -> Any:
    (found,) = person.reads("sync", "plan", kind, codes=(0, 8))
    return found


def apply(person: Person, kind: str) -> Result:
    return person.types("sync", "apply", kind, "--digest", plan(person, kind)["digest"])


def test_pleo_follows_a_folder_of_files(of_files: Person, masters: Path) -> None:
    for kind in ("accounts", "tax-codes", "dimensions", "vendors"):
        assert plan(of_files, kind)["changes"] == [], kind
    (masters / LABELS).write_text(accounts(ACCOUNTS + 2), encoding="cp1252")
    (masters / "tax_codes.csv").write_text(taxes("16"), encoding="cp1252")
    assert plan(of_files, "accounts")["counts"] == {"create": 2}
    assert plan(of_files, "tax-codes")["counts"] == {"update": 1}
    assert apply(of_files, "accounts").exit_code == 0
    assert plan(of_files, "accounts")["changes"] == []


def test_a_file_that_lost_rows_or_is_wrong_changes_nothing_by_itself(of_files: Person, masters: Path) -> None:
    half = {"archive": ACCOUNTS // 2}
    (masters / LABELS).write_text(accounts(ACCOUNTS // 2), encoding="cp1252")
    assert plan(of_files, "accounts")["counts"] == half
    scheduled = of_files.types("sync", "apply", "accounts", "--yes")
    assert scheduled.exit_code == 8
    assert "archive" in scheduled.output
    assert plan(of_files, "accounts")["counts"] == half, "nothing was archived"

    (masters / CREDITORS).write_text(creditors(), encoding="cp1252")
    found = plan(of_files, "vendors")
    assert found["refused"]
    assert of_files.types("sync", "apply", "vendors", "--digest", found["digest"]).exit_code == 8

    (masters / LABELS).write_text(accounts(3) + '4900;"Again";"de-DE"\r\n', encoding="cp1252", newline="")
    wrong = of_files.types("sync", "plan", "accounts")
    assert wrong.exit_code == 3
    assert 'accounts have "4900" twice: row 3 and row 6' in " ".join(wrong.output.split())


def test_check_says_which_file_was_read_and_what_it_holds(of_files: Person, masters: Path) -> None:
    found = of_files.reads("check", codes=(0, 1, 2, 3))["findings"]
    said = [each["message"] for each in found if each["subject"] == "master data"]
    digest = sha256((masters / LABELS).read_bytes()).hexdigest()[:8]
    (line,) = [each for each in said if each.startswith(LABELS) and "SHA" in each]
    assert line.endswith(f" UTC, SHA-256 {digest}…: {ACCOUNTS} accounts")
    assert f"{CREDITORS}: 1 debtors were left out" in said


def test_check_and_the_next_sync_say_how_the_counts_changed(of_files: Person, masters: Path) -> None:
    said = " ".join(of_files.types("check").output.split())
    assert "master data: masters, read 20" in said
    assert f"{ACCOUNTS} accounts, 1 tax code, 2 dimension values, 1 vendor" in said
    assert "at the last sync" not in of_files.types("sync", "plan").output
    (masters / LABELS).write_text(accounts(ACCOUNTS // 2), encoding="cp1252")
    changed = f"accounts: masters had {ACCOUNTS} at the last sync, now {ACCOUNTS // 2}."
    assert changed in of_files.types("sync", "plan", "accounts").output
    assert changed in of_files.types("sync", "apply", "accounts", "--yes").output
    assert changed in of_files.types("sync", "plan").output, "the limits stopped it"
    found = of_files.reads("check", codes=(0, 1, 2, 3))["findings"]
    (warned,) = [one for one in found if one["subject"] == "master data" and one["warning"]]
    assert warned["message"] == (f"masters changed since the last sync: had {ACCOUNTS} accounts, now {ACCOUNTS // 2}.")
    assert apply(of_files, "accounts").exit_code == 0
    assert "at the last sync" not in of_files.types("sync", "plan").output


def test_files_of_another_client_are_refused(person: Person, masters: Path) -> None:
    result = connects(person, masters, client="55004")
    assert result.exit_code == 3
    assert 'of client 55003, and the option `client` is "55004"' in " ".join(result.output.split())
