"""Receipts: fetched and checked before booking, a bounded number of bytes at a time, never kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from kontobro.core.errors import KontobroError, Problem, ReceiptUnavailable, TooLarge, fault_code
from kontobro.core.model.export import ExportItem, MalformedItem, Receipt, ReceiptLink
from kontobro.core.model.findings import noted, problem
from kontobro.core.ports import ReceiptRules
from kontobro.core.words import Phrase
from kontobro.export.receipts.media import MEDIA, Media, flaw_of, media_of

PLEO_MAX_BYTES = 30 * 1024 * 1024
"""Pleo's own limit for one receipt (`pleo/rules.md` §2.10)."""

BYTES_IN_FLIGHT = 64 * 1024 * 1024
"""Receipts of one batch held in memory, as announced by Pleo; one item may pass it alone."""

UNANNOUNCED = PLEO_MAX_BYTES
"""What a receipt without a size is counted as: the most it can be."""

WORKERS = 4


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


def check_links(item: ExportItem, rules: ReceiptRules) -> list[Problem]:
    """What can be said before anything is fetched: too many, too large."""
    found = [
        _too_large(number, link.size, rules)
        for number, link in enumerate(item.receipts, 1)
        if link.size is not None and link.size > min(rules.max_bytes, PLEO_MAX_BYTES)
    ]
    if rules.max_count is not None and len(item.receipts) > rules.max_count:
        found.append(
            problem("receipts_too_many", "files", len(item.receipts), count=len(item.receipts), most=rules.max_count)
        )
    return found


class Fetches(Protocol):
    """Who brings a receipt's bytes, as `Pleo.fetch` does."""

    def fetch(self, url: str, limit: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """The receipts of one item, what is wrong with those that are missing, and notes on those that are odd."""

    receipts: tuple[Receipt, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def fetch_all(
    pleo: Fetches, items: Sequence[ExportItem], rules: ReceiptRules, keep_alive: Callable[[], None]
) -> list[Fetched]:
    """The receipts of each item, in order and each once, or the problems with them.

    At most WORKERS downloads at a time; `keep_alive` is called after each.
    """
    links = [(index, number, link) for index, item in enumerate(items) for number, link in enumerate(item.receipts, 1)]
    answers: list[list[Receipt | Problem]] = [[] for _ in items]
    notes: list[list[str]] = [[] for _ in items]
    if links:
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="receipt") as pool:
            fetched = pool.map(lambda one: _fetch(pleo, one[1], one[2], rules), links)
            for (index, _, _), (answer, note) in zip(links, fetched, strict=True):
                keep_alive()
                answers[index].append(answer)
                notes[index] += [note] if note else []
    return [_fetched(answer, note) for answer, note in zip(answers, notes, strict=True)]


def _fetched(answers: Sequence[Receipt | Problem], notes: Sequence[str]) -> Fetched:
    receipts = {one.sha256: one for one in answers if isinstance(one, Receipt)}
    return Fetched(
        tuple(receipts.values()),
        tuple(one for one in answers if isinstance(one, Problem)),
        tuple(dict.fromkeys(notes)),
    )


def _fetch(pleo: Fetches, number: int, link: ReceiptLink, rules: ReceiptRules) -> tuple[Receipt | Problem, str]:
    """The receipt or its problem, and a note or nothing."""
    try:
        content = pleo.fetch(link.url, min(rules.max_bytes, PLEO_MAX_BYTES))
    except TooLarge:
        return _too_large(number, link.size, rules), ""
    except KontobroError as error:
        why = error.why if isinstance(error, ReceiptUnavailable) else Phrase(fault_code(error))
        return _unavailable(number, why), ""
    if not content:
        return _unavailable(number, Phrase("receipt_empty")), ""
    return _checked(number, link, content, rules)


def _checked(number: int, link: ReceiptLink, content: bytes, rules: ReceiptRules) -> tuple[Receipt | Problem, str]:
    label = (link.media_type or "").split(";")[0].strip().lower()
    media = media_of(content, label)
    if media is None or media.type not in rules.media_types:
        return _refused(number, label, media), ""
    digest = hashlib.sha256(content).hexdigest()
    flaw = flaw_of(content, media)
    note = noted("receipt_flawed", number=number, media=media.words, flaw=flaw) if flaw else ""
    return Receipt(f"receipt-{number}.{media.extension}", media.type, content, digest), note


def _refused(number: int, label: str, media: Media | None) -> Problem:
    """A type that the accounting system does not take, named for what it is; or content that is not known at all."""
    field = f"files[{number}]"
    if media is None:
        return problem("receipt_not_what_it_says.unknown", field, label or "–", number=number)
    if label not in MEDIA or label == media.type:
        return problem("receipt_type_refused", field, media.type, number=number, what=media.words)
    return problem("receipt_not_what_it_says", field, label, number=number, what=media.words)


def _too_large(number: int, size: int | None, rules: ReceiptRules) -> Problem:
    field, limit = f"files[{number}].size", _megabytes(min(rules.max_bytes, PLEO_MAX_BYTES), 0)
    if size:
        return problem("receipt_too_large", field, size, number=number, size=_megabytes(size, 1), limit=limit)
    return problem("receipt_too_large.unannounced", field, "", number=number, limit=limit)


def _megabytes(size: int, decimals: int) -> Decimal:
    return round(Decimal(size) / (1024 * 1024), decimals)


def _unavailable(number: int, why: Phrase) -> Problem:
    return problem("receipt_unavailable", f"files[{number}].url", "", number=number, why=why)
