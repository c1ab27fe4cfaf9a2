"""Receipts: fetched and checked before booking, a bounded number of bytes at a time, never kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from kontobro.core.errors import KontobroError, Problem, shown
from kontobro.core.export import ExportItem, MalformedItem, Receipt, ReceiptLink
from kontobro.core.ports import ReceiptRules, TooLarge

PLEO_MAX_BYTES = 30 * 1024 * 1024
"""Pleo's own limit for one receipt (`pleo/rules.md` §2.10)."""

BYTES_IN_FLIGHT = 64 * 1024 * 1024
"""Receipts of one batch held in memory, as announced by Pleo; one item may pass it alone."""

UNANNOUNCED = PLEO_MAX_BYTES
"""What a receipt without a size is counted as: the most it can be."""

WORKERS = 4

_OFFICE = "application/vnd.openxmlformats-officedocument."
EXTENSIONS = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    _OFFICE + "wordprocessingml.document": "docx",
    _OFFICE + "spreadsheetml.sheet": "xlsx",
    "text/plain": "txt",
}
"""The formats that Pleo delivers (`pleo/rules.md` §2.10)."""


def batches(
    items: Iterable[ExportItem | MalformedItem], most: int, most_bytes: int = BYTES_IN_FLIGHT
) -> Iterator[list[ExportItem | MalformedItem]]:
    """Items in order, at most `most` and at most `most_bytes` of receipts together (one item may have more)."""
    batch: list[ExportItem | MalformedItem] = []
    weight = 0
    for item in items:
        size = sum(link.size or UNANNOUNCED for link in item.receipts) if isinstance(item, ExportItem) else 0
        if batch and (len(batch) >= most or weight + size > most_bytes):
            yield batch
            batch, weight = [], 0
        batch.append(item)
        weight += size
    if batch:
        yield batch


def media_type_of(content: bytes, announced: str | None) -> str | None:
    """What the bytes are, by their first ones; None when they are none of the formats Pleo delivers.

    The two Office generations each share one signature, so there the announced type says which it is.
    """
    announced = (announced or "").split(";")[0].strip().lower()
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"PK\x03\x04") and announced.startswith(_OFFICE):
        return announced
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return announced if announced in EXTENSIONS else "application/msword"
    return "text/plain" if _is_text(content) else None


def _is_text(content: bytes) -> bool:
    start = content[:1024]
    if not start or b"\0" in start or b"<html" in start.lower() or b"<!doctype html" in start.lower():
        return False
    try:
        start.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        return error.start > len(start) - 4  # cut in the middle of a character
    return True


def check_links(item: ExportItem, rules: ReceiptRules) -> list[Problem]:
    """What can be said before anything is fetched: too many, too large."""
    found = [
        _too_large(number, link.size, rules)
        for number, link in enumerate(item.receipts, 1)
        if link.size is not None and link.size > min(rules.max_bytes, PLEO_MAX_BYTES)
    ]
    if rules.max_count is not None and len(item.receipts) > rules.max_count:
        found.append(
            Problem(
                code="receipts_too_many",
                field="files",
                value=str(len(item.receipts)),
                message=f"{len(item.receipts)} receipts; the accounting system takes {rules.max_count} an entry.",
                remedy="Merge them into one PDF in Pleo and export the expense again.",
                reason="receipt_upload_failure",
            )
        )
    return found


class Fetches(Protocol):
    """Who brings a receipt's bytes, as `Pleo.fetch` does."""

    def fetch(self, url: str, limit: int) -> bytes: ...


def fetch_all(
    pleo: Fetches, items: Sequence[ExportItem], rules: ReceiptRules, keep_alive: Callable[[], None]
) -> list[tuple[tuple[Receipt, ...], list[Problem]]]:
    """The receipts of each item, in order and each once, or the problems with them.

    At most WORKERS downloads at a time; `keep_alive` is called after each.
    """
    links = [(index, number, link) for index, item in enumerate(items) for number, link in enumerate(item.receipts, 1)]
    answers: list[tuple[list[Receipt], list[Problem]]] = [([], []) for _ in items]
    if links:
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="receipt") as pool:
            fetched = pool.map(lambda one: _fetch(pleo, one[1], one[2], rules), links)
            for (index, _, _), receipt in zip(links, fetched, strict=True):
                keep_alive()
                if isinstance(receipt, Receipt):
                    answers[index][0].append(receipt)
                else:
                    answers[index][1].append(receipt)
    return [(tuple({one.sha256: one for one in receipts}.values()), problems) for receipts, problems in answers]


def _fetch(pleo: Fetches, number: int, link: ReceiptLink, rules: ReceiptRules) -> Receipt | Problem:
    try:
        content = pleo.fetch(link.url, min(rules.max_bytes, PLEO_MAX_BYTES))
    except TooLarge:
        return _too_large(number, link.size, rules)
    except KontobroError as error:
        return _unavailable(number, shown(error.message, 200))
    if not content:
        return _unavailable(number, "it is empty")
    return _checked(number, link, content, rules)


def _checked(number: int, link: ReceiptLink, content: bytes, rules: ReceiptRules) -> Receipt | Problem:
    media_type = media_type_of(content, link.media_type)
    announced = (link.media_type or "").split(";")[0].strip().lower()
    expected = announced in EXTENSIONS and announced != media_type
    if media_type is None or expected:
        kind = EXTENSIONS.get(media_type or "", "unknown")
        return Problem(
            code="receipt_not_what_it_says",
            field=f"files[{number}]",
            value=shown(link.media_type or "no type"),
            message=f"Receipt {number} is announced as {shown(link.media_type or 'nothing')} but holds {kind} content.",
            remedy="Upload the receipt again in Pleo as PDF, JPG or PNG and export the expense again.",
            reason="receipt_conversion_failure",
        )
    if media_type not in rules.media_types:
        return Problem(
            code="receipt_type_refused",
            field=f"files[{number}]",
            value=media_type,
            message=f"Receipt {number} is {EXTENSIONS[media_type]}, which the accounting system does not take.",
            remedy="Upload the receipt in Pleo as PDF, JPG or PNG and export the expense again.",
            reason="receipt_conversion_failure",
        )
    digest = hashlib.sha256(content).hexdigest()
    return Receipt(f"receipt-{number}.{EXTENSIONS[media_type]}", media_type, content, digest)


def _too_large(number: int, size: int | None, rules: ReceiptRules) -> Problem:
    limit = min(rules.max_bytes, PLEO_MAX_BYTES) / (1024 * 1024)
    held = f"{size / (1024 * 1024):.1f} MB" if size else "larger than announced"
    return Problem(
        code="receipt_too_large",
        field=f"files[{number}].size",
        value=str(size or ""),
        message=f"Receipt {number} is {held}; the limit is {limit:.0f} MB.",
        remedy="Upload a smaller copy in Pleo and export the expense again.",
        reason="receipt_file_size_limit_exceeded",
    )


def _unavailable(number: int, why: str) -> Problem:
    return Problem(
        code="receipt_unavailable",
        field=f"files[{number}].url",
        value="",
        message=f"Receipt {number} could not be fetched from Pleo: {why.rstrip('.')}.",
        remedy="Export the expense again; if it fails again, upload the receipt anew in Pleo.",
        reason="receipt_download_failure",
    )
