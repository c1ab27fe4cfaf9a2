"""Debitoren/Kreditoren: vendors that DATEV does not know yet. An import overwrites what an account number has: only
vendors that the master data call new are written, each once. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from kontobro.core.model.masterdata import Vendor
from kontobro.core.ports import DocumentHead, Voucher
from kontobro.erp.files.datev.books import Books
from kontobro.erp.files.datev.lines import VENDOR_HEADINGS, header, quoted
from kontobro.erp.files.datev.texts import written
from kontobro.erp.kit.checks import vendors_named

MOST_NAME: Final = 50
MOST_TAX_NUMBER: Final = 20

EU: Final = frozenset("AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI".split())
"""The letters that VAT numbers of the EU begin with (Greece's are not its country code; XI is Northern Ireland)."""


def new_vendors(head: DocumentHead, vouchers: Iterable[Voucher], books: Books) -> list[Vendor]:
    """The new vendors of a document, by their account numbers."""
    if not books.new_vendors:
        return []
    found = {id for voucher in vouchers for id in vendors_named(voucher.entry)} & books.new_vendors
    vendors = [books.vendors[id] for id in found - head.known_vendors]
    return sorted((vendor for vendor in vendors if account_of(vendor, books)), key=lambda one: account_of(one, books))


def account_of(vendor: Vendor, books: Books) -> str:
    """The number of a vendor's own account; empty for one that is booked on a common account."""
    number = books.number(vendor.account) if vendor.account else ""
    return number if books.is_person(number) else ""


def vendor_lines(head: DocumentHead, vendors: Iterable[Vendor], books: Books) -> Iterator[str]:
    yield header(head, books, postings=False)
    yield ";".join(VENDOR_HEADINGS)
    for vendor in vendors:
        yield ";".join(_fields(vendor, books))


def _fields(vendor: Vendor, books: Books) -> list[str]:
    """Fields count from 1, as DATEV's description does."""
    fields = [""] * len(VENDOR_HEADINGS)
    country, number = vat_number(vendor.tax_registration_number or "")
    for place, text in {
        2: vendor.name,
        7: "2",  # a company
        9: country,
        10: number,
        20: vendor.country or "",
        100: "" if number else vendor.tax_registration_number or "",
    }.items():
        fields[place - 1] = quoted(written(text)) if text else ""
    fields[0] = account_of(vendor, books)
    return fields


def vat_number(text: str) -> tuple[str, str]:
    """Country and number of a VAT number of the EU; two empty texts for another one."""
    number = re.sub(r"[\s.\-]", "", text).upper()
    if number[:2] in EU and re.fullmatch(r"[0-9A-Z+*]{2,13}", number[2:], re.ASCII):
        return number[:2], number[2:]
    return "", ""
