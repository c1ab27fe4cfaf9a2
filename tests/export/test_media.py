"""What receipts are, by their bytes: small files of each kind, made here."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import pytest

from kontobro.export.receipts.media import MEDIA, flaw_of, media_of
from pleo_sandbox.model import Expense, FileBlob
from tests.conftest import shared_folder
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import a_company, an_item, entry_id

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def archive(*names: str, **texts: str) -> bytes:
    """A ZIP of small files; a large one first would push the names away from the start."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in {**texts, **dict.fromkeys(names, "x")}.items():
            made.writestr(name, text)
    return held.getvalue()


def ole(name: str) -> bytes:
    return OLE + name.encode("utf-16-le") + bytes(200)


def a_png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = b"\0\0\0\1\0\0\0\1\x08\0\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


DOCX = archive("[Content_Types].xml", "_rels/.rels", "word/document.xml")
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(200) + b"\xff\xd9"

KINDS = {
    "pdf": PDF,
    "docx": DOCX,
    "docx in another order": archive("word/document.xml", "_rels/.rels", "[Content_Types].xml"),
    "xlsx": archive("[Content_Types].xml", "xl/workbook.xml"),
    "pptx": archive("[Content_Types].xml", "ppt/presentation.xml"),
    "odt": archive("content.xml", mimetype="application/vnd.oasis.opendocument.text"),
    "ods": archive("content.xml", mimetype="application/vnd.oasis.opendocument.spreadsheet"),
    "zip": archive("invoice.pdf"),
    "zip of nothing": archive(),
    "msg": ole("__substg1.0_0037001F") + "WordDocument".encode("utf-16-le"),
    "bin, with a password": ole("EncryptedPackage"),
    "doc": ole("WordDocument"),
    "xls": ole("Workbook"),
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40),
    "heic, ten bits": b"\0\0\0\x18ftypheix\0\0\0\0mif1heix" + bytes(40),
    "heic, several": b"\0\0\0\x18ftyphevc\0\0\0\0msf1hevc" + bytes(40),
    "avif": b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(40),
    "webp": b"RIFF\x24\0\0\0WEBPVP8 " + bytes(30),
    "tiff": b"II*\0\x08\0\0\0" + bytes(30),
    "tiff, big end first": b"MM\0*\0\0\0\x08" + bytes(30),
    "gif": b"GIF89a\1\0\1\0\0\0\0;",
    "bmp": b"BM" + (70).to_bytes(4, "little") + bytes(60),
    "rtf": b"{\\rtf1 hello}",
    "html": "\ufeff<!DOCTYPE html><html>".encode(),
    "html, an old encoding": "<html><body>Fejl på siden".encode("latin-1"),
    "html, two bytes a character": "<HTML><body>Session expired".encode("utf-16"),
    "html, of a PDF": b"<!doctype html><p>%PDF-1.7 files are not found",
    "eml": b"Received: from x\nSubject: Invoice\n\nHello",
    "txt": "Bolle og kaffe: 42 kr. æøå".encode(),
    "jpg": JPEG,
    "png": a_png(),
}


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_known_by_its_bytes_whatever_the_label(name: str) -> None:
    extension = name.split()[0].rstrip(",")
    for label in ("", "application/octet-stream", "application/pdf", "image/jpeg"):
        media = media_of(KINDS[name], label)
        assert media is not None
        assert media.extension == extension
        assert media is MEDIA[media.type]


def test_what_is_nothing_known_is_said_to_be_so() -> None:
    assert media_of(b"\1\2\3\4" * 20) is None
    assert media_of(OLE) is None
    assert media_of(b"") is None
    old = media_of(OLE, "application/vnd.ms-excel")
    assert old is not None
    assert old.extension == "xls"


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"--7009\r\nContent-Disposition: form-data\r\n\r\n", b" " * 1019])
def test_a_pdf_may_begin_a_little_later(before: bytes) -> None:
    media = media_of(before + PDF)
    assert media is MEDIA["application/pdf"]
    assert flaw_of(before + PDF, media) is None


def test_a_pdf_that_begins_too_late_is_none() -> None:
    assert media_of(b" " * 1020 + PDF) is not MEDIA["application/pdf"]


