"""Bytes of a SIE file as records: which letters it was written in, its labels and fields. Bounded."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import Fact, Phrase, phrase
from kontobro.erp.kit.masters_file import unusable

MOST_BYTES: Final = 128 * 1024 * 1024
MOST_RECORDS: Final = 3_000_000
LONGEST_LINE: Final = 20_000
"""Bytes. A company with 100,000 vouchers a year exports some 40 MB; a line of it has a few hundred."""

STANDARD: Final = "cp437"
EXPORT_IT: Final = Phrase("sie_export_again")


class Record(NamedTuple):
    """One line. `fields` are its texts; those of a list in braces are together in `objects`."""

    line: int
    label: str
    fields: tuple[str, ...]
    objects: tuple[str, ...] = ()

    def field(self, place: int) -> str:
        """A field by its place; empty where the line ends before it."""
        return self.fields[place] if place < len(self.fields) else ""


def wrong(line: int, what: Fact, remedy: Fact = EXPORT_IT) -> Misconfigured:
    """A fault of the file at a line, for a person."""
    return unusable(phrase("sie_line", line=str(line), what=what), remedy)


def not_sie(what: Fact, remedy: Fact = EXPORT_IT) -> Misconfigured:
    """A fault of the whole file."""
    return unusable(phrase("sie_not", what=what), remedy)


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
        raise not_sie(phrase("sie_two_encodings"), phrase("sie_no_other_program"))
    return "cp1252" if windows else STANDARD


def records_of(content: bytes, encoding: str) -> Iterator[Record]:
    """The records in order; empty lines are left out. Lines `{` and `}` have themselves as label.

    Raises Misconfigured with the line for what is no record, and for a file beyond the limits.
    """
    if len(content) > MOST_BYTES:
        raise not_sie(phrase("file_bytes", most=MOST_BYTES), phrase("export_shorter"))
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise not_sie(phrase("sie_xml"))
    lines, number = io.BytesIO(content), 0
    while line := lines.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise wrong(number, phrase("file_bytes", most=LONGEST_LINE))
        if number > MOST_RECORDS:
            raise wrong(number, phrase("file_lines", most=MOST_RECORDS), phrase("export_shorter"))
        text = line.decode(encoding, "replace").strip("\ufeff \t\r\n\x1a")
        if text:
            yield _record(number, text)


_TOKEN: Final = re.compile(r'[ \t]*(?:"((?:\\"|[^"])*)"|([{}])|([^ \t{}"]+))')
"""A field in quotes, a brace, or a field without quotes. A backslash is one, but before a quote."""


_BLANKS: Final = re.compile(r"[ \t]+")


def _record(line: int, text: str) -> Record:
    label, *others = _BLANKS.split(text, maxsplit=1)
    if not label.startswith("#") and text not in {"{", "}"}:
        raise wrong(line, phrase("sie_no_record", given=shown(text)))
    fields: list[str] = []
    objects: list[str] = []
    rest, place, depth = others[0] if others else "", 0, 0
    while place < len(rest):
        token = _TOKEN.match(rest, place)
        if token is None:
            raise wrong(line, phrase("sie_quote_open"))
        place, brace = token.end(), token[2]
        if brace:
            depth += 1 if brace == "{" else -1
            if depth not in {0, 1}:
                raise wrong(line, phrase("sie_brace_open"))
            continue
        value = token[1].replace('\\"', '"') if token[1] is not None else token[3]
        (objects if depth else fields).append(value)
    if depth:
        raise wrong(line, phrase("sie_brace_open"))
    return Record(line, label.upper(), tuple(fields), tuple(objects))
