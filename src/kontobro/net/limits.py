"""How large an answer may be, whatever the other side does."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

import httpx2

from kontobro.core.errors import KontobroError, shown
from kontobro.core.words import told

MOST_DIGITS: Final = 60
"""Digits before and after the point of a number that another system sends: amounts have 30, rates 40."""

_GZIP: Final = 16 + zlib.MAX_WBITS


class AnswerTooLarge(httpx2.DecodingError):
    """An answer with more than `most` bytes, decompressed. No more than that was read."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most} bytes")
        self.most = most


class MethodRefused(KontobroError):
    """A client that only reads was asked to write. Nothing was sent."""

    def __init__(self, method: str) -> None:
        super().__init__(*told("method_refused", method=shown(method, 20)))


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one call: `seconds` from its start to the last byte read, `most_bytes` of its answer, decompressed.

    `methods`: the only ones that leave (in capitals); without them all do.
    """

    seconds: float
    most_bytes: int
    methods: frozenset[str] | None = None


def read_bounded(chunks: Iterable[bytes], coding: str, most: int) -> bytes:
    """The body of an answer, decompressed. Raises AnswerTooLarge, DecodingError; RemoteProtocolError when cut short."""
    content = bytearray()
    if coding in ("", "identity"):
        for chunk in chunks:
            content += chunk
            _require(content, most)
        return bytes(content)
    if coding not in ("gzip", "x-gzip"):
        raise httpx2.DecodingError(f"{coding[:20]} was not requested")
    inflater = zlib.decompressobj(_GZIP)
    begun = False
    for chunk in chunks:
        begun = begun or bool(chunk)
        try:
            content += inflater.decompress(chunk, most - len(content) + 1)
        except zlib.error as error:
            raise httpx2.DecodingError("not valid gzip") from error
        _require(content, most)
    if begun and not inflater.eof:
        raise httpx2.RemoteProtocolError("the compressed answer ends early")
    return bytes(content)


def _require(content: bytearray, most: int) -> None:
    if len(content) > most:
        raise AnswerTooLarge(most)


def bounded_decimal(text: str) -> Decimal:
    """A number that another system sends. Raises ValueError beyond MOST_DIGITS: its digits alone would fill memory."""
    if len(text) > 2 * MOST_DIGITS:
        raise ValueError("a number is too long")
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("a number is not valid") from error
    if not is_reasonable(number):
        raise ValueError("a number has too many digits")
    return number


def is_reasonable(number: Decimal) -> bool:
    """Whether a number can be written out: finite, with at most MOST_DIGITS before and after its point."""
    if not number.is_finite():
        return False
    _, digits, exponent = number.as_tuple()
    return len(digits) <= 2 * MOST_DIGITS and isinstance(exponent, int) and _fits(number, exponent)


def _fits(number: Decimal, exponent: int) -> bool:
    return exponent >= -MOST_DIGITS and (number.adjusted() < MOST_DIGITS if number else exponent <= MOST_DIGITS)
