"""A ledger that no one else changed is not read again; whatever someone else did to it, it is."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Booking, Reference
from kontobro.core.model.masterdata import Vendor
from kontobro.erp.beancount.connector import BeancountConnector
from kontobro.erp.beancount.load import index, rehearsal, reload, scratch
from kontobro.erp.beancount.load.beforehand import Beforehand
from kontobro.erp.beancount.load.masters import KINDS, load
from kontobro.testing.connector.entries import Chart, a_bill, a_journal, a_payment, a_receipt

from .conftest import LedgerFiles

CHART = Chart()


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each time that Beancount reads the whole ledger, and what for."""
    told: list[str] = []

    def loaded(ledger: Path):  # type: ignore[no-untyped-def]
        told.append("masters")
        return load(ledger)

    faults_apart = rehearsal.faults_apart

    def tried(ledger: Path, candidate: Path | None):  # type: ignore[no-untyped-def]
        if ledger.name == "main.beancount":
            told.append("entries")
        return faults_apart(ledger, candidate)

    monkeypatch.setattr(reload, "load", loaded)
    monkeypatch.setattr(rehearsal, "faults_apart", tried)
    return told


def exported(ledger: Path, name: str) -> list[Booking]:
    """What an export does, by a connector of its own: a bill with its receipt, and its payment."""
    connector = BeancountConnector(ledger)
    connector.check()
    bill = a_bill(CHART, reference=Reference(name), number=name)
    payment = a_payment(CHART, Reference(name), reference=Reference(f"{name}/pay"))
    connector.rehearse([bill, payment])
    bookings = [one for one in connector.book([bill, payment]) if isinstance(one, Booking)]
    assert len(bookings) == 2
    connector.attach(bookings[0], [a_receipt()])
    posted = connector.post(bookings)
    assert not [one for one in posted if isinstance(one, Problem)]
    return bookings


def test_exports_after_the_first_read_nothing(ledger: Path, readings: list[str]) -> None:
    for name in ("first", "second", "third"):
        exported(ledger, name)
    assert readings == ["masters"]
    assert len(LedgerFiles(ledger).entries()) == 6


def test_what_is_remembered_is_what_was_read(ledger: Path, readings: list[str]) -> None:
    first = BeancountConnector(ledger)
    first.check()
    again = BeancountConnector(ledger)
    for kind in KINDS:
        assert list(again.read(kind)) == list(first.read(kind))
    assert readings == ["masters"]


def test_vendors_that_we_write_are_read_at_once_and_once(ledger: Path, readings: list[str]) -> None:
    vendor = Vendor(id="v", code="", name="Born in Pleo", pleo_id="10000000-0000-4000-8000-000000000000")
    BeancountConnector(ledger).write([vendor])
    assert "Born in Pleo" in [one.name for one in BeancountConnector(ledger).read(Vendor)]
    assert readings == ["masters", "masters"]


def appended(text: str, file: str = "main.beancount") -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        with (folder / file).open("a") as opened:
            opened.write(text)

    return edit


