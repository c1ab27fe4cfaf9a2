"""A ledger that no one else changed is not read again; whatever someone else did to it, it is."""

from __future__ import annotations

import gc
import os
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import date
from pathlib import Path

import pytest

from kontobro.core.errors import Misconfigured, Problem
from kontobro.core.model.journal import Booking, Reference
from kontobro.core.model.masterdata import Account, Period, Vendor
from kontobro.core.words import told
from kontobro.erp.beancount.connector import BeancountConnector
from kontobro.erp.beancount.files import folder
from kontobro.erp.beancount.load import index, rehearsal, reload, scratch
from kontobro.erp.beancount.load.beforehand import Beforehand
from kontobro.erp.beancount.load.masters import KINDS, LedgerMasters, load
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
    def edit(place: Path) -> None:
        with (place / file).open("a") as opened:
            opened.write(text)

    return edit


def saved_as_long_as_before(place: Path) -> None:
    """With the time it had, too: only its inode tells."""
    file = place / "main.beancount"
    stat = file.stat()
    new = place / "new"
    new.write_text(file.read_text().replace("Office supplies", "Office suppliez"))
    os.utime(new, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    new.replace(file)


def withdrawn(place: Path) -> None:
    connector = BeancountConnector(place / "main.beancount")
    (booking,) = connector.book([a_journal(CHART, reference=Reference("mistake"))])
    assert isinstance(booking, Booking)
    connector.withdraw([booking])


def of_another_version(place: Path) -> None:
    with closing(sqlite3.connect(place / ".main.beancount.index")) as database, database:
        database.execute("UPDATE masters SET version = '0'")


def broken(place: Path) -> None:
    (place / ".main.beancount.index").write_bytes(b"no database")


def torn(place: Path) -> None:
    with closing(sqlite3.connect(place / ".main.beancount.index")) as database, database:
        database.execute("UPDATE masters SET content = x'c1'")


def gone(place: Path) -> None:
    (place / ".main.beancount.index").unlink()


def never_possible(place: Path) -> None:
    gone(place)
    (place / ".main.beancount.index").mkdir()


@pytest.mark.parametrize(
    "change",
    [
        appended('2026-01-01 custom "vendor" "V200" "Nordisk Sky"\n'),
        appended("; a comment\n", "bookings/000001.beancount"),
        lambda place: (place / "bookings" / "000001.beancount").unlink(),
        lambda place: (place / "bookings" / "by-hand.beancount").write_text("; new\n"),
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

PADDED_ABOVE = """\
2020-01-01 open Assets:Pleo
2020-01-01 open Assets:Pleo:Cash
2020-01-01 open Equity:Open
2026-01-01 pad Assets:Pleo Equity:Open
2026-01-02 balance Assets:Pleo  5 DKK
2026-01-03 pad Assets:Pleo:Cash Equity:Open
2027-01-01 balance Assets:Pleo:Cash  1 DKK
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
        PADDED_ABOVE,
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
    assert before.consulted is None
    assert len(before.states([str(tmp_path / "main.beancount"), str(tmp_path / "secret.beancount.asc")]) or {}) == 2


def test_a_file_that_changes_while_it_is_loaded_is_not_remembered(tmp_path: Path) -> None:
    file = tmp_path / "main.beancount"
    file.write_text("; one\n")
    before = Beforehand.of(file)
    assert before.states([str(file)])
    assert before.states([str(file), str(tmp_path / "more.beancount")]) == {}
    os.utime(file, ns=(0, 0))
    assert before.states([str(file)]) is None
    file.unlink()
    assert before.states([str(file)]) is None


def test_the_index_never_stops_anything(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "main.beancount"
    (tmp_path / ".main.beancount.index").write_bytes(b"no database")
    assert index.Index(file).recall() is None
    assert "is broken and is made again" in caplog.text
    assert not list(tmp_path.iterdir())
    index.Index(file).follow("x", None, b"")
    assert index.Index(file).recall() is None


def unlocked(file: Path, minutes: int = 60) -> Path:
    """A file as a killed process leaves it."""
    file.touch()
    os.utime(file, (time.time() - minutes * 60,) * 2)
    return file


def test_what_killed_processes_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing else: not what is in use, nor may be, nor what a person named alike."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    in_use = scratch.Scratch()
    unlocked(in_use.path)
    left = unlocked(tmp_path / "kontobro-scratch-abcd_123.beancount")
    young = unlocked(tmp_path / "kontobro-scratch-young_12.beancount", 0)
    own = unlocked(tmp_path / "kontobro-copy.beancount")
    queue = tmp_path / "kontobro-scratch-queue_12.beancount"
    os.mkfifo(queue)
    os.utime(queue, (0, 0))
    scratch._swept.cache_clear()
    new = scratch.Scratch()
    assert set(tmp_path.iterdir()) == {in_use.path, young, own, queue, new.path}
    assert not left.exists()
    new.close()
    assert not new.path.exists()
    path = in_use.path
    del in_use
    assert not path.exists()


def regular_files_open() -> int:
    """Files alone: sockets and pipes are other tests', and come and go at any time."""
    count = 0
    for name in Path("/dev/fd").iterdir():
        with suppress(OSError):  # the listing's own
            count += stat.S_ISREG(os.fstat(int(name.name)).st_mode)
    return count


def test_each_trial_gives_back_what_it_opened(ledger: Path) -> None:
    connector = BeancountConnector(ledger)
    gc.collect()  # what other tests left goes before this counts

    def opened_after(number: int) -> int:
        connector.validate([a_journal(CHART, reference=Reference(f"{number}"))])
        connector.rehearse([a_journal(CHART, reference=Reference(f"{number} again"))])
        return regular_files_open()

    first = opened_after(0)
    assert max(map(opened_after, range(1, 4))) <= first


@pytest.mark.parametrize(
    ("pattern", "new"),
    [
        ('include "bookings/*"', "bookings/2027.bean"),
        ('include "bookings/**/*.beancount"', "bookings/own/2027.beancount"),
        ('include "bookings/*.beancount"\ninclude "years/../years/*.beancount"', "years/2027.beancount"),
    ],
)
def test_a_file_that_a_pattern_takes_in_is_seen(ledger: Path, readings: list[str], pattern: str, new: str) -> None:
    """However the pattern is spelt, and wherever it reaches."""
    (ledger.parent / "years").mkdir()
    (ledger.parent / "years" / "2026.beancount").write_text("; none\n")
    ledger.write_text(ledger.read_text().replace('include "bookings/*.beancount"', pattern))
    exported(ledger, "first")
    exported(ledger, "second")
    assert readings == ["masters"]
    (ledger.parent / new).parent.mkdir(exist_ok=True)
    (ledger.parent / new).write_text("2026-10-01 close Expenses:Office\n")
    with pytest.raises(Misconfigured, match="inactive account"):
        BeancountConnector(ledger).check()


def test_a_pattern_in_one_of_our_files_counts_too(ledger: Path, tmp_path: Path) -> None:
    extra = tmp_path / "extra"
    extra.mkdir()
    (extra / "none.beancount").write_text("; none\n")
    exported(ledger, "first")
    appended(f'include "{extra}/*.beancount"\n', "bookings/by-hand.beancount")(ledger.parent)
    exported(ledger, "second")
    (extra / "2027.beancount").write_text("2026-10-01 close Expenses:Office\n")
    with pytest.raises(Misconfigured, match="inactive account"):
        BeancountConnector(ledger).check()


def test_what_was_tried_without_a_file_is_not_known_with_it(ledger: Path, readings: list[str]) -> None:
    """The bookkeeper moves a file away during an export, and puts it back."""
    connector = BeancountConnector(ledger)
    connector.check()
    file = ledger.parent / "bookings" / "by-hand.beancount"
    file.write_text(LEFT_OUT)
    connector = BeancountConnector(ledger)
    connector.check()
    away = file.rename(ledger.parent / "away")
    euros = a_journal(CHART, reference=Reference("euros"), currency="EUR")
    assert isinstance(connector.book([euros])[0], Booking)
    away.rename(file)
    readings.clear()
    with pytest.raises(Misconfigured, match="Failed to categorize posting"):
        BeancountConnector(ledger).check()


def test_what_another_process_kept_meanwhile_is_not_added_to(
    ledger: Path, readings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person saves the ledger, and another exporter reads it, just before our batch is put in place."""
    connector = BeancountConnector(ledger)
    entry = a_journal(CHART, reference=Reference("one"))
    connector.rehearse([entry])
    create = folder.create

    def late(new: Path, target: Path) -> bool:
        appended("2026-10-01 close Expenses:Office\n")(ledger.parent)
        BeancountConnector(ledger).check()
        return create(new, target)

    monkeypatch.setattr(folder, "create", late)
    connector.book([entry])
    readings.clear()
    with pytest.raises(Misconfigured, match="inactive account"):
        BeancountConnector(ledger).check()


def test_what_is_recalled_is_of_one_moment(ledger: Path, readings: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process keeps what it read while we recall."""
    BeancountConnector(ledger).check()
    recalled = index._recalled

    class Slow:
        """The database, in which the other process comes between two of our questions."""

        def __init__(self, database: sqlite3.Connection) -> None:
            self._database = database

        def __getattr__(self, name: str) -> object:
            return getattr(self._database, name)

        def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
            if statement.startswith("SELECT name"):
                monkeypatch.setattr(index, "_recalled", recalled)
                monkeypatch.setattr(index, "_PATIENCE", 0.1)
                BeancountConnector(ledger).check()
            return self._database.execute(statement, *values)  # type: ignore[arg-type]

    monkeypatch.setattr(index, "_recalled", lambda database: recalled(Slow(database)))  # type: ignore[arg-type]
    appended("2026-10-01 close Expenses:Office\n")(ledger.parent)
    accounts = {account.id: account for account in BeancountConnector(ledger).read(Account)}
    assert accounts["Expenses:Office"].closed == date(2026, 10, 1)


def test_a_change_right_after_the_reading_is_seen(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(masters: Path) -> LedgerMasters:
        found = load(masters)
        monkeypatch.setattr(reload, "load", load)
        appended('2027-01-01 custom "period" 2027-12-31 "closed"\n')(ledger.parent)
        return found

    monkeypatch.setattr(reload, "load", late)
    connector = BeancountConnector(ledger)
    connector.check()
    assert [period.start.year for period in connector.read(Period)] == [2026, 2026, 2027]


def test_a_word_of_a_person_gives_way_to_ours(ledger: Path) -> None:
    """Beancount refuses an entry with one key twice."""
    connector = BeancountConnector(ledger)
    bill = a_bill(CHART, reference=Reference("bill"), number="7")
    payment = a_payment(CHART, Reference("bill"), reference=Reference("bill/pay"))
    bookings = [one for one in connector.book([bill, payment]) if isinstance(one, Booking)]
    files = LedgerFiles(ledger)
    files.edit(
        payment.reference, '  kind: "payment"\n', '  settled: FALSE\n  kind: "payment"\n  document-7: "a note"\n'
    )
    connector.attach(bookings[1], [a_receipt()])
    connector.post(bookings)
    meta = files.entry(payment.reference).meta
    assert (meta["settled"], meta["document-7"]) == (True, "a note")
    assert meta["document-8"].startswith("../documents/")


def test_the_index_is_as_secret_as_the_ledger(ledger: Path) -> None:
    ledger.chmod(0o600)
    BeancountConnector(ledger).check()
    assert (ledger.parent / ".main.beancount.index").stat().st_mode & 0o777 == 0o600


def test_an_index_that_another_process_writes_is_left_alone(
    ledger: Path, readings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    BeancountConnector(ledger).check()
    file = ledger.parent / ".main.beancount.index"
    monkeypatch.setattr(index, "_PATIENCE", 0.1)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        BeancountConnector(ledger).check()
        assert readings == ["masters", "masters"]
        other.execute("UPDATE masters SET version = version")
        other.execute("COMMIT")
    BeancountConnector(ledger).check()
    assert readings == ["masters", "masters"]


def test_where_the_outline_can_not_be_tried_the_ledger_is(
    ledger: Path, readings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    faults_apart = rehearsal.faults_apart

    def stopped(file: Path, candidate: Path | None):  # type: ignore[no-untyped-def]
        if file.name != "main.beancount":
            raise Misconfigured(*told("beancount_stopped", ledger=file.name, last="killed"))
        return faults_apart(file, candidate)

    monkeypatch.setattr(rehearsal, "faults_apart", stopped)
    exported(ledger, "one")
    assert readings[-1] == "entries"
