"""An accounting system that is known by files only, in sync with Pleo in a box."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.cli.person import Person
from tests.support.outside import installed, write_package

TARGET = '''
"""The smallest document target whose master data are a folder of files; it renders nothing."""

from pathlib import Path

from kontobro.core.model.masterdata import Account, Dimension, DimensionValue, TaxCode, Vendor
from kontobro.core.ports import Capabilities
from kontobro.erp.files.common.masters import company_of, read_master_file
from kontobro.erp.kit.registration import Option, Registration

KINDS = frozenset([Account, Dimension, DimensionValue, TaxCode, Vendor])

CONNECTOR = Registration(
    label="Paper",
    factory="kontobro_paper:open_target",
    install="pip install kontobro-paper",
    options=(Option("masters", "path of the master data", "path"),),
    documents=True,
)


def open_target(options):
    return Paper(options)


class Paper:
    capabilities = Capabilities(
        kinds=KINDS, bills=True, drafts=False, receipts=None, batch_size=None, reference="enforced"
    )
    max_rows = None

    def __init__(self, options):
        self.options = options

    def _masters(self):
        return read_master_file(Path(self.options["masters"]))

    def check(self):
        return company_of(self._masters(), self.options)

    def read(self, kind):
        return self._masters().read(kind)

    def validate(self, entries):
        return [[] for _ in entries]
'''
COMPANY = "name;currency;time_zone;country\nFjord & Bro ApS;DKK;Europe/Copenhagen;DK\n"
ACCOUNTS = 40


def accounts(first: int, last: int) -> str:
    return "Kontonr.;Kontonavn\n" + "".join(f"{7000 + n};Køb {n}\n" for n in range(first, last))


def taxes(rate: str = "25") -> str:
    return f"Momskode;Navn;Sats;Konto\nI25;Indgående moms;{rate};7000\n"


DIMENSIONS = "Dimension;Værdi;Navn\nSTED;100;Aarhus\nSTED;200;Odense\n"
VENDORS = "Leverandørnr.;Navn;CVR-nr.;Land\nV1;Kontorhuset;12345678;DK\n"


@pytest.fixture
def masters(tmp_path: Path) -> Path:
    folder = tmp_path / "masters"
    folder.mkdir()
    texts = {
        "company.csv": COMPANY,
        "kontoplan.csv": accounts(0, ACCOUNTS),
        "momskoder.csv": taxes(),
        "dimension_values.csv": DIMENSIONS,
        "leverandører.csv": VENDORS,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="cp1252")
    return folder


@pytest.fixture
def of_files(person: Person, masters: Path) -> Iterator[Person]:
    """Connected, and in sync."""
    write_package(person.folder / "packages", "paper", "paper = kontobro_paper:CONNECTOR", TARGET)
    with installed(person.folder / "packages"):
        place = ["--environment", "sandbox", "--url", person.url, "--erp", "paper"]
        place += ["--erp-option", f"masters={masters}"]
        result = person.types("connect", *place, "--api-key-stdin", stdin=f"{person.sandbox.api_key}\n")
        assert result.exit_code == 0, result.output
        person.types("dimensions", "STED")
        for kind in ("accounts", "tax-codes", "dimensions", "vendors"):
            result = apply(person, kind)
            assert result.exit_code in (0, 8), result.output
        yield person


def plan(person: Person, kind: str) -> Any:
    (found,) = person.reads("sync", "plan", kind, codes=(0, 8))
    return found


def apply(person: Person, kind: str) -> Result:
    return person.types("sync", "apply", kind, "--digest", plan(person, kind)["digest"])


def test_pleo_follows_a_folder_of_files(of_files: Person, masters: Path) -> None:
    for kind in ("accounts", "tax-codes", "dimensions", "vendors"):
        assert plan(of_files, kind)["changes"] == [], kind
    (masters / "kontoplan.csv").write_text(accounts(0, ACCOUNTS + 2), encoding="cp1252")
    (masters / "momskoder.csv").write_text(taxes("12,5"), encoding="cp1252")
    assert plan(of_files, "accounts")["counts"] == {"create": 2}
    assert plan(of_files, "tax-codes")["counts"] == {"update": 1}
    assert apply(of_files, "accounts").exit_code == 0
    assert plan(of_files, "accounts")["changes"] == []


def test_a_file_that_lost_rows_or_is_wrong_changes_nothing_by_itself(of_files: Person, masters: Path) -> None:
    half = {"archive": ACCOUNTS // 2}
    (masters / "kontoplan.csv").write_text(accounts(0, ACCOUNTS // 2), encoding="cp1252")
    assert plan(of_files, "accounts")["counts"] == half
    scheduled = of_files.types("sync", "apply", "accounts", "--yes")
    assert scheduled.exit_code == 8
    assert "archive" in scheduled.output
    assert plan(of_files, "accounts")["counts"] == half, "nothing was archived"

    (masters / "leverandører.csv").write_text(VENDORS.splitlines()[0], encoding="cp1252")
    found = plan(of_files, "vendors")
    assert found["refused"]
    assert of_files.types("sync", "apply", "vendors", "--digest", found["digest"]).exit_code == 8

    (masters / "kontoplan.csv").write_text(accounts(0, 3) + "7000;Again\n", encoding="cp1252")
    wrong = of_files.types("sync", "plan", "accounts")
    assert wrong.exit_code == 3
    assert 'accounts have "7000" twice: row 2 and row 5' in " ".join(wrong.output.split())


def test_check_says_which_file_was_read_and_what_it_holds(of_files: Person, masters: Path) -> None:
    found = of_files.reads("check", codes=(0, 1, 2, 3))["findings"]
    said = [each["message"] for each in found if each["subject"] == "master data"]
    digest = sha256((masters / "kontoplan.csv").read_bytes()).hexdigest()[:8]
    (line,) = [each for each in said if each.startswith("kontoplan.csv")]
    assert line.endswith(f" UTC, SHA-256 {digest}…: {ACCOUNTS} accounts")
    assert len(said) == 5
