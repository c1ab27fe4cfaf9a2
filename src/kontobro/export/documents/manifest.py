"""The manifest beside a document's files: its references, numbers and digests, so that its memory is not ours alone.

JSON, one line a voucher, so that neither writer nor reader holds a large document in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

from kontobro.core.documents import (
    DocumentRow,
    NewDocument,
    SealedFile,
    SealedVoucher,
    booking_from,
    matched_from,
    voucher_facts,
)
from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import Fact, told

SUFFIX: Final = ".manifest.json"
MOST_BYTES: Final = 512 * 1024 * 1024
FORMAT: Final = 1
LARGEST: Final = 2**31 - 1
"""Of a number."""


def manifest_name(number: int) -> str:
    """The manifest's own file name."""
    return f"kontobro-{number:05d}{SUFFIX}"


def number_in(name: str) -> int | None:
    """The document's number in a manifest's name; None in any other."""
    number = name.removeprefix("kontobro-").removesuffix(SUFFIX)
    return int(number) if number.isdecimal() and manifest_name(int(number)) == name else None


def manifest_of(
    company_id: str, job_id: str, document: NewDocument, files: Sequence[SealedFile], vouchers: Iterable[SealedVoucher]
) -> Iterator[bytes]:
    """The manifest, piece by piece. `company_id` is Pleo's: whose books these are."""
    head = {
        "kontobro": FORMAT,
        "company": company_id,
        "job": job_id,
        "document": document.number,
        "group": document.group,
        "moment": document.moment.isoformat(),
        "first": document.first.isoformat(),
        "last": document.last.isoformat(),
        "files": [[file.name, file.media_type, file.sha256, file.size] for file in files],
    }
    yield _line(head)[:-1] + b',"vouchers":['
    before = b"\n"
    for voucher in vouchers:
        numbers = [voucher.series, voucher.year, voucher.number, voucher.vendor]
        yield before + _line([*numbers, voucher_facts(voucher)])
        before = b",\n"
    yield b"\n]}\n"


def read_manifest(name: str, content: bytes, company_id: str) -> tuple[DocumentRow, list[SealedVoucher]] | None:
    """The document and its vouchers; None for another company's. Raises Misconfigured for what is no manifest: anyone
    who can write there may have changed it."""
    try:
        said = json.loads(content)
        if said["kontobro"] != FORMAT:
            raise ValueError("it is of another version")
        if said["company"] != company_id:
            return None
        files = tuple(SealedFile(*_typed(file, str, str, str, int, most=2**63 - 1)) for file in said["files"])
        (number,) = _typed([said["document"]], int)
        group, job_id = _typed([said["group"], said["job"]], str, str)
        vouchers = [_voucher(number, *_typed(voucher, str, str, int, str, dict)) for voucher in said["vouchers"]]
        _require_once(vouchers)
        moment = _moment(said["moment"])
        return DocumentRow(
            number=number,
            group=group,
            job_id=job_id,
            state="delivered",
            moment=moment,
            first=date.fromisoformat(said["first"]),
            last=date.fromisoformat(said["last"]),
            vouchers=len(vouchers),
            files=files,
        ), vouchers
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise unreadable(name, shown(error, 160)) from error


def unreadable(name: str, why: Fact) -> Misconfigured:
    """A manifest that can't be believed: nothing is exported until a person has looked."""
    return Misconfigured(
        *told("manifest_unreadable", name=shown(name), why=why),
        "invalid_configuration",
    )


def _typed(values: list[Any], *kinds: type, most: int = LARGEST) -> list[Any]:
    """The same values. Raises TypeError for other ones, ValueError for a number that no store holds."""
    if [type(value) for value in values] != list(kinds):
        raise TypeError("a value is missing or of another kind")
    if any(type(value) is int and not 0 <= value <= most for value in values):
        raise ValueError("a number is too large or too small")
    return values


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("its moment has no time zone")
    return moment


def _require_once(vouchers: Sequence[SealedVoucher]) -> None:
    references = {voucher.booking.reference for voucher in vouchers}
    numbers = {(voucher.series, voucher.year, voucher.number) for voucher in vouchers}
    if len(references) != len(vouchers) or len(numbers) != len(vouchers):
        raise ValueError("an expense or a voucher number is in it twice")


def _voucher(document: int, series: str, year: str, number: int, vendor: str, facts: Any) -> SealedVoucher:
    booking = booking_from(facts)
    return SealedVoucher(
        document=document,
        series=series,
        year=year,
        number=number,
        booking=booking,
        vendor=vendor,
        state="delivered",
        matched=matched_from(facts, vendor),
    )


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=False).encode()
