"""Killed with SIGKILL before each file operation in turn, then run again: each entry once, each receipt once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from pathlib import Path

import pytest

from kontobro.core.model.journal import Entry, Reference
from kontobro.erp.beancount.connector import BeancountConnector
from kontobro.testing.connector.entries import Chart, a_bill, a_journal, a_payment, a_receipt

from .conftest import LedgerFiles

CHART = Chart()
PARTS = 6
"""The boundaries are tried in so many parts: each try loads the ledger several times."""

ENTRIES: list[Entry] = [
    a_journal(CHART, reference=Reference("journal")),
    a_bill(CHART, reference=Reference("bill"), number="7"),
    a_payment(CHART, Reference("bill"), reference=Reference("bill/pay")),
]
FAILED = a_journal(CHART, reference=Reference("withdrawn"))
RECEIPTS = [a_receipt(), a_receipt(b"\x89PNG\r\n", "image/png")]


def export(ledger: Path) -> None:
    """Everything that an export does, in an export's order."""
    connector = BeancountConnector(ledger)
    connector.check()
    *bookings, failed = connector.book([*ENTRIES, FAILED])
    connector.withdraw([failed])
    for booking in bookings:
        connector.attach(booking, RECEIPTS)
    connector.post(bookings[2:])
    connector.post(bookings)


def export_killed(ledger: Path, at: int) -> None:
    """Export, but die before the `at`-th change of a file."""
    changes = 0

    def count(event: str, args: tuple[object, ...]) -> None:
        nonlocal changes
        if _changes_a_file(event, args, ledger.parent):
            changes += 1
            if changes == at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    export(ledger)


def _changes_a_file(event: str, args: tuple[object, ...], folder: Path) -> bool:
    if event not in ("open", "os.rename", "os.remove", "os.mkdir") or str(folder) not in str(args[0]):
        return False
    return event != "open" or bool(int(str(args[2])) & (os.O_WRONLY | os.O_RDWR))


def killed(ledger: Path, at: int) -> bool:
    """Run the export in a process of its own. False when it came to its end."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["kontobro.erp.beancount.connector", "kontobro.testing.connector.entries"])
    process = context.Process(target=export_killed, args=(ledger, at))
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def assert_complete(files: LedgerFiles) -> None:
    for entry in ENTRIES:
        booked = files.entry(entry.reference)
        assert booked.flag == "*"
        assert files.receipts(entry.reference) == [receipt.sha256 for receipt in RECEIPTS]
    assert len(files.entries()) == len(ENTRIES)
    assert files.entry(ENTRIES[2].reference).meta["settled"] is True


@pytest.mark.kill
@pytest.mark.parametrize("first", range(1, PARTS + 1))
def test_killed_before_any_file_operation_and_run_again_everything_stands_once(tmp_path, ledger, first):
    text, boundaries = ledger.read_text(), 0
    for at in range(first, 200, PARTS):
        company = tmp_path / str(at)
        company.mkdir()
        files = LedgerFiles(company / "main.beancount")
        files.ledger.write_text(text)
        if not killed(files.ledger, at):
            assert_complete(files)
            break
        boundaries = at
        if files.batches:
            files.entries()  # the ledger loads, whatever was half done
        export(files.ledger)
        assert_complete(files)
        assert not list(company.rglob(".*.new"))
    assert boundaries > 30


def test_what_a_killed_writer_left_half_written_is_ignored_and_removed(ledger, files):
    connector = BeancountConnector(ledger)
    connector.check()
    half = files.batches[0].with_name(".000001.beancount.new")
    half.write_text('2026-10-03 ! "half')
    assert files.entries() == []
    connector.book(ENTRIES[:1])
    assert not half.exists()
    assert len(files.entries()) == 1
