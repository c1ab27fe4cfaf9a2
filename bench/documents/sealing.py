"""Documents: CPU and peak memory of rendering and sealing, each format and size in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import books
from bench.memory import high_water
from bench.result import Result
from kontobro.core.model.journal import Entry, EntryLine, JournalEntry, Reference
from kontobro.core.ports import DocumentFile, DocumentHead, DocumentTarget
from kontobro.erp.registry import Registry, load_connector
from kontobro.export.documents.manifest import manifest_name, manifest_of
from kontobro.export.documents.spool import KeptItem, Spool
from kontobro.store import open_store

SMALL, LARGE, COMPARED = 1_000, 50_000, 5_000
MOMENT = datetime(2026, 11, 28, 12, tzinfo=UTC)
OPTIONS: Mapping[str, Mapping[str, str]] = {
    "csv": {"template": "generic-lines"},
    "xlsx": {"template": "generic-lines"},
    "datev": {"consultant": "29098", "client": "55003", "account_length": "4"},
    "sie": {"organisation_number": "556677-8899", "series": "P", "numbers": "own", "dimensions": "COST = 1"},
    "fec": {"siren": "123456789"},
}
MASTERS = """
[company]
id = "bench"
name = "Bench ApS"
currency = "{currency}"
time_zone = "Europe/Copenhagen"

[[accounts]]
code = "1081"
name = "Pleo wallet"

[[accounts]]
code = "1401"
name = "Input VAT"

[[accounts]]
code = "7504"
name = "Office supplies"

[[tax_codes]]
code = "I25"
name = "Input VAT 25 %"
rate = 0.25
type = "inclusive"
ingoing_account = "1401"

[[dimensions]]
code = "COST"
name = "Cost centre"

[[dimension_values]]
dimension_id = "COST"
code = "100"
name = "Sales"
"""


def measure() -> list[Result]:
    results = []
    booked = float(_in_a_process("beancount", COMPARED)["cpu"])
    for name in OPTIONS:
        if name not in Registry().names():
            continue
        small, large, same = (_in_a_process(name, count) for count in (SMALL, LARGE, COMPARED))
        workbook = name == "xlsx"
        note = f"{large['peak']:.0f} MB at {LARGE:,} entries, {small['peak']:.0f} MB at {SMALL:,}"
        growth = large["peak"] / small["peak"]
        results += [
            Result(f"document_memory_{name}", growth, 2 if workbook else 1.3, f"times {SMALL:,} entries", note),
            Result(
                f"document_cpu_{name}",
                same["cpu"] / booked,
                4 if workbook else 1,
                "times Beancount's book",
                f"{COMPARED:,} entries: render and seal {same['cpu']:.2f} s, book {booked:.2f} s",
            ),
        ]
    return results


def _in_a_process(name: str, count: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.documents.sealing", name, str(count)]
    return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def entries(count: int, accounts: tuple[str, str, str], currency: str) -> Iterator[Entry]:
    """Card purchases of three lines, one of them tagged, over two months."""
    expense, tax, wallet = accounts
    for number in range(count):
        net, vat = Decimal(100 + number % 900), Decimal(25 + number % 7)
        yield JournalEntry(
            reference=Reference(f"00000000-0000-4000-8000-{number:012d}"),
            date=date(2026, 9, 1) + timedelta(days=number % 60),
            currency=currency,
            fingerprint=f"{number:032x}",
            payee="Papirhjørnet",
            text="Paper and pens · Anna Berg",
            lines=(
                EntryLine(
                    account=expense,
                    amount=net,
                    role="expense",
                    tax_code="I25",
                    tax_amount=vat,
                    dimensions=(("COST", "100"),),
                ),
                EntryLine(account=tax, amount=vat, role="tax", tax_code="I25"),
                EntryLine(account=wallet, amount=-net - vat, role="wallet"),
            ),
        )


def _book(count: int) -> float:
    """CPU seconds of booking them into Beancount, in batches of 100."""
    with TemporaryDirectory() as folder:
        connector = load_connector("beancount", {"ledger": str(books.beancount_ledger(Path(folder)))})
        accounts = ("Expenses:Office-Supplies", "Assets:VAT:Input", "Assets:Pleo:DKK")
        made = list(entries(count, accounts, "DKK"))
        connector.check()
        began = time.process_time()
        for start in range(0, count, 100):
            connector.book(made[start : start + 100])
        return time.process_time() - began


def _seal(name: str, count: int) -> float:
    """CPU seconds of rendering and sealing them, in a real store."""
    currency = {"sie": "SEK"}.get(name, "EUR")
    with TemporaryDirectory() as home, Spool() as spool:
        masters = Path(home) / "masters.toml"
        masters.write_text(MASTERS.format(currency=currency))
        target = Registry().load_target(name, {**OPTIONS[name], "masters": str(masters)})
        for entry in entries(count, ("7504", "1401", "1081"), currency):
            kept = KeptItem(entry.reference, entry.reference, (entry.reference,), 0)
            spool.add(kept, [(entry, target.place(entry))], ())
        (first,) = target.validate(list(entries(1, ("7504", "1401", "1081"), currency)))
        assert not [one for one in first if type(one).__name__ == "Problem"], first
        with open_store(Path(home) / "bench.sqlite3") as store:
            store.save_connection(books.connection())
            began = time.process_time()
            _render(store, target, spool)
            return time.process_time() - began


def _render(store: Any, target: DocumentTarget, spool: Spool) -> None:
    new = spool.number(store.last_numbers("bench"), MOMENT, target.max_rows)
    store.begin_documents("bench", "job", new)
    for document in new:
        head = DocumentHead(
            number=document.number,
            group=document.group,
            moment=document.moment,
            company=target.check(),
            first=document.first,
            last=document.last,
        )
        files = [
            store.keep_file("bench", document.number, file)
            for file in target.render(head, spool.vouchers(document.number))
        ]
        content = manifest_of("company", "job", document, files, spool.sealed(document.number))
        name = manifest_name(document.number)
        store.keep_file(
            "bench", document.number, DocumentFile(name=name, media_type="application/json", content=content)
        )
    numbers = [document.number for document in new]
    vouchers = (voucher for number in numbers for voucher in spool.sealed(number))
    store.seal_documents("bench", numbers, vouchers)


if __name__ == "__main__":
    kind, number = sys.argv[1], int(sys.argv[2])
    seconds = _book(number) if kind == "beancount" else _seal(kind, number)
    print(json.dumps({"cpu": seconds, "peak": high_water()}))
