"""Draws the receipts of the sandbox's demo company into src/pleo_sandbox/demo/papers/: the same bytes each time.

`make fix` runs it. What is on a receipt comes from the expense that it belongs to.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from pleo_sandbox.demo.cast import COMPANY, DECIMALS
from pleo_sandbox.demo.company import SPECS, reconciliation_ids
from pleo_sandbox.demo.receipts import PAPERS, file_name
from pleo_sandbox.demo.spec import ItemSpec, line_amounts, line_tax, receipt_names, supplier_of

_PAPER_MM = (80, 78)
_TILL_PX = (190, 150)
_ENLARGED = 2
_INK, _RULE, _PAPER = 36, 208, 250


@dataclass(frozen=True, slots=True)
class Paper:
    """What is on a receipt, as text: `lines` are pairs of a text and an amount."""

    supplier: str
    number: str
    day: dt.date
    total: str
    lines: tuple[tuple[str, str], ...] = ()
    heading: str = "Kvittering"

    @property
    def rows(self) -> Sequence[tuple[str, str]]:
        return (("Dato", self.day.isoformat()), ("Bilag", self.number), *self.lines, ("I alt", self.total))


def papers() -> Iterator[tuple[str, str, Paper]]:
    """Each receipt of the demo company: its file's name, its kind, what is on it."""
    numbers = reconciliation_ids()
    for spec in SPECS:
        for kind, name in receipt_names(spec, numbers[spec.key]):
            yield file_name(kind, name), kind, _paper(spec, name)


def drawn(kind: str, paper: Paper) -> bytes:
    """The file's bytes."""
    match kind:
        case "pdf":
            return _pdf(paper)
        case "fake":
            return _text(paper)
        case _:
            return _picture(paper, kind)


def major(value: int, currency: str) -> str:
    """Minor units as a person reads them: 1234567 DKK is "12 345.67 DKK", 1500 JPY is "1 500 JPY"."""
    decimals = DECIMALS.get(currency, 2)
    whole, rest = divmod(abs(value), 10**decimals)
    fraction = f".{rest:0{decimals}d}" if decimals else ""
    return f"{'-' if value < 0 else ''}{whole:,}".replace(",", " ") + f"{fraction} {currency}"


def _paper(spec: ItemSpec, number: str) -> Paper:
    supplier = supplier_of(spec)
    value, currency = spec.paid or (spec.amount, spec.wallet)
    return Paper(
        supplier=supplier["name"] if supplier else COMPANY.name,
        number=number,
        day=dt.date.fromisoformat(spec.date_time[:10]),
        total=major(value, currency),
        lines=_lines(spec),
        heading="Faktura" if spec.invoice else "Kvittering",
    )


def _lines(spec: ItemSpec) -> tuple[tuple[str, str], ...]:
    """The invoice's number, and the VAT where all of it can be deducted: other codes' amounts are on no paper."""
    invoice = (("Faktura nr.", spec.invoice),) if spec.invoice else ()
    amounts = zip(spec.lines, line_amounts(spec), strict=True)
    tax = sum(line_tax(each, part) for each, part in amounts if each.tax == "I25")
    return invoice + ((("Heraf moms", major(tax, spec.wallet)),) if tax and spec.paid is None else ())


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
    image = Image.new("L", _TILL_PX, _PAPER)
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
        image.save(target, "JPEG", quality=60, optimize=True)
    else:
        image.save(target, "PNG", optimize=True)
    return target.getvalue()


def main() -> None:
    """Draw all, and remove those that no expense has."""
    PAPERS.mkdir(exist_ok=True)
    files = {name: drawn(kind, paper) for name, kind, paper in papers()}
    for path in PAPERS.iterdir():
        if path.name not in files:
            path.unlink()
    for name, content in files.items():
        (PAPERS / name).write_bytes(content)


if __name__ == "__main__":
    main()
