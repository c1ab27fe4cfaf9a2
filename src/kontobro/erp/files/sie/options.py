"""What a company sets of its SIE files, read and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import Fact, phrase
from kontobro.erp.files.common.years import first_month
from kontobro.erp.kit.masters_file import unusable

VENDOR, EMPLOYEE, INVOICE = "vendor", "employee", "invoice"
OBJECTS: Final[Mapping[str, int]] = {VENDOR: 9, EMPLOYEE: 7, INVOICE: 10}
"""What else can be an object, and the dimension that the standard reserves for it."""

LONGEST_TEXT: Final = 4_000
SERIES: Final = re.compile(r"[A-Za-z0-9]{1,10}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SieOptions:
    """`dimensions` maps codes of dimensions to SIE's numbers; `objects` are names of OBJECTS."""

    organisation_number: str = ""
    year_month: int = 1
    series: str = ""
    own_numbers: bool = False
    dimensions: Mapping[str, int] = field(default_factory=dict)
    objects: frozenset[str] = frozenset()
    by_month: bool = False
    other_currencies: bool = True
    reference_in_text: bool = True
    text_length: int = LONGEST_TEXT
    ksumma: bool = False


def options_from(given: Mapping[str, str]) -> SieOptions:
    """Raises Misconfigured, naming the option, for a value that it does not take."""
    options = {name: value.strip() for name, value in given.items()}
    series, own = options.get("series", ""), options.get("numbers") == "own"
    if series and not SERIES.fullmatch(series):
        raise _wrong("series", series, phrase("option_letters", most=10))
    if own and not series:
        raise _wrong("series", series, phrase("sie_own_series"))
    return SieOptions(
        organisation_number=_organisation(options.get("organisation_number", "")),
        year_month=first_month(options.get("fiscal_year_start", "")),
        series=series,
        own_numbers=own,
        dimensions=_dimensions(options.get("dimensions", "")),
        objects=_objects(options.get("objects", "")),
        by_month=options.get("one_file") == "month",
        other_currencies=options.get("other_currencies") != "refuse",
        reference_in_text=options.get("reference_in_text") != "no",
        text_length=_length(options.get("text_length", "")),
        ksumma=options.get("ksumma") == "yes",
    )


def organisation_number(text: str) -> str | None:
    """With the hyphen that the standard asks for; None for what is none."""
    found = re.fullmatch(r"(\d{6})-?(\d{4})", text, re.ASCII)
    return f"{found[1]}-{found[2]}" if found else None


def _organisation(text: str) -> str:
    number = organisation_number(text) if text else ""
    if number is None:
        raise _wrong("organisation_number", text, phrase("sie_organisation"))
    return number


def _dimensions(text: str) -> dict[str, int]:
    """`cost-centre = 1, project = 6`."""
    numbers: dict[str, int] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        code, _, number = map(str.strip, part.rpartition("="))
        if not code or not re.fullmatch(r"[1-9]\d{0,4}", number, re.ASCII):
            raise _wrong("dimensions", part, phrase("sie_dimension_form"))
        if code in numbers or int(number) in numbers.values():
            raise _wrong("dimensions", part, phrase("sie_dimension_own"))
        numbers[code] = int(number)
    return numbers


def _objects(text: str) -> frozenset[str]:
    names = frozenset(filter(None, map(str.strip, text.split(","))))
    if unknown := sorted(names - set(OBJECTS)):
        raise _wrong("objects", unknown[0], phrase("sie_objects", names=tuple(OBJECTS)))
    return names


def _length(text: str) -> int:
    if text and not (text.isascii() and text.isdecimal() and 20 <= int(text[:9]) <= LONGEST_TEXT):
        raise _wrong("text_length", text, phrase("give_number", least="20", most=str(LONGEST_TEXT)))
    return int(text or LONGEST_TEXT)


def _wrong(option: str, value: str, remedy: Fact) -> Misconfigured:
    return unusable(phrase("sie_option", option=option, given=shown(value)), remedy)
