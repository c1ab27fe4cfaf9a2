"""The receipts of a document as DATEV Unternehmen online takes them: flat ZIPs with a document.xml. Pure.

Rows link a receipt by `BEDI "GUID"`. The GUID follows from the entry's reference and what its receipts hold: the same
again in every export, another one where a receipt was replaced.
"""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final
from xml.sax.saxutils import quoteattr

from kontobro.core.ports import DocumentHead, ReceiptFile, ReceiptRules, Voucher, Vouchers

MOST_DOCUMENTS: Final = 4_999
MOST_BYTES: Final = 100 * 1000 * 1000
"""Of a package; DATEV recommends no more. An entry's receipts stay together: at most 400 MB, where 465 are taken."""

_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
RECEIPTS: Final = ReceiptRules(
    media_types=frozenset(
        [
            "application/pdf",
            "image/jpeg",
            "image/png",
            "image/gif",
            "image/tiff",
            "image/bmp",
            "text/plain",
            "text/csv",
            "application/msword",
            "application/vnd.ms-excel",
            f"{_OFFICE}.wordprocessingml.document",
            f"{_OFFICE}.spreadsheetml.sheet",
            "application/vnd.oasis.opendocument.text",
            "application/vnd.oasis.opendocument.spreadsheet",
            "application/rtf",
            "application/xml",
        ]
    ),
    max_bytes=20 * 1000 * 1000,
    max_count=20,
)

_GUIDS: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:kontobro:datev:receipts")
_PIECE: Final = 1024 * 1024


def guid_of(voucher: Voucher) -> str:
    hashes = sorted(receipt.sha256 for receipt in voucher.receipts)
    return str(uuid.uuid5(_GUIDS, "\n".join((voucher.entry.reference, *hashes))))


@dataclass(frozen=True, slots=True)
class Span:
    """The vouchers of one package: from the first, which is the document's `start`-th, to before `end`."""

    start: int
    end: int


def packages(vouchers: Iterable[Voucher], most_documents: int = MOST_DOCUMENTS, most: int = MOST_BYTES) -> list[Span]:
    """How a document's receipts are split: at so many entries or bytes, never within an entry."""
    spans: list[Span] = []
    start = end = count = size = 0
    for at, voucher in enumerate(vouchers):
        if not voucher.receipts:
            continue
        own = sum(receipt.size for receipt in voucher.receipts)
        if count and (count == most_documents or size + own > most):
            spans.append(Span(start, end))
            start, count, size = at, 0, 0
        end, count, size = at + 1, count + 1, size + own
    return [*spans, Span(start, end)] if count else spans


def package_content(head: DocumentHead, vouchers: Vouchers, span: Span, version: str) -> Iterator[bytes]:
    """A ZIP, a receipt at a time: no more than one is in memory."""
    out = _Pieces()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as package:
        own = [voucher for voucher in islice(vouchers, span.start, span.end) if voucher.receipts]
        package.writestr(_entry("document.xml", head), document_xml(head, own, version).encode())
        yield from out.taken()
        for receipt in (receipt for voucher in own for receipt in voucher.receipts):
            package.writestr(_entry(receipt.name, head), receipt.read())
            yield from out.taken()
    yield from out.taken()


def _entry(name: str, head: DocumentHead) -> zipfile.ZipInfo:
    """The sealing moment is the only clock, and no file has the marks of the system that wrote it."""
    entry = zipfile.ZipInfo(name, head.moment.timetuple()[:6])
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry


def document_xml(head: DocumentHead, vouchers: Iterable[Voucher], version: str) -> str:
    """What the package holds; `version` is `06.0` or `05.0`."""
    namespace = f"http://xml.datev.de/bedi/tps/document/v{version}"
    schema = f"Document_v{version.replace('.', '')}.xsd"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<archive xmlns="{namespace}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{namespace} {schema}" version="{version.lstrip("0")}" generatingSystem="Kontobro">',
        f"<header><date>{head.moment:%Y-%m-%dT%H:%M:%S}</date>"
        f"<description>Pleo {head.group} #{head.number}</description></header>",
        "<content>",
        *(_document(voucher) for voucher in vouchers),
        "</content>",
        "</archive>",
    ]
    return "\n".join(lines) + "\n"


def _document(voucher: Voucher) -> str:
    files = "".join(map(_extension, voucher.receipts))
    return f'<document guid="{guid_of(voucher)}" type="1" processID="1">{files}</document>'


def _extension(receipt: ReceiptFile) -> str:
    return f'<extension xsi:type="File" name={quoteattr(receipt.name)}/>'


class _Pieces(io.RawIOBase):
    """A file that is taken away piece by piece while it is written. What was not taken yet may be written over: so the
    ZIP has sizes and check sums before each file, which readers of a flat ZIP expect."""

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
        """What was written since, in pieces of at most a megabyte."""
        content = self._held.getvalue()
        self._gone += len(content)
        self._held = io.BytesIO()
        for at in range(0, len(content), _PIECE):
            yield content[at : at + _PIECE]