def saved_as_long_as_before(folder: Path) -> None:
    """With the time it had, too: only its inode tells."""
    file = folder / "main.beancount"
    stat = file.stat()
    new = folder / "new"
    new.write_text(file.read_text().replace("Office supplies", "Office suppliez"))
    os.utime(new, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    new.replace(file)


def withdrawn(folder: Path) -> None:
    connector = BeancountConnector(folder / "main.beancount")
    (booking,) = connector.book([a_journal(CHART, reference=Reference("mistake"))])
    assert isinstance(booking, Booking)
    connector.withdraw([booking])


def of_another_version(folder: Path) -> None:
    with sqlite3.connect(folder / ".main.beancount.index") as database:
        database.execute("UPDATE masters SET version = '0'")


def broken(folder: Path) -> None:
    (folder / ".main.beancount.index").write_bytes(b"no database")


def torn(folder: Path) -> None:
    with sqlite3.connect(folder / ".main.beancount.index") as database:
        database.execute("UPDATE masters SET content = x'c1'")


def gone(folder: Path) -> None:
    (folder / ".main.beancount.index").unlink()


def never_possible(folder: Path) -> None:
    gone(folder)
    (folder / ".main.beancount.index").mkdir()


@pytest.mark.parametrize(
    "change",
    [
        appended('2026-01-01 custom "vendor" "V200" "Nordisk Sky"\n'),
        appended("; a comment\n", "bookings/000001.beancount"),
        lambda folder: (folder / "bookings" / "000001.beancount").unlink(),
        lambda folder: (folder / "bookings" / "by-hand.beancount").write_text("; new\n"),
        saved_as_long_as_before,
        withdrawn,
        of_another_version,
        broken,
        torn,
        gone,
        never_possible,
    ],
)
def test_a_ledger_that_someone_changed_is_read_again(
    ledger: Path, readings: list[str], change: Callable[[Path], object]
) -> None:
    exported(ledger, "first")
    change(ledger.parent)
    readings.clear()
    exported(ledger, "second")
    assert readings[:1] == ["masters"]
    assert LedgerFiles(ledger).entries()


def test_what_is_changed_during_an_export_is_read_again(ledger: Path, readings: list[str]) -> None:
    connector = BeancountConnector(ledger)
    connector.check()
    appended("2026-10-04 open Assets:New\n")(ledger.parent)
    connector.book([a_journal(CHART, reference=Reference("one"))])
    appended("; a comment\n", "bookings/000001.beancount")(ledger.parent)
    readings.clear()
    connector.book([a_journal(CHART, reference=Reference("two"))])
    assert readings == ["entries"]  # the master data are not in our files
    exported(ledger, "third")
    assert readings == ["entries", "masters"]


def test_what_a_person_adds_while_we_write_is_not_taken_for_ours(
    ledger: Path, readings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text that our change was put upon had been edited since it was known."""
    connector = BeancountConnector(ledger)
    (booking,) = connector.book([a_journal(CHART, reference=Reference("one"))])
    assert isinstance(booking, Booking)
    appended("2026-10-04 open Assets:New\n", "bookings/000001.beancount")(ledger.parent)
    connector.post([booking])
    readings.clear()
    exported(ledger, "second")
    assert readings == ["masters"]


LEFT_OUT = """\
2026-01-01 * "what the account holds"
  Expenses:Office    10 DKK
  Assets:VAT:Input
2027-01-01 * "which of its currencies?"
  Expenses:Office    10
  Assets:VAT:Input    1 EUR
  Assets:VAT:Input  -10 DKK
  Assets:Pleo:EUR    -1 EUR
"""

AT_COST = """\
2026-01-01 * "bought"
  Expenses:Office     1 CHAIR {10 DKK}
  Assets:VAT:Input
"""


@pytest.mark.parametrize(
    "more",
    [
        'plugin "beancount.plugins.noduplicates"\n',
        'option "plugin_processing_mode" "raw"\n',
        "2027-01-01 balance Assets:Pleo:DKK  0 ~ 1000 DKK\n",
        "2027-01-01 balance Assets:Pleo  0 ~ 1000 DKK\n2020-01-01 open Assets:Pleo\n",
        "2026-01-01 pad Assets:Pleo:DKK Expenses:Office\n2027-01-01 balance Assets:Pleo:DKK  5 DKK\n",
        LEFT_OUT,
        AT_COST,
    ],
)
def test_where_the_rest_of_the_ledger_counts_all_of_it_is_read(ledger: Path, readings: list[str], more: str) -> None:
    appended(more)(ledger.parent)
    connector = BeancountConnector(ledger)
    connector.check()
    connector.rehearse([a_journal(CHART)])
    assert readings == ["masters", "entries"]


def test_an_entry_that_changes_what_another_one_means_is_refused(ledger: Path) -> None:
    """The company's entry leaves the currency out; its account holds one so far, and would hold two."""
    appended(LEFT_OUT)(ledger.parent)
    euros = a_journal(CHART, reference=Reference("euros"), currency="EUR")
    (answer,) = BeancountConnector(ledger).book([euros])
    assert isinstance(answer, Problem)
    assert "Failed to categorize posting" in answer.message
    assert LedgerFiles(ledger).entries()


def test_what_is_encrypted_is_not_remembered(tmp_path: Path) -> None:
    (tmp_path / "main.beancount").write_text('include "secret.beancount.asc"\n')
    (tmp_path / "secret.beancount.asc").write_text("-----BEGIN PGP MESSAGE-----\n")
    before = Beforehand.of(tmp_path / "main.beancount")
    assert before.states([str(tmp_path / "main.beancount"), str(tmp_path / "secret.beancount.asc")]) == {}


def test_a_file_that_changes_while_it_is_loaded_is_not_remembered(tmp_path: Path) -> None:
    file = tmp_path / "main.beancount"
    file.write_text("; one\n")
    before = Beforehand.of(file)
    assert before.states([str(file)])
    assert before.states([str(file), str(tmp_path / "more.beancount")]) == {}
    file.write_text("; two\n")
    os.utime(file, ns=(0, 0))
    assert before.states([str(file)]) == {}


def test_the_index_never_stops_anything(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "main.beancount"
    (tmp_path / ".main.beancount.index").write_bytes(b"no database")
    assert index.Index(file).recall() is None
    assert "can't be used" in caplog.text
    assert not list(tmp_path.iterdir())
    index.Index(file).follow("x", None, b"")
    assert index.Index(file).recall() is None


class Owner:
    """Of a file."""


def test_what_killed_processes_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    owner = Owner()
    in_use = scratch.new_file(owner)
    left, young = tmp_path / "kontobro-left.beancount", tmp_path / "kontobro-young.beancount"
    for file in (left, young):
        file.touch()
    for file in (left, in_use):
        os.utime(file, (time.time() - 3600,) * 2)
    new = scratch.new_file(owner)
    assert set(tmp_path.iterdir()) == {in_use, young, new}
    del owner
    assert set(tmp_path.iterdir()) == {young}
