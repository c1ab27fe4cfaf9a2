"""Bytes of a SIE file as records: which letters it was written in, its labels and fields. Bounded."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple

from kontobro.core.errors import Misconfigured, shown

MOST_BYTES: Final = 128 * 1024 * 1024
MOST_RECORDS: Final = 3_000_000
LONGEST_LINE: Final = 20_000
"""Bytes. A company with 100,000 vouchers a year exports some 40 MB; a line of it has a few hundred."""

STANDARD: Final = "cp437"
EXPORT_IT: Final = "Export the file again from the accounting program, as SIE 4."


class Record(NamedTuple):
    """One line. `fields` are its texts; those of a list in braces are together in `objects`."""

    line: int
    label: str
    fields: tuple[str, ...]
    objects: tuple[str, ...] = ()

    def field(self, place: int) -> str:
        """A field by its place; empty where the line ends before it."""
        return self.fields[place] if place < len(self.fields) else ""


def wrong(line: int, what: str, remedy: str = EXPORT_IT) -> Misconfigured:
    """A fault of the file at a line, for a person."""
    return Misconfigured(f"SIE file, line {line}: {what}.", remedy, "invalid_configuration")


def not_sie(what: str, remedy: str = EXPORT_IT) -> Misconfigured:
    """A fault of the whole file."""
    return Misconfigured(f"This is not a SIE 4 file: {what}.", remedy, "invalid_configuration")


_LETTERS: Final = "åäöÅÄÖéÉüÜ"
_STANDARD_LETTERS: Final = _LETTERS.encode(STANDARD)
_WINDOWS_LETTERS: Final = _LETTERS.encode("cp1252")


def encoding_of(content: bytes) -> str:
    """The encoding that the file was written in: by the standard CP437 (PC8), in fact also UTF-8 or Windows-1252.

    No Swedish letter of CP437 begins a character of UTF-8, and those of Windows-1252 are line drawings there: each of
    the three is recognised by its letters. Raises Misconfigured for a file that has letters of two of them.
    """
    if content.isascii():
        return STANDARD
    with suppress(UnicodeDecodeError):
        codecs.utf_8_decode(content, "strict", True)
        return "utf-8-sig"
    standard, windows = (
        len(content) != len(content.translate(None, letters)) for letters in (_STANDARD_LETTERS, _WINDOWS_LETTERS)
    )
    if windows and standard:
        raise not_sie(
            "its letters are of two encodings (PC8 and Windows)",
            "Export it again from the accounting program, and don't save it in another program.",
        )
    return "cp1252" if windows else STANDARD


def records_of(content: bytes, encoding: str) -> Iterator[Record]:
    """The records in order; empty lines are left out. Lines `{` and `}` have themselves as label.

    Raises Misconfigured with the line for what is no record, and for a file beyond the limits.
    """
    if len(content) > MOST_BYTES:
        raise not_sie(f"it has more than {MOST_BYTES:,} bytes", "Export a shorter time.")
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise not_sie("it is XML (SIE 5)")
    lines, number = io.BytesIO(content), 0
    while line := lines.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise wrong(number, f"it has more than {LONGEST_LINE:,} bytes")
        if number > MOST_RECORDS:
            raise wrong(number, f"the file has more than {MOST_RECORDS:,} lines", "Export a shorter time.")
        text = line.decode(encoding, "replace").strip("\ufeff \t\r\n\x1a")
        if text:
            yield _record(number, text)


_TOKEN: Final = re.compile(r'[ \t]*(?:"((?:\\"|[^"])*)"|([{}])|([^ \t{}"]+))')
"""A field in quotes, a brace, or a field without quotes. A backslash is one, but before a quote."""


_BLANKS: Final = re.compile(r"[ \t]+")


def _record(line: int, text: str) -> Record:
    label, *others = _BLANKS.split(text, maxsplit=1)
    if not label.startswith("#") and text not in {"{", "}"}:
        raise wrong(line, f'"{shown(text)}" is no record: each starts with #')
    fields: list[str] = []
    objects: list[str] = []
    rest, place, depth = others[0] if others else "", 0, 0
    while place < len(rest):
        token = _TOKEN.match(rest, place)
        if token is None:
            raise wrong(line, "a quotation mark is not closed")
        place, brace = token.end(), token[2]
        if brace:
            depth += 1 if brace == "{" else -1
            if depth not in {0, 1}:
                raise wrong(line, "a brace is not closed")
            continue
        value = token[1].replace('\\"', '"') if token[1] is not None else token[3]
        (objects if depth else fields).append(value)
    if depth:
        raise wrong(line, "a brace is not closed")
    return Record(line, label.upper(), tuple(fields), tuple(objects))
