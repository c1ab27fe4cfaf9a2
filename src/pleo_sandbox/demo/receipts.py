"""Receipts of the demo company: real small PDF, JPG and PNG papers that a person can read. The same bytes each run."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from pleo_sandbox.model import FileBlob

MEDIA_TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}

_PAPER_MM = (80, 78)
_TILL_PX = (190, 150)
_ENLARGED = 3
_INK = (32, 36, 44)
_RULE = (210, 208, 200)
_PAPER = (252, 251, 247)


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on a receipt, as text: `lines` are pairs of a text and an amount."""

    supplier: str
    number: str
    day: dt.date
    total: str
    lines: tuple[tuple[str, str], ...] = ()
    heading: str = "Kvittering"

    @property
    def rows(self) -> Sequence[tuple[str, str]]:
        return (("Dato", self.day.isoformat()), ("Bilag", self.number), *self.lines, ("I alt", self.total))


def receipt(kind: str, name: str, paper: Paper) -> FileBlob:
    """A receipt of one kind: "pdf", "jpg" or "png"; or "fake", a text that calls itself a picture."""
    if kind == "fake":
        return FileBlob(f"{name}.jpg", MEDIA_TYPES["jpg"], _text(paper))
    return FileBlob(f"{name}.{kind}", MEDIA_TYPES[kind], drawn(kind, paper))


@cache
def drawn(kind: str, paper: Paper) -> bytes:
    """The file's bytes: drawn once a process, for all the demo companies in it."""
    return _pdf(paper) if kind == "pdf" else _picture(paper, kind)


def _text(paper: Paper) -> bytes:
    rows = "\n".join(f"{label}: {value}" for label, value in paper.rows)
    return f"{paper.supplier}\n{rows}\n".encode()


def _pdf(paper: Paper) -> bytes:
    page = FPDF(format=_PAPER_MM)
    # fpdf2 writes the time of day into the file unless it is told one.
    page.set_creation_date(dt.datetime.combine(paper.day, dt.time(12), dt.UTC))
    page.set_title(f"{paper.heading} {paper.number}")
    page.set_margin(8)
    page.add_page()
    page.set_font("Helvetica", "B", 13)
    page.multi_cell(0, 7, paper.supplier, new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", "", 9)
    page.cell(0, 8, paper.heading, new_x="LMARGIN", new_y="NEXT")
    for label, value in paper.rows:
        page.cell(32, 7, label, border="B")
        page.cell(0, 7, value, border="B", align="R", new_x="LMARGIN", new_y="NEXT")
    return bytes(page.output())


def _picture(paper: Paper, kind: str) -> bytes:
    """Like a till's print: the bitmap font that comes with Pillow (it has all of Latin-1), drawn small and enlarged."""
    image = Image.new("RGB", _TILL_PX, _PAPER)
    draw = ImageDraw.Draw(image)
    # Not load_default(): its outline font lacks æ, ø and å.
    font = ImageFont.load_default_imagefont()
    left, right = 10, _TILL_PX[0] - 10
    draw.text((left, 10), paper.supplier, fill=_INK, font=font)
    draw.text((left, 24), paper.heading, fill=_INK, font=font)
    for index, (label, value) in enumerate(paper.rows):
        y = 44 + 15 * index
        draw.text((left, y), label, fill=_INK, font=font)
        draw.text((right - font.getlength(value), y), value, fill=_INK, font=font)
        draw.line((left, y + 12, right, y + 12), fill=_RULE)
    return _encoded(image.resize((_TILL_PX[0] * _ENLARGED, _TILL_PX[1] * _ENLARGED), Image.Resampling.NEAREST), kind)


def _encoded(image: Image.Image, kind: str) -> bytes:
    target = io.BytesIO()
    if kind == "jpg":
        image.save(target, "JPEG", quality=72)
    else:
        image.save(target, "PNG")
    return target.getvalue()
