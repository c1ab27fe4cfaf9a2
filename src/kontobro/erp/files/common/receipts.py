"""A document's receipts as one ZIP with an index, written as it is read. Pure."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final

from kontobro.core.ports import DocumentFile, DocumentHead, Vouchers
from kontobro.erp.files.common.letters import line_of
from kontobro.erp.files.common.pieces import LARGEST

INDEX: Final = "index.csv"
COLUMNS: Final = ("file", "reference", "voucher", "date", "payee", "original name", "type", "bytes", "sha256")

FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def zip_pieces(members: Iterable[tuple[str, Callable[[], bytes]]], moment: datetime) -> Iterator[bytes]:
    """A ZIP of members by name, stored as they are; each is read when its turn comes, and none is kept.

    `moment` is every member's time: the same members and moment give the same bytes.
    """
    out = _Pieces()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as package:
        for name, read in members:
            package.writestr(_member(name, moment), read())
            yield from out.taken()
    yield from out.taken()


def receipts_zip(name: str, head: DocumentHead, vouchers: Vouchers) -> Iterator[DocumentFile]:
    """The file of a document's receipts; none where it has no receipt."""
    if any(voucher.receipts for voucher in vouchers):
        content = zip_pieces(_members(vouchers), head.moment)
        yield DocumentFile(name=name, media_type="application/zip", content=content)


def _members(vouchers: Vouchers) -> Iterator[tuple[str, Callable[[], bytes]]]:
    yield INDEX, lambda: index_of(vouchers)
    for voucher in vouchers:
        for receipt in voucher.receipts:
            yield receipt.name, receipt.read


def index_of(vouchers: Vouchers) -> bytes:
    """A row each receipt, as a CSV file that Excel opens: UTF-8 with its mark."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for voucher in vouchers:
        entry = voucher.entry
        for one in voucher.receipts:
            number = f"{voucher.series}{voucher.number}"
            texts = (one.name, entry.reference, number, entry.date.isoformat(), entry.payee, one.original)
            writer.writerow([*map(_disarmed, texts), one.media_type, one.size, one.sha256])
    return out.getvalue().encode("utf-8-sig")


def _disarmed(text: str) -> str:
    """What a spreadsheet would take for a formula begins with an apostrophe."""
    line = line_of(text)
    return f"'{line}" if line.startswith(FORMULA) else line


def _member(name: str, moment: datetime) -> zipfile.ZipInfo:
    """Without the marks of the system that wrote it."""
    member = zipfile.ZipInfo(name, moment.timetuple()[:6])
    member.create_system = 3
    member.external_attr = 0o644 << 16
    return member


class _Pieces(io.RawIOBase):
    """A file that is taken away piece by piece while it is written. What was not taken yet may be written over: so the
    ZIP has sizes and check sums before each member, which simple readers expect."""

    def __init__(self) -> None:
        super().__init__()
        self._held = io.BytesIO()
        self._gone = 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._gone + self._held.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_SET:
            offset -= self._gone
        return self._gone + self._held.seek(offset, whence)

    def write(self, data: bytes) -> int:  # type: ignore[override]
        return self._held.write(data)

    def taken(self) -> Iterator[bytes]:
        """What was written since, in bounded pieces."""
        content = self._held.getvalue()
        self._gone += len(content)
        self._held = io.BytesIO()
        for at in range(0, len(content), LARGEST):
            yield content[at : at + LARGEST]
