"""The other side of a template: what an accounting system reads of a CSV or XLSX file. Shares no code with the writer.

Written from what the layouts publish (custom.md §B): Python's csv and openpyxl read the files.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import openpyxl

from kontobro.testing.document.papers import ReadVoucher

Row = Mapping[str, str]


def csv_rows(content: bytes, encoding: str = "utf-8", separator: str = ",", **more: Any) -> list[Row]:
    """The rows of a file whose first row has the titles."""
    return list(csv.DictReader(io.StringIO(content.decode(encoding), newline=""), delimiter=separator, **more))


def csv_table(content: bytes, encoding: str = "utf-8", separator: str = ",", **more: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline=""), delimiter=separator, **more))


def xlsx_rows(content: bytes, above: int = 0) -> list[Mapping[str, Any]]:
    """Typed cells by their titles. Numbers are read as they are written, to the digit, not as floats."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    exact = exact_numbers(content)
    rows = list(sheet.iter_rows(min_row=above + 1))
    titles = [cell.value for cell in rows[0]]
    assert not [cell.coordinate for row in rows for cell in row if cell.data_type == "f"], "a formula"
    return [
        {
            title: exact.get(cell.coordinate, cell.value) if _is_number(cell) else cell.value
            for title, cell in zip(titles, row, strict=True)
        }
        for row in rows[1:]
    ]


def _is_number(cell: Any) -> bool:
    return cell.data_type == "n" and not cell.is_date and cell.value is not None


def exact_numbers(content: bytes) -> dict[str, Decimal]:
    """The numbers of the sheet as its XML has them."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        sheet = ElementTree.fromstring(package.read("xl/worksheets/sheet1.xml"))
    found = {}
    for cell in sheet.iter(f"{space}c"):
        value = cell.find(f"{space}v")
        if value is not None and value.text and cell.get("t", "n") == "n":
            found[cell.attrib["r"]] = Decimal(value.text)
    return found


def day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    return date.fromisoformat(str(value))


def amount(value: object) -> Decimal:
    return Decimal(str(value)) if value not in (None, "") else Decimal(0)


def line_vouchers(rows: Iterable[Mapping[str, Any]]) -> list[ReadVoucher]:
    """`generic-lines`: Debit and Credit by Account number; the rows of a Reference are one entry."""
    return _vouchers(
        (str(row["Reference"]), row, str(row["Account number"]), amount(row["Debit"]) - amount(row["Credit"]))
        for row in rows
    )


def pair_vouchers(rows: Iterable[Mapping[str, Any]]) -> list[ReadVoucher]:
    """`generic-one-line`: the amount from the credit account to the debit account."""
    postings = []
    for row in rows:
        assert amount(row["Amount"]) > 0
        postings.append((str(row["Reference"]), row, str(row["Debit account"]), amount(row["Amount"])))
        postings.append((str(row["Reference"]), row, str(row["Credit account"]), -amount(row["Amount"])))
    return _vouchers(postings)


def _vouchers(postings: Iterable[tuple[str, Mapping[str, Any], str, Decimal]]) -> list[ReadVoucher]:
    made: dict[str, tuple[date, str, dict[str, Decimal], dict[tuple[str, str, str], Decimal]]] = {}
    seen: set[int] = set()
    for reference, row, account, value in postings:
        day_, currency, sums, dimensions = made.setdefault(reference, (day(row["Date"]), row["Currency"], {}, {}))
        assert (day_, currency) == (day(row["Date"]), row["Currency"])
        sums[account] = sums.get(account, Decimal(0)) + value
        if id(row) in seen:
            continue  # the other side of a pair
        seen.add(id(row))
        for code, title in (("COST", "Cost centre"), ("PROJECT", "Project")):
            if row.get(title):
                line, signed = (account, value) if "Account number" in row else expense_of(row)
                key = (line, code, row[title])
                dimensions[key] = dimensions.get(key, Decimal(0)) + signed
    return [
        ReadVoucher(
            date=when,
            amounts={account: value for account, value in sums.items() if value},
            reference=reference,
            currency=currency,
            dimensions={key: value for key, value in dimensions.items() if value},
        )
        for reference, (when, currency, sums, dimensions) in made.items()
    ]


def expense_of(row: Mapping[str, Any]) -> tuple[str, Decimal]:
    """A pair's side that has the dimensions: the one that is not the wallet or the payables."""
    if row["Debit account"] not in {"5810", "5811", "5812", "5813", "6700"}:
        return row["Debit account"], amount(row["Amount"])
    return row["Credit account"], -amount(row["Amount"])


def zip_names(content: bytes) -> Sequence[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert package.testzip() is None
        return package.namelist()