def test_the_shared_pdfs_are_pdfs() -> None:
    files = sorted((shared_folder() / "cases" / "08-pdf-leading-bytes").glob("*.pdf"))
    if not files:
        pytest.skip("the shared cases are missing: put the shared folder beside the project, or set KONTOBRO_SHARED")
    for file in files:
        media = media_of(file.read_bytes())
        assert media is MEDIA["application/pdf"], file.name
        assert flaw_of(file.read_bytes(), media) is None, file.name


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (PDF, None),
        (PDF + b"signed by nobody\n", None),
        (b"%PDF-1.7\n", "nothing in it"),
        (PDF[:45], "cut off"),
        (a_png(), None),
        (a_png()[:8], "nothing in it"),
        (a_png()[:-12] + bytes(100), "cut off"),
        (JPEG, None),
        (JPEG + b"appended by a camera", None),
        (JPEG[:-2], "cut off"),
        (b"\xff\xd8\xff", "nothing in it"),
        (DOCX, None),
        (DOCX[:-30], "cut off"),
    ],
)
def test_empty_shells_and_files_that_are_cut_off_are_seen(content: bytes, flaw: str | None) -> None:
    media = media_of(content)
    assert media is not None
    found = flaw_of(content, media)
    assert (found or "").find(flaw or "") >= 0
    assert (found is None) == (flaw is None)


def test_a_hostile_archive_is_only_looked_at() -> None:
    many = archive(*(f"word/{number}.xml" for number in range(20_000)))
    assert media_of(many) is MEDIA["application/zip"]
    broken = archive(mimetype="application/vnd.oasis.opendocument.text").replace(b"mimetype", b"\xff\xfemetype")
    assert media_of(broken) is not None


# -------------------------------------------------------------------------------- what an export does with them


def exported(harness: ExportHarness) -> tuple[str, str]:
    """The event, and what Pleo is told of the one item."""
    event = harness.export().event
    return event, "" if event == "completed" else harness.failure(entry_id(1))[1]


def with_receipt(folder: Path, content: bytes, label: str) -> tuple[str, str, str]:
    """The event, what Pleo was told, and the entry's first note."""
    with an_export_harness(folder, a_company(Expense(an_item(1), (FileBlob("r", label, content),)))) as harness:
        event, told = exported(harness)
        entry = harness.entries().get(entry_id(1))
        if event == "completed":
            assert len(harness.receipts()) == 1
        return event, told, str(entry.meta.get("note-1", "")) if entry else ""


@pytest.mark.parametrize(
    ("content", "label"),
    [
        (b"\xef\xbb\xbf" + PDF, "application/pdf"),
        (PDF, "application/octet-stream"),
        (PDF, "image/jpeg"),
        (a_png(), "image/jpeg"),
        (DOCX, "application/octet-stream"),
        (ole("WordDocument"), ""),
    ],
)
def test_what_is_taken_is_attached_as_what_it_is(tmp_path: Path, content: bytes, label: str) -> None:
    assert with_receipt(tmp_path, content, label) == ("completed", "", "")


@pytest.mark.parametrize(
    ("name", "label", "word"),
    [
        ("heic", "image/heic", "a HEIC picture"),
        ("heic", "image/jpeg", "labelled image/jpeg but is a HEIC picture"),
        ("webp", "image/webp", "a WebP picture"),
        ("tiff", "", "a TIFF picture"),
        ("gif", "image/gif", "a GIF picture"),
        ("msg", "application/vnd.ms-outlook", "an Outlook message (msg)"),
        ("odt", "", "an OpenDocument text (odt)"),
        ("txt", "text/plain", "a text file"),
        ("html", "application/pdf", "labelled application/pdf but is a web page (HTML)"),
    ],
)
def test_what_is_not_taken_is_named(tmp_path: Path, name: str, label: str, word: str) -> None:
    event, told, _ = with_receipt(tmp_path, KINDS[name], label)
    assert event == "failed"
    assert word in told
    assert "PDF, JPG or PNG" in told


@pytest.mark.parametrize(("content", "word"), [(b"%PDF-1.7\n", "nothing in it"), (PDF[:45], "cut off")])
def test_an_empty_shell_is_attached_and_noted(tmp_path: Path, content: bytes, word: str) -> None:
    event, _, note = with_receipt(tmp_path, content, "application/pdf")
    assert event == "completed"
    assert word in note
    assert "Receipt 1" in note
