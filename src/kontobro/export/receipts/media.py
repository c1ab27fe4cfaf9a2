"""What a receipt is, by its bytes: Pleo's label comes from the file's name, and people rename files.

Pictures and the like are known by `filetype`; office files by the names inside them, as several formats share one
signature. Nothing is unpacked: names and a few bytes are looked at, whatever the size.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from typing import Final

import filetype

from kontobro.core.words import Phrase

_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_OPEN: Final = "application/vnd.oasis.opendocument."

WITHIN: Final = 1024
"""A PDF may begin anywhere in its first bytes (ISO 32000-1, annex H.3.4.1): a byte order mark, the head of a mail."""

MOST_PDF_TAIL: Final = 64 * 1024
"""Bytes at the end in which a PDF's own end is looked for: mailers hang signatures behind it."""

MAX_NAMES: Final = 10_000
"""Files in an archive whose names are looked at: an office file has some dozen."""


@dataclass(frozen=True, slots=True)
class Media:
    """A format: its media type and file extension."""

    type: str
    extension: str

    @property
    def words(self) -> Phrase:
        """What a person calls such a file."""
        return Phrase(f"media_{self.extension}") if self.type in MEDIA else Phrase("media_other", {"type": self.type})


MEDIA: Final = {
    media.type: media
    for media in (
        Media("application/pdf", "pdf"),
        Media("image/jpeg", "jpg"),
        Media("image/png", "png"),
        Media("application/msword", "doc"),
        Media("application/vnd.ms-excel", "xls"),
        Media(_OFFICE + "wordprocessingml.document", "docx"),
        Media(_OFFICE + "spreadsheetml.sheet", "xlsx"),
        Media("text/plain", "txt"),
        Media("text/html", "html"),
        Media("image/heic", "heic"),
        Media("image/avif", "avif"),
        Media("image/webp", "webp"),
        Media("image/tiff", "tiff"),
        Media("image/gif", "gif"),
        Media("image/bmp", "bmp"),
        Media("application/rtf", "rtf"),
        Media(_OFFICE + "presentationml.presentation", "pptx"),
        Media("application/vnd.ms-powerpoint", "ppt"),
        Media("application/vnd.ms-outlook", "msg"),
        Media(_OPEN + "text", "odt"),
        Media(_OPEN + "spreadsheet", "ods"),
        Media("message/rfc822", "eml"),
        Media("application/zip", "zip"),
        Media("application/encrypted", "bin"),
    )
}

_PARTS: Final = {
    "word/": _OFFICE + "wordprocessingml.document",
    "xl/": _OFFICE + "spreadsheetml.sheet",
    "ppt/": _OFFICE + "presentationml.presentation",
}
_STREAMS: Final = {
    "EncryptedPackage": "application/encrypted",
    "__substg1.0_": "application/vnd.ms-outlook",
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}
"""Names of streams in Office's older container, in UTF-16. A message may hold the others: it is before them."""

_HEIC: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
"""Brands of HEIC pictures (ISO/IEC 23008-12, annex B.4): `filetype` knows the first alone."""

_PAGE: Final = (b"<!doctype html", b"<html")
_MARKS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"\xef\xbb\xbf": "utf-8"}

_NOT_IN_TEXTS: Final = frozenset(range(32)) - frozenset(b"\t\n\f\r\x1b")

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")


def media_of(content: bytes, announced: str = "") -> Media | None:
    """What the bytes are; None when that can't be told. `announced` (a media type) decides only where they leave it
    open: in an old Office file whose parts have no name that is known."""
    start = content[:WITHIN]
    if content.startswith(_ZIP):  # before PDF: an archive may hold one that isn't packed, near its beginning
        return MEDIA[_in_archive(content)]
    if content.startswith(_OLE):
        return _in_old_office(content, announced)
    if _is_page(start):  # before PDF: it may speak of one
        return MEDIA["text/html"]
    if b"%PDF-" in start:
        return MEDIA["application/pdf"]
    if start[4:8] == b"ftyp" and start[8:12] in _HEIC:
        return MEDIA["image/heic"]
    guess = filetype.guess(content)
    if guess is not None:
        return MEDIA.get(guess.mime) or Media(guess.mime, guess.extension)
    return _text_of(start)


def flaw_of(content: bytes, media: Media) -> str | None:
    """What is wrong with a file whose format is known, for a note; None for one that looks whole."""
    match media.extension:
        case "pdf":
            return _flaw_of_pdf(content)
        case "png":
            return None if b"IEND" in content[-64:] else _of_picture(content, 64)
        case "jpg":
            return None if content.rfind(b"\xff\xd9") >= len(content) // 2 else _of_picture(content, 64)
        case "docx" | "xlsx":
            return None if zipfile.is_zipfile(io.BytesIO(content)) else _CUT_OFF
        case _:
            return None


_CUT_OFF: Final = "it is cut off, its end is missing"
_EMPTY: Final = "there is nothing in it"


def _flaw_of_pdf(content: bytes) -> str | None:
    if b" obj" not in content:
        return _EMPTY
    return None if b"%%EOF" in content[-MOST_PDF_TAIL:] else _CUT_OFF


def _of_picture(content: bytes, least: int) -> str:
    return _EMPTY if len(content) < least else _CUT_OFF


def _in_archive(content: bytes) -> str:
    """An office file by what is in the archive; any other archive, and one that can't be read, is just a ZIP."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()[:MAX_NAMES]
            kind = archive.open("mimetype").read(100).decode("ascii", "replace") if "mimetype" in names else ""
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
        EOFError,
        zlib.error,
        lzma.LZMAError,
    ):
        return _in_broken_archive(content)
    if kind in MEDIA:
        return kind
    return next((media for part, media in _PARTS.items() if _holds(names, part)), "application/zip")


def _holds(names: list[str], part: str) -> bool:
    return "[Content_Types].xml" in names and any(name.startswith(part) for name in names)


def _in_broken_archive(content: bytes) -> str:
    """Of an office file that is cut off the first names are still there."""
    start = content[: 64 * 1024]
    found = (media for part, media in _PARTS.items() if part.encode() in start)
    return next(found, "application/zip") if b"[Content_Types].xml" in start else "application/zip"


def _in_old_office(content: bytes, announced: str) -> Media | None:
    for name, media in _STREAMS.items():
        if name.encode("utf-16-le") in content:
            return MEDIA[media]
    return MEDIA[announced] if announced in ("application/msword", "application/vnd.ms-excel") else None


def _is_page(start: bytes) -> bool:
    """True for what begins as a web page, in whatever encoding."""
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            start = start[len(mark) :].decode(encoding, "replace").encode()
    return start.lstrip().lower().startswith(_PAGE)


def _text_of(start: bytes) -> Media | None:
    """A text, a web page or a mail: none of them has a signature."""
    if not start or _NOT_IN_TEXTS.intersection(start):
        return None
    try:
        text = start.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start <= len(start) - 4:  # else it is cut in the middle of a character
            return None
        text = start[: error.start].decode("utf-8-sig")
    head = text.lstrip().lower()
    if "<html" in head or head.startswith("<!doctype html"):
        return MEDIA["text/html"]
    mail = head.startswith(("from:", "received:", "return-path:", "delivered-to:", "mime-version:", "message-id:"))
    return MEDIA["message/rfc822" if mail else "text/plain"]
