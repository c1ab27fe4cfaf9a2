"""A person edits a batch file at the very moment that we change it: nothing of what was typed is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kontobro.core.model.journal import Booking
from kontobro.erp.beancount.connector import BeancountConnector
from kontobro.erp.beancount.files.folder import Folder
from kontobro.erp.beancount.files.replaced import Change
from kontobro.testing.connector.entries import PDF, Chart, a_journal, a_receipt

from .conftest import LedgerFiles

CHART = Chart()

EDITOR = """
import os, sys, time
(folder,) = sys.argv[1:]
number = 0
print("ready", flush=True)
while not os.path.exists(os.path.join(folder, "stop")):
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".beancount") or name.startswith("."):
            continue
        path, line = os.path.join(folder, name), f"; note {number + 1}\\n"
        try:
            file = os.open(path, os.O_WRONLY | os.O_APPEND)
            os.write(file, line.encode())
            os.close(file)
            number += 1
        except FileNotFoundError:
            pass
        time.sleep(0.001)
print(number, flush=True)
"""


@contextmanager
def an_editor(folder: Path) -> Iterator[list[str]]:
    """Someone who adds a numbered comment to a batch file every millisecond; all that was typed, afterwards."""
    typed: list[str] = []
    command = [sys.executable, "-c", EDITOR, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    try:
        yield typed
    finally:
        (folder / "stop").touch()
        out, _ = process.communicate(timeout=60)
        (folder / "stop").unlink()
    typed += [f"; note {number}" for number in range(1, int(out) + 1)]


def lost(connector: BeancountConnector, files: LedgerFiles, typed: list[str]) -> list[str]:
    """What was typed and is not there."""
    assert len(typed) > 50
    connector.find([])  # whoever looks next takes in what was typed last
    kept = set("".join(path.read_text() for path in files.batches).splitlines())
    return [line for line in typed if line not in kept]


def test_nothing_that_is_appended_while_we_change_a_file_is_lost(ledger: Path, files: LedgerFiles) -> None:
    connector = BeancountConnector(ledger)
    connector.check()
    entries = [a_journal(CHART) for _ in range(40)]
    bookings = [booking for booking in connector.book(entries) if isinstance(booking, Booking)]
    with an_editor(ledger.parent / "bookings") as typed:
        for number, booking in enumerate(bookings):
            connector.attach(booking, [a_receipt(PDF + str(number).encode())])
        connector.withdraw(bookings[30:])
        posted = connector.post(bookings[:30])
    assert lost(connector, files, typed) == []
    assert [booking.status for booking in posted if isinstance(booking, Booking)] == ["posted"] * 30
    assert len(files.entries()) == 30
    assert all(len(files.receipts(entry.reference)) == 1 for entry in entries[:30])


LAST_MOMENT: list[Callable[[], object]] = []
"""What happens right before the next rename."""


def _at_a_rename(event: str, args: tuple[object, ...]) -> None:
    if event == "os.rename" and LAST_MOMENT:
        LAST_MOMENT.pop()()


sys.addaudithook(_at_a_rename)


def saved(batch: Path, old: str, new: str) -> None:
    """Saved whole, as editors do: another file, put in its place."""
    other = batch.with_name("other~")
    other.write_text(batch.read_text().replace(old, new))
    os.rename(other, batch)  # noqa: PTH104  (an editor)


@pytest.mark.parametrize("how", ["saved", "appended", "written over"])
def test_an_edit_in_the_last_moment_before_a_file_is_replaced_is_kept(
    ledger: Path, files: LedgerFiles, how: str
) -> None:
    connector = BeancountConnector(ledger)
    bookings = [one for one in connector.book([a_journal(CHART), a_journal(CHART)]) if isinstance(one, Booking)]
    batch = files.batches[1]
    edits: dict[str, Callable[[], object]] = {
        "saved": lambda: saved(batch, "Printer ink", "Toner"),
        "appended": lambda: batch.write_bytes(batch.read_bytes() + b"; Toner\n"),
        "written over": lambda: batch.write_text(batch.read_text().replace("Printer ink", "Toner")),
    }
    LAST_MOMENT.append(edits[how])
    connector.post(bookings)
    assert not LAST_MOMENT
    assert "Toner" in batch.read_text()
    assert {entry.flag for entry in files.entries()} == {"*"}
    assert not list(batch.parent.glob(".*"))


def test_what_is_written_into_a_file_that_was_replaced_is_taken_in(ledger: Path, files: LedgerFiles) -> None:
    connector = BeancountConnector(ledger)
    first, second = (one for one in connector.book([a_journal(CHART), a_journal(CHART)]) if isinstance(one, Booking))
    batch = files.batches[1]
    with batch.open("a") as opened, batch.open("r+") as saving:
        connector.post([first])
        opened.write("; typed slowly\n")
        opened.flush()
        connector.post([second])
        assert "; typed slowly" in batch.read_text()
        text = saving.read().replace("Printer ink", "Toner")
        connector.attach(first, [a_receipt()])
        saving.seek(0)
        saving.write(text)
        saving.truncate()
        saving.flush()
        connector.find([first.reference])
    assert {entry.flag for entry in files.entries()} == {"*"}
    assert [entry.narration[:5] for entry in files.entries()] == ["Toner", "Toner"]
    assert len(files.receipts(first.reference)) == 1


def test_a_file_that_is_deleted_meanwhile_stays_deleted(ledger: Path) -> None:
    folder = Folder(ledger)
    folder.prepare()
    with folder.writing():
        folder.create("000001.beancount", b"; one\n")

        def deleting(text: bytes) -> bytes:
            (folder.bookings / "000001.beancount").unlink(missing_ok=True)
            return text.replace(b"one", b"two")

        folder.change("000001.beancount", Change(deleting))
    assert sorted(folder.batches()) == ["000000.beancount"]
    assert not list(folder.bookings.glob(".*"))


def test_a_file_that_is_listed_and_gone_when_it_is_looked_at_is_left_out(ledger: Path) -> None:
    folder = Folder(ledger)
    folder.prepare()
    (folder.bookings / "000001.beancount").symlink_to("gone.beancount")  # as one that goes in between
    assert sorted(folder.batches()) == ["000000.beancount"]
    assert folder.next_batch() == "000002.beancount"


def test_a_new_file_never_takes_the_place_of_one_that_appeared_meanwhile(ledger: Path) -> None:
    folder = Folder(ledger)
    folder.prepare()
    with folder.writing():
        name = folder.next_batch()
        (folder.bookings / name).write_text("; a person's\n")
        assert folder.create(name, b"; ours\n") is False
    assert folder.text(name) == b"; a person's\n"
