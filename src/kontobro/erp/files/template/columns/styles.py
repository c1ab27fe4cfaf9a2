"""How dates and numbers are written, and which letters a file has. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from kontobro.core.model.money import EXPONENTS, fits
from kontobro.erp.files.common.letters import line_of, spelled
from kontobro.erp.files.template.layout import SEPARATORS, File, encoding_of

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the start of a formula (OWASP, CSV injection)."""

MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

_TOKENS: Final = re.compile(r"yyyy|yy|mmm|mm|m|dd|d|[^A-Za-z]|(.)", re.DOTALL)
_DATE_PARTS: Final[dict[str, Callable[[date], str]]] = {
    "yyyy": lambda day: f"{day.year:04d}",
    "yy": lambda day: f"{day.year % 100:02d}",
    "mmm": lambda day: MONTHS[day.month - 1],
    "mm": lambda day: f"{day.month:02d}",
    "m": lambda day: str(day.month),
    "dd": lambda day: f"{day.day:02d}",
    "d": lambda day: str(day.day),
}


def date_tokens(pattern: str) -> list[str] | None:
    """The parts of `dd.mm.yyyy`; None for a pattern that is none."""
    found = list(_TOKENS.finditer(pattern))
    if not pattern or any(one[1] for one in found) or not any(one[0] in _DATE_PARTS for one in found):
        return None
    return [one[0] for one in found]


def written_date(pattern: str) -> Callable[[date], str]:
    """How a day is written by a pattern of `date_tokens`."""
    parts = [_DATE_PARTS.get(token, token) for token in date_tokens(pattern) or []]
    return lambda day: "".join([part if isinstance(part, str) else part(day) for part in parts])


def read_date(pattern: str, text: str) -> date:
    """The other way round. Raises ValueError."""
    numbers = {"yyyy": r"(?P<y>\d{4})", "yy": r"(?P<y>\d\d)", "mm": r"(?P<m>\d\d)", "m": r"(?P<m>\d\d?)"}
    numbers |= {"mmm": r"(?P<mmm>[A-Za-z]{3})", "dd": r"(?P<d>\d\d)", "d": r"(?P<d>\d\d?)"}
    parts = [numbers.get(token, re.escape(token)) for token in date_tokens(pattern) or []]
    found = re.fullmatch("".join(parts), text, re.ASCII)
    if found is None:
        raise ValueError(f"{text!r} is not a date as {pattern}")
    said = found.groupdict()
    year = int(said.get("y") or 0)
    month = MONTHS.index(said["mmm"].capitalize()) + 1 if said.get("mmm") else int(said.get("m") or 0)
    return date(year + 2000 if year < 100 else year, month, int(said.get("d") or 0))


@dataclass(frozen=True, slots=True)
class Style:
    """What a file says for all of its columns. `lacking`: letters that no text may have, and what is written."""

    encoding: str
    decimal: str
    thousands: str
    disarm: bool
    separator: str
    lacking: dict[int, str]

    def words(self, text: str) -> str:
        """A text in one line of letters that the file has."""
        return line_of(spelled(text, self.encoding)).translate(self.lacking)

    def amount(self, amount: Decimal, decimals: int) -> str:
        """With that many decimals, which it has to fit in."""
        text = f"{amount or amount.copy_abs():,.{decimals}f}"
        whole, point, rest = text.partition(".")
        return whole.replace(",", self.thousands) + point.replace(".", self.decimal) + rest

    def number(self, number: Decimal | int) -> str:
        if isinstance(number, int):
            return str(number)
        text = f"{number:f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", self.decimal)


def style_of(file: File) -> Style:
    separator = SEPARATORS.get(file.separator, file.separator)
    bare = file.format != "xlsx" and (file.quote == "none" or not separator)
    lacking = {ord(separator): " ", ord('"'): "'"} if bare and separator else {}
    return Style(
        encoding=encoding_of(file),
        decimal=file.decimal,
        thousands=file.thousands,
        disarm=file.formulas == "disarm" and file.format != "xlsx",
        separator=separator,
        lacking=lacking,
    )


def decimals_of(amount: Decimal, currency: str, decimals: int | None) -> int | None:
    """The decimals that an amount is written with; None where it has more than that."""
    wanted = EXPONENTS.get(currency, 2) if decimals is None else decimals
    return wanted if fits(amount, wanted) else None
