"""Bytes of a file as text in the right letters. Pure and bounded."""

from __future__ import annotations

import codecs
import re
from typing import Final

from kontobro.core.errors import shown
from kontobro.core.words import Phrase, phrase
from kontobro.erp.kit.masters_file import wrong

SAVE_AGAIN: Final = Phrase("file_save_utf8")
ENCODINGS: Final = (
    "utf-8",
    "utf-16",
    "cp1252",
    "cp437",
    "cp850",
    "iso8859-1",
    "iso8859-15",
    "mac-roman",
)

_OTHER_LETTERS: Final = re.compile(r"[a-z][„”†‡™][a-z]|[a-zäöüéå][\x80-\x9f]", re.ASCII)
"""What ä, ö and å of CP437 and CP850 are in Windows-1252, inside a word."""


def text_of(content: bytes, name: str, encoding: str = "", fallback: str = "cp1252") -> str:
    """The text of a file, in the encoding that it is said to have, else in that of its byte order mark, else UTF-8,
    else `fallback`. Raises Misconfigured where the letters are not of that encoding, and for what is not a text."""
    try:
        text = _decoded(content, encoding or _marked(content), fallback)
    except (UnicodeError, LookupError) as error:
        raise wrong(name, phrase("file_encoding_unknown", error=shown(error, 100)), SAVE_AGAIN) from error
    if "\0" in text:
        raise wrong(name, phrase("file_no_text"), phrase("file_export_csv"))
    if not encoding and _is_garbled(text):
        raise wrong(name, phrase("file_encoding_other", sample=_sample(text)), SAVE_AGAIN)
    return text.removeprefix("\ufeff")


def _marked(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig" if content.startswith(codecs.BOM_UTF8) else ""


def _decoded(content: bytes, encoding: str, fallback: str) -> str:
    if encoding:
        return content.decode(encoding)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(fallback)


def _is_garbled(text: str) -> bool:
    """Whether the text is UTF-8 that was read as Windows-1252 and saved again, or DOS letters."""
    if _OTHER_LETTERS.search(text):
        return True
    if text.isascii():
        return False
    try:
        return text.encode("cp1252").decode("utf-8") != text
    except UnicodeError:
        return False


def _sample(text: str) -> str:
    found = next(re.finditer(r"\S*[^\x00-\x7f]\S*", text))
    return shown(found[0], 40)
