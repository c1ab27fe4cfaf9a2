"""The smallest document target, a line of JSON an entry, and the smallest place that documents are delivered to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path

from kontobro.core.errors import Conflict, Problem, Unreachable
from kontobro.core.model.journal import Entry, EntryLine
from kontobro.core.model.masterdata import Account, Company, MasterRecord, Vendor
from kontobro.core.ports import Capabilities, DocumentFile, DocumentHead, Place, R, ReceiptRules, Vouchers
from kontobro.core.ports.delivery import FileToDeliver


class PlainTarget:
    """A document a month; the series is P for payments and A for all else."""

    def __init__(self, masters: Sequence[MasterRecord], max_rows: int | None = None) -> None:
        self.masters = masters
        self.max_rows = max_rows
        self.capabilities = Capabilities(
            kinds=frozenset([Account, Vendor]),
            bills=True,
            drafts=False,
            receipts=ReceiptRules(
                media_types=frozenset(["application/pdf", "image/png", "image/jpeg"]), max_bytes=30 * 2**20
            ),
            batch_size=None,
            reference="enforced",
            keeps_fingerprint=True,
        )

    def check(self) -> Company:
        return Company("plain", "Plain", "DKK", "Europe/Copenhagen")

    def read(self, kind: type[R]) -> Iterable[R]:
        return [record for record in self.masters if isinstance(record, kind)]

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        return [[] for _ in entries]

    def place(self, entry: Entry) -> Place:
        series = "P" if type(entry).__name__ == "Payment" else "A"
        return Place(group=f"{entry.date:%Y-%m}", series=series, year=f"{entry.date:%Y}", rows=len(entry.lines))

    def render(self, head: DocumentHead, vouchers: Vouchers) -> Iterable[DocumentFile]:
        yield DocumentFile(
            name=f"document-{head.number:04d}.jsonl", media_type="application/jsonl", content=_lines(head, vouchers)
        )
        for voucher in vouchers:
            for receipt in voucher.receipts:
                yield DocumentFile(name=receipt.name, media_type=receipt.media_type, content=[receipt.read()])


def _lines(head: DocumentHead, vouchers: Vouchers) -> Iterator[bytes]:
    yield json.dumps({"document": head.number, "moment": head.moment.isoformat(), "count": len(vouchers)}).encode()
    for voucher in vouchers:
        entry = voucher.entry
        row = {
            "reference": entry.reference,
            "number": f"{voucher.series}{voucher.number}",
            "date": entry.date.isoformat(),
            "lines": [[line.account, str(line.amount), list(_dimensions(line))] for line in entry.lines],
            "receipts": [receipt.name for receipt in voucher.receipts],
        }
        yield b"\n" + json.dumps(row).encode()


def _dimensions(line: EntryLine) -> Iterable[tuple[str, str]]:
    return line.dimensions if line.role == "expense" else ()


class PlainFolder:
    """A folder. `away`: it can't be reached. Each file that is written crosses `around`."""

    readable = True

    def __init__(self, folder: Path, around: Callable[[Callable[[], None]], None] = lambda call: call()) -> None:
        self.folder = folder
        self.around = around
        self.away = False
        folder.mkdir(parents=True, exist_ok=True)

    def check(self) -> str:
        if self.away:
            raise Unreachable("The folder can't be reached.", "Mount it.")
        return str(self.folder)

    def deliver(self, files: Sequence[FileToDeliver]) -> None:
        for file in files:
            self.around(partial(self._write, file))

    def _write(self, file: FileToDeliver) -> None:
        whole = b"".join(file.content())
        assert (hashlib.sha256(whole).hexdigest(), len(whole)) == (file.sha256, file.size)
        final = self.folder / file.name
        if final.exists():
            if hashlib.sha256(final.read_bytes()).hexdigest() != file.sha256:
                raise Conflict(f"{file.name} is there with other content.", "Remove it.")
            return
        beside = self.folder / f".{file.name}.part"
        beside.write_bytes(whole)
        file.arriving()
        beside.rename(final)

    def read(self, name: str) -> Iterable[bytes]:
        return [(self.folder / name).read_bytes()]

    def names(self) -> Iterable[str]:
        return [path.name for path in self.folder.iterdir() if not path.name.startswith(".")]

    def withdraw(self, name: str, sha256: str) -> bool:
        path = self.folder / name
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            return False
        path.unlink()
        return True


def rows_of(folder: Path) -> list[dict[str, object]]:
    """The rows of every document in a folder, with their document's number, in order."""
    rows = []
    for path in sorted(folder.glob("document-*.jsonl")):
        head, *lines = path.read_text().splitlines()
        assert json.loads(head)["count"] == len(lines)
        rows += [{"document": json.loads(head)["document"], **json.loads(line)} for line in lines]
    assert all(sum(Decimal(amount) for _, amount, _ in row["lines"]) == 0 for row in rows)
    return rows


PACKAGE = """
from kontobro.erp.kit.registration import DELIVERY, LEDGER, Registration

CONNECTOR = Registration(
    label="Plain files",
    factory="tests.support.plain_documents:from_options",
    install="It is a part of the tests",
    options=(LEDGER, *DELIVERY),
    documents=True,
)
"""
"""The module of a package that registers the target as `plainfiles` (`tests.support.outside.write_package`)."""


def from_options(options: Mapping[str, str]) -> PlainTarget:
    """The target over the accounts and vendors of a Beancount ledger."""
    from kontobro.erp.registry import load_connector

    own = load_connector("beancount", {"ledger": options["ledger"]})
    return PlainTarget([*own.read(Account), *own.read(Vendor)])
