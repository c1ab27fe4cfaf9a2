"""Records of a SIE file as bytes, and the checksum over them. Pure.

`#KSUMMA` (SIE filformat 4B, appendix): CRC-32 as of ZIP over labels and fields in CP437, without the blanks between
fields, quotation marks around them, braces and line ends; of `\\"` only the quotation mark.
"""

from __future__ import annotations

import zlib
from decimal import Decimal

from kontobro.erp.files.sie.vouchers import ENCODING, SieObject, written


class Text(str):
    """A field that is written between quotation marks."""

    __slots__ = ()


Field = str | tuple[SieObject, ...]
"""A field as it is, a text, or a list of objects in braces."""


class Records:
    """Makes records; `sum` is the checksum over those made since it was zero."""

    def __init__(self) -> None:
        self.sum = 0

    def made(self, label: str, *fields: Field) -> bytes:
        """One record with its line end."""
        parts, summed = [label], [label]
        for field in fields:
            if isinstance(field, tuple):
                parts.append("{" + " ".join(f"{one.dimension} {_quoted(one.number)}" for one in field) + "}")
                summed += [f"{one.dimension}{one.number}" for one in field]
            else:
                parts.append(_quoted(field) if isinstance(field, Text) else field)
                summed.append(field)
        self.sum = zlib.crc32("".join(summed).encode(ENCODING), self.sum)
        return f"{' '.join(parts)}\r\n".encode(ENCODING)


def text(value: str) -> Text:
    """A text as a field, in the letters that the file has."""
    return Text(written(value))


def _quoted(value: str) -> str:
    escaped = value.replace('"', '\\"')
    return f'"{escaped}"'


def amount(value: Decimal) -> str:
    """Two decimals, a minus in front of what is below zero."""
    return f"{value or Decimal(0):.2f}"
