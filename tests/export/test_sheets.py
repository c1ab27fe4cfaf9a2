"""Spreadsheets: what comes from outside never becomes a formula, numbers and dates are what they are."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook

from kontobro.core.errors import Misconfigured
from kontobro.export.tieout.sheets import CsvRows, csv_file, csv_lines, looks_like_formula, xlsx_book, xlsx_file

ATTACKS = [
    '=HYPERLINK("http://127.0.0.1/?"&A1,"open")',
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "＝1+1",
    "{=1+1}",
    "http://127.0.0.1/",
    "1e5",
]


@pytest.mark.parametrize("attack", ATTACKS[:9])
def test_csv_puts_an_apostrophe_before_what_would_run(attack: str) -> None:
    (line,) = list(csv_lines(("note",), iter([[attack]])))[1:]
    (cell,) = next(csv.reader(io.StringIO(line, newline="")))
    assert cell == f"'{attack}"


@given(st.text(max_size=20))
@example("=1")
@example("\ufeff=1")
def test_no_text_of_a_csv_begins_as_a_formula(text: str) -> None:
    file = io.StringIO(newline="")
    CsvRows(file, ("note", text)).add([text, Decimal("-1.50")])
    for row in csv.reader(io.StringIO(file.getvalue(), newline="")):
        assert not looks_like_formula(row[0])
        assert row[1] == "-1.50" or not looks_like_formula(row[1]), "a number stays a number, its sign too"


def test_csv_is_the_same_for_every_reader(tmp_path: Path) -> None:
    target = tmp_path / "sheet.csv"
    with csv_file(target, ("name", "amount", "day", "at", "paid", "none")) as rows:
        at = dt.datetime(2026, 10, 5, 12, tzinfo=dt.UTC)
        rows.add(["Ågård, søn", Decimal("-1234.50"), dt.date(2026, 10, 5), at, True, None])
        rows.add(["x", Decimal("1E+3"), None, None, False, ""])
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")
    with target.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.reader(file))
    assert found[1] == ["Ågård, søn", "-1234.50", "2026-10-05", "2026-10-05T12:00:00+00:00", "yes", ""]
    assert found[2][1] == "1000"


def test_xlsx_keeps_texts_texts_numbers_numbers_and_dates_dates(tmp_path: Path) -> None:
    target = tmp_path / "sheet.xlsx"
    amount = Decimal("-1234567890123.45")
    at = dt.datetime(2026, 10, 5, 14, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    with xlsx_file(target) as book:
        sheet = book.sheet("Entries", ("=head()", "amount", "day", "at", "count"))
        for attack in ATTACKS:
            sheet.add([attack, amount, dt.date(2026, 10, 5), at, 3])
    read = load_workbook(target)["Entries"]
    assert read["A1"].value == "=head()"
    assert read["A1"].data_type == "s"
    for row, attack in enumerate(ATTACKS, 2):
        text, number, day, moment, count = (read.cell(row, column) for column in range(1, 6))
        assert (text.data_type, text.hyperlink) == ("s", None)
        assert text.value.replace("_x000D_", "\r").strip() == attack.strip()
        assert (number.data_type, number.number_format) == ("n", "#,##0.00")
        assert (str(day.value), day.is_date) == ("2026-10-05 00:00:00", True)
        assert str(moment.value) == "2026-10-05 12:30:00"
        assert count.value == 3
    with zipfile.ZipFile(target) as archive:
        sheet_xml = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet_xml, "no formula anywhere"
    assert f"<v>{amount}</v>" in sheet_xml, "written digit by digit"


def write_half(target: Path) -> None:
    with xlsx_file(target) as book:
        book.sheet("Entries", ("a",)).add(["x"])
        raise RuntimeError("books went away")


def test_a_file_that_could_not_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "sheet.xlsx"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="books went away"):
        write_half(target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.xlsx"]


def test_a_sheet_that_is_full_says_so() -> None:
    with xlsx_book(io.BytesIO()) as book:
        sheet = book.sheet("Entries", ("a",), most_rows=1)
        sheet.add(["x"])
        with pytest.raises(Misconfigured, match="takes 1 rows"):
            sheet.add(["y"])


def test_digits_of_a_code_keep_their_zeros_also_when_a_person_edits_the_cell(tmp_path: Path) -> None:
    target = tmp_path / "sheet.xlsx"
    with xlsx_file(target) as book:
        book.sheet("codes", ("code", "name")).add(["0420", "EDV"])
    code, name = load_workbook(target)["codes"][2]
    assert (code.value, code.data_type, code.number_format) == ("0420", "s", "@")
    assert (name.value, name.number_format) == ("EDV", "General")
