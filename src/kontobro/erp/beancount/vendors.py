"""Vendors born in Pleo, as directives in a file of our own beside the batches: `bookings/vendors.beancount`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from kontobro.core.errors import Problem
from kontobro.core.model.masterdata import Vendor
from kontobro.erp.beancount.syntax.render import one_line, quoted
from kontobro.erp.kit.vendors import by_key, code_taken, key_of

HEADER = """\
; Vendors that were born in Pleo. Correct them as you like, but keep the line `pleo: "..."`: by it the vendor
; is known, so that it is never added twice. A later directive of the same code replaces the one here.
"""


def additions(vendors: Sequence[Vendor], known: Collection[Vendor]) -> tuple[list[Vendor], dict[str, Problem]]:
    """Which of them the ledger lacks, each with its code; and by Pleo's id those that it can't take."""
    booked = {vendor.pleo_id for vendor in known}
    codes = {vendor.code.strip().casefold() for vendor in known}
    new, refused = [], {}
    for pleo_id, vendor in by_key(vendors).items():
        code = one_line(vendor.code).strip()
        if pleo_id in booked:
            continue
        if code.casefold() in codes:
            refused[pleo_id] = code_taken(vendor, "Beancount", vendor.code)
            continue
        code = code or _free_code(codes)
        codes.add(code.casefold())
        new.append(_named(vendor, pleo_id, code))
    return new, refused


def with_vendors(text: bytes, vendors: Sequence[Vendor]) -> bytes:
    """The file's text with these vendors, but for those that it has."""
    lines = [line for vendor in vendors if _id_line(vendor) not in text for line in ("", render_vendor(vendor))]
    return (text or HEADER.encode()) + "\n".join(lines).encode() if lines else text


def _id_line(vendor: Vendor) -> bytes:
    return f"pleo: {quoted(key_of(vendor))}".encode()


def render_vendor(vendor: Vendor) -> str:
    """The vendor's directive, ending in a line break."""
    lines = [f'2020-01-01 custom "vendor" {quoted(vendor.code)} {quoted(vendor.name)}']
    lines += [f"  {key}: {quoted(value)}" for key, value in _meta(vendor) if value]
    return "\n".join(lines) + "\n"


def _meta(vendor: Vendor) -> Iterator[tuple[str, str | None]]:
    yield "pleo", vendor.pleo_id
    yield "registration-number", vendor.registration_number
    yield "tax-number", vendor.tax_registration_number
    yield "currency", vendor.currency
    yield "country", vendor.country


def _named(vendor: Vendor, pleo_id: str, code: str) -> Vendor:
    return Vendor(
        id=code,
        code=code,
        name=one_line(vendor.name).strip() or code,
        registration_number=vendor.registration_number,
        tax_registration_number=vendor.tax_registration_number,
        currency=vendor.currency,
        country=vendor.country,
        pleo_id=pleo_id,
    )


def _free_code(codes: Collection[str]) -> str:
    number = next(number for number in range(1, len(codes) + 2) if f"p{number}" not in codes)
    return f"P{number}"
