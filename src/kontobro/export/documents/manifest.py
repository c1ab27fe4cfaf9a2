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
    facts_of,
)
from kontobro.core.errors import Misconfigured, shown

SUFFIX: Final = ".manifest.json"
MOST_BYTES: Final = 512 * 1024 * 1024
FORMAT: Final = 1


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
        yield before + _line([*numbers, facts_of(voucher.booking)])
        before = b",\n"
    yield b"\n]}\n"


def read_manifest(content: bytes, company_id: str) -> tuple[DocumentRow, list[SealedVoucher]] | None:
    """The document and its vouchers; None for another company's. Raises Misconfigured for what is no manifest."""
    try:
        said = json.loads(content)
        if said["kontobro"] != FORMAT:
            raise ValueError("it is of another version")
        if said["company"] != company_id:
            return None
        files = tuple(SealedFile(*file) for file in said["files"])
        row = DocumentRow(
            number=said["document"],
            group=said["group"],
            job_id=said["job"],
            state="delivered",
            moment=datetime.fromisoformat(said["moment"]),
            first=date.fromisoformat(said["first"]),
            last=date.fromisoformat(said["last"]),
            vouchers=len(said["vouchers"]),
            files=files,
        )
        return row, [_voucher(row.number, *voucher) for voucher in said["vouchers"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Misconfigured(
            f"A manifest can't be read: {shown(error, 160)}.", "Restore the file beside the documents, or a backup."
        ) from error


def _voucher(document: int, series: str, year: str, number: int, vendor: str, facts: Any) -> SealedVoucher:
    kinds: list[type] = [type(one) for one in (series, year, number, vendor)]
    if kinds != [str, str, int, str]:
        raise TypeError("a voucher has other columns")
    booking = booking_from(facts)
    return SealedVoucher(
        document=document, series=series, year=year, number=number, booking=booking, vendor=vendor, state="delivered"
    )


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=False).encode()
