"""The receipts of a document as DATEV Unternehmen online takes them: flat ZIPs with a document.xml. Pure.

Rows link a receipt by `BEDI "GUID"`. The GUID follows from the entry's reference and what its receipts hold: the same
again in every export, another one where a receipt was replaced.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final
from xml.sax.saxutils import quoteattr

from kontobro.core.ports import DocumentHead, ReceiptFile, ReceiptRules, Voucher, Vouchers
from kontobro.erp.files.common.receipts import zip_pieces

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
    """A flat ZIP of document.xml and the receipts, one of which is in memory."""
    own = [voucher for voucher in islice(vouchers, span.start, span.end) if voucher.receipts]
    receipts = ((receipt.name, receipt.read) for voucher in own for receipt in voucher.receipts)
    described = ("document.xml", lambda: document_xml(head, own, version).encode())
    yield from zip_pieces(chain([described], receipts), head.moment)


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
