"""Master data in CSV and XLSX: what columns are called, how cells are read, and what is refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kontobro.core.errors import Misconfigured
from kontobro.core.model.masterdata import (
    Account,
    Company,
    Dimension,
    DimensionValue,
    Employee,
    Journal,
    Period,
    TaxCode,
    Vendor,
)
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.common.masters import read_master_file
from tests.erp.files.common.master_files import put, refused
from tests.support.examples import examples


def workbook(sheets: Mapping[str, Iterable[Sequence[Any]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


# ---------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("accounts.csv", "code,name\n0311,Machines\n6110,Office\n"),
        ("Kontenplan 2026.csv", "Konto-Nr.;Bezeichnung\r\n0311;Machines\r\n6110;Office\r\n"),
        ("konton.csv", "Konto\tBenämning\n0311\tMachines\n6110\tOffice\n"),
        ("Plan comptable.csv", "Compte;Intitulé\n0311;Machines\n6110;Office\n"),
        ("Fjord Moms AB chart of accounts 2026.csv", "Account no,Account name\n0311,Machines\n6110,Office\n"),
        ("kontoplan.txt", "Kontonr.|Kontonavn\n0311|Machines\n6110|Office\n"),
    ],
)
def test_accounts_are_read_by_the_names_of_each_language(tmp_path: Path, name: str, text: str) -> None:
    masters = read_master_file(put(tmp_path, {name: text}))
    assert list(masters.read(Account)) == [Account("0311", "0311", "Machines"), Account("6110", "6110", "Office")]
    assert masters.notes == ()


def test_a_folder_has_a_file_of_each_kind(tmp_path: Path) -> None:
    files = {
        "company.csv": "name;currency;time_zone\nFjord & Bro ApS;DKK;Europe/Copenhagen\n",
        "accounts.csv": "Konto;Name;Gesperrt;gültig bis\n6110;Office;nein;\n6120;Old;ja;31.12.2025\n",
        "Steuerschlüssel.csv": "Steuerschlüssel;Bezeichnung;Satz %;Art;Vorsteuerkonto\n9;VSt 19;19;Vorsteuer;1576\n",
        "kreditoren.csv": "Konto;Name;Land;USt-IdNr.;WKZ\n70001;Druckerei;DE;DE123456789;eur\n",
        "dimensions.csv": "code;name\nKST;Kostenstelle\n",
        "dimensionswerte.csv": "Dimension;Wert;Name\nKST;100;Berlin\n",
        "mitarbeiter.csv": "Personalnr.;Name\n7;Ida\n",
        "journals.csv": "code;name\nPL;Pleo\n",
        "perioden.csv": "von;bis;status\n01.01.2026;31.12.2026;offen\n",
    }
    masters = read_master_file(put(tmp_path, files))
    assert list(masters.read(Company)) == [Company("Fjord & Bro ApS", "Fjord & Bro ApS", "DKK", "Europe/Copenhagen")]
    assert list(masters.read(Account)) == [
        Account("6110", "6110", "Office"),
        Account("6120", "6120", "Old", active=False, closed=date(2025, 12, 31)),
    ]
    assert list(masters.read(TaxCode)) == [TaxCode("9", "9", "VSt 19", Decimal("0.19"), "inclusive", "1576")]
    vendor = Vendor(
        id="70001", code="70001", name="Druckerei", country="DE", tax_registration_number="DE123456789", currency="eur"
    )
    assert list(masters.read(Vendor)) == [vendor]
    assert list(masters.read(Dimension)) == [Dimension("KST", "KST", "Kostenstelle")]
    assert list(masters.read(DimensionValue)) == [DimensionValue("100", "KST", "100", "Berlin")]
    assert list(masters.read(Employee)) == [Employee("7", "7", "Ida")]
    assert list(masters.read(Journal)) == [Journal("PL", "PL", "Pleo")]
    assert list(masters.read(Period)) == [Period("2026-01-01", date(2026, 1, 1), date(2026, 12, 31), "open")]


def test_one_file_has_several_kinds_by_a_column(tmp_path: Path) -> None:
    text = (
        "kind;code;name;dimension;rate\naccounts;6110;Office;;\nMoms;I25;Input;;25%\ndimension_values;100;Aarhus;1;\n"
    )
    masters = read_master_file(put(tmp_path, {"all.csv": text}))
    assert list(masters.read(Account)) == [Account("6110", "6110", "Office")]
    assert list(masters.read(TaxCode)) == [TaxCode("I25", "I25", "Input", Decimal("0.25"), "inclusive")]
    assert list(masters.read(DimensionValue)) == [DimensionValue("100", "1", "100", "Aarhus")]


def test_columns_that_the_core_does_not_know_are_kept_for_the_format(tmp_path: Path) -> None:
    text = "code;name;rate;DATEV-Key;Automatic\nV19;Input;0,19;9;\nV7;Input;0,07;8;x\n"
    masters = read_master_file(put(tmp_path, {"tax_codes.csv": text}))
    assert [masters.said(TaxCode, code, "datev_key") for code in ("V19", "V7")] == ["9", "8"]
    assert [masters.said(TaxCode, code, "automatic") for code in ("V19", "V7")] == ["", "x"]
    assert masters.notes == ("tax_codes.csv: columns that only the format knows: automatic, datev_key",)


def test_a_file_of_columns_says_what_a_file_holds(tmp_path: Path) -> None:
    columns = 'kind = "accounts"\nheader_row = 3\nencoding = "cp850"\nseparator = "#"\n[columns]\n"Feld 1" = "code"\n'
    columns += '"Feld 2" = "name"\n"BU" = "datev_key"\n'
    text = "Liste#der\n\nFeld 1#Feld 2#BU\n6110#Büro#40\n".encode("cp850")
    put(tmp_path, {"export.csv": text, "export.columns.toml": columns})
    masters = read_master_file(tmp_path / "export.csv")
    assert list(masters.read(Account)) == [Account("6110", "6110", "Büro")]
    assert masters.said(Account, "6110", "datev_key") == "40"
    assert read_master_file(tmp_path).records == masters.records


# ---------------------------------------------------------------------------------------------------------- cells


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_letters_are_read_in_their_encoding(tmp_path: Path, encoding: str) -> None:
    text = "code;name\n6110;Bürobedarf & Løn für Ölçü – „neu“ €\n"
    masters = read_master_file(put(tmp_path, {"accounts.csv": text.encode(encoding, "replace")}))
    assert list(masters.read(Account)) == [Account("6110", "6110", "Bürobedarf & Løn für Ölçü – „neu“ €")]


@pytest.mark.parametrize(
    ("header", "cells", "rates"),
    [
        ("rate", ["25", "12,5", "0"], ["0.25", "0.125", "0"]),
        ("rate", ["0.25", "0,06", "0"], ["0.25", "0.06", "0"]),
        ("rate", ["25 %", "0,9%", "0"], ["0.25", "0.009", "0"]),
        ("Satz in Prozent", ["0,9", "1", "0"], ["0.009", "0.01", "0"]),
        ("rate", ["0,9", "2,1", "20"], ["0.009", "0.021", "0.2"]),
    ],
)
def test_a_rate_is_a_share_or_a_percentage_for_the_whole_column(
    tmp_path: Path, header: str, cells: list[str], rates: list[str]
) -> None:
    name = "rate" if header == "rate" else "Satz %"
    rows = "".join(f"T{n};Tax;{cell}\n" for n, cell in enumerate(cells))
    masters = read_master_file(put(tmp_path, {"tax_codes.csv": f"code;name;{name}\n{rows}"}))
    assert [tax.rate for tax in masters.read(TaxCode)] == [Decimal(rate) for rate in rates]


def test_excel_s_own_csv_is_read(tmp_path: Path) -> None:
    text = 'sep=;\r\nKonto;Name\r\n="0311";"Machines; old ""A"""\r\n\r\n6110;\r\n'
    masters = read_master_file(put(tmp_path, {"konten.csv": text}))
    assert list(masters.read(Account)) == [
        Account("0311", "0311", 'Machines; old "A"'),
        Account("6110", "6110", "6110"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("accounts.csv", "code;name\n6110;A\n\n6110;B\n", 'accounts have "6110" twice: row 2 and row 4'),
        ("accounts.csv", "Text;name\n6110;A\n", "accounts have no column code"),
        ("accounts.csv", "code;name\n;A\n", "row 2: code is empty"),
        ("accounts.csv", "code;name\n6110;A;B\n", "row 2: it has more cells than the header has names"),
        ("accounts.csv", 'code;name\n6110;"A\n', "row 2: unexpected end of data"),
        ("accounts.csv", "code;name;code\n6110;A;1\n", 'row 1: the column "code" exists twice'),
        ("accounts.csv", "Konto;Kontonr;name\n6110;1;A\n", 'the columns "Konto" and "Kontonr" are both the code'),
        ("accounts.csv", "code;name;active\n6110;A;maybe\n", 'row 2: active: "maybe" is not yes or no'),
        ("accounts.csv", "code;name;opened\n6110;A;31.02.2026\n", 'row 2: opened: "31.02.2026" is not a day'),
        ("accounts.csv", "code;name\n1,2E+12;A\n", "was shortened by a spreadsheet"),
        ("tax_codes.csv", "code;name;rate\nI25;A;quarter\n", 'row 2: rate: "quarter" is not a number'),
        ("tax_codes.csv", "code;name;rate\nI25;A;2500\n", "row 2: rate: 2500 is more than 100 %"),
        ("tax_codes.csv", "code;name;rate\nI25;A;\n", "row 2: rate is empty"),
        ("tax_codes.csv", "code;name;rate;type\nI25;A;25;odd\n", "row 2: Invalid enum value 'odd'"),
        ("tax_codes.csv", "code;name\nI25;A\n", "tax_codes have no column rate"),
        ("periods.csv", "start;end\n2026-01-01;2025-12-31\n", "row 2: it ends before it starts"),
        (
            "periods.csv",
            "start;end\n2026-01-01;2026-12-31\n2026-07-01;2027-06-30\n",
            "before that from 2026-01-01 ends",
        ),
        ("company.csv", "name;currency\nA;DKK\nB;DKK\n", "row 3 is a second company, the first is row 2"),
        ("things.csv", "code;name\n6110;A\n", "it does not say what it holds"),
        ("all.csv", "kind;code;name\nthing;1;A\n", 'row 2: the kind "thing" is not one'),
        ("accounts.csv", b"code;name\n6110;B\x81ro\n", "its letters are in an unknown encoding"),
        ("accounts.csv", "code;name\n6110;Bläck\n".encode("cp437"), "its letters are in another encoding"),
        ("accounts.csv", "code;name\n6110;Büro\n".encode().decode("cp1252").encode(), "in another encoding"),
        ("accounts.csv", b"code;name\n6110;A\0\n", "it is not a text file"),
        ("accounts.csv", f"code;name\n6110;{'A' * 1001}\n", "row 2: a cell has more than 1,000 letters"),
        ("accounts.csv", f"code;name{';x' * 400}\n", "row 1: it has more than 400 columns"),
        ("accounts.xls", b"\xd0\xcf\x11\xe0", 'a file ".xls" is not read'),
        ("accounts.csv", b"x" * (16 * 1024 * 1024 + 1), "it has more than 16,777,216 bytes"),
    ],
)
def test_a_wrong_table_is_refused_with_row_and_column(tmp_path: Path, name: str, text: str | bytes, what: str) -> None:
    assert what in refused(put(tmp_path, {name: text}))


def test_a_value_of_a_dimension_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    files = {"dimensions.csv": "code;name\nA;A\n", "dimension_values.csv": "dimension;code;name\nB;1;One\n"}
    assert 'row 2: the dimension "B" does not exist' in refused(put(tmp_path, files))


def test_two_dimensions_may_have_a_value_of_one_code(tmp_path: Path) -> None:
    text = "dimension;code;name;colour\nA;1;One;red\nB;1;Uno;blue\n"
    masters = read_master_file(put(tmp_path, {"dimension_values.csv": text}))
    assert [value.dimension_id for value in masters.read(DimensionValue)] == ["A", "B"]
    assert [masters.said(DimensionValue, id, "colour") for id in ("A/1", "B/1")] == ["red", "blue"]


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ('kind = "things"', 'the kind "things" is not one'),
        ('encoding = "rot13"', 'the encoding "rot13" is unknown'),
        ('separator = "ab"', 'the separator "ab" is not one character'),
        ("header = 3", "accounts.columns.toml"),
        ("header_row = -5", "header_row is -5"),
        ("[sheets.A]\nheader_row = 0", "header_row is 0"),
        ('[columns]\n"Kto" = "code"', 'row 1: the column "Kto" is missing'),
        ("[columns", "accounts.columns.toml"),
    ],
)
def test_a_wrong_file_of_columns_is_refused(tmp_path: Path, columns: str, what: str) -> None:
    put(tmp_path, {"accounts.csv": "code;name\n1;A\n", "accounts.columns.toml": columns})
    assert what in refused(tmp_path / "accounts.csv")


# ------------------------------------------------------------------------------------------------------ workbooks


def test_a_workbook_has_a_sheet_of_each_kind(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(
            workbook(
                {
                    "Read me": [["Masters of Fjord & Bro"]],
                    "Konten": [["Konto", "Bezeichnung", "aktiv", "opened"], [6110, "Office", True, date(2026, 1, 1)]],
                    "tax codes": [["code", "name", "Steuersatz", "datev_key"], ["V19", "Input", 0.19, 9]],
                }
            )
        )
    )
    book["tax codes"]["C2"].number_format = "0%"
    masters = read_master_file(put(tmp_path, {"masters.xlsx": saved(book)}))
    assert list(masters.read(Account)) == [Account("6110", "6110", "Office", opened=date(2026, 1, 1))]
    assert list(masters.read(TaxCode)) == [TaxCode("V19", "V19", "Input", Decimal("0.19"), "inclusive")]
    assert masters.said(TaxCode, "V19", "datev_key") == "9"
    assert 'masters.xlsx: the sheet "Read me" was left out: it does not say what it holds' in masters.notes


def test_a_workbook_of_one_sheet_is_named_by_its_file(tmp_path: Path) -> None:
    book = workbook({"Tabelle1": [["Konto", "Name"], ["0311", "Machines"]]})
    masters = read_master_file(put(tmp_path, {"Kontenplan.xlsx": book}))
    assert list(masters.read(Account)) == [Account("0311", "0311", "Machines")]


def test_a_file_of_columns_names_the_sheets_of_a_workbook(tmp_path: Path) -> None:
    book = workbook({"A": [["x"], ["Kto", "Text"], ["1", "One"]], "B": [["code", "name"], ["2", "Two"]]})
    columns = '[sheets.A]\nkind = "accounts"\nheader_row = 2\ncolumns = {Kto = "code", Text = "name"}\n'
    columns += '[sheets.B]\nkind = "journals"\n'
    put(tmp_path, {"book.xlsx": book, "book.columns.toml": columns})
    masters = read_master_file(tmp_path / "book.xlsx")
    assert list(masters.read(Account)) == [Account("1", "1", "One")]
    assert list(masters.read(Journal)) == [Journal("2", "2", "Two")]


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([["code", "name"], ["1", "A"], [1, "B"]], 'accounts have "1" twice: accounts, row 2 and accounts, row 3'),
        ([["code", "name"], [10**16, "A"]], "accounts, row 2: 10000000000000000 has more digits than a number keeps"),
        ([["name"], ["A"]], "accounts: accounts have no column code"),
        ([["code", "name", "active"], ["1", "A", "odd"]], 'accounts, row 2: active: "odd" is not yes or no'),
        ([["code", *["n"] * 401]], "accounts, row 1: it has more than 400 columns"),
    ],
)
def test_a_wrong_sheet_is_refused_with_row_and_column(tmp_path: Path, rows: list[list[Any]], what: str) -> None:
    assert what in refused(put(tmp_path, {"book.xlsx": workbook({"accounts": rows})}))


def test_a_formula_that_failed_is_refused(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook({"accounts": [["code", "name"], ["1", "A"]]})))
    cell = book["accounts"]["A2"]
    cell.value, cell.data_type = "#N/A", "e"
    assert "accounts, row 2: a formula has failed (#N/A)" in refused(put(tmp_path, {"book.xlsx": saved(book)}))


def changed(book: bytes, part: str, change: Any) -> bytes:
    """A workbook with one part changed."""
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return kept.getvalue()


BOOK = workbook({"accounts": [["code", "name"], ["1", "A"]]})
SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("book", "what"),
    [
        (changed(BOOK, SHEET, lambda _: b"0" * (65 * 1024 * 1024)), "bytes unpacked"),
        (changed(BOOK, SHEET, lambda xml: b'<!DOCTYPE x [<!ENTITY a "b">]>' + xml), "has declarations of its own"),
        (changed(BOOK, SHEET, lambda xml: xml.decode().encode("utf-16")), "has declarations of its own"),
        (changed(BOOK, SHEET, lambda xml: xml[:200]), "it can't be read as a workbook"),
        (changed(BOOK, SHEET, lambda xml: xml.replace(b'r="2"', b'r="1048576"')), "more than 200,000 rows"),
        (BOOK[:-30], "it is not an Excel workbook"),
        (b"code;name\n", "it is not an Excel workbook"),
    ],
)
def test_a_hostile_workbook_is_refused(tmp_path: Path, book: bytes, what: str) -> None:
    assert what in refused(put(tmp_path, {"book.xlsx": book}))


def test_what_a_sheet_says_of_its_size_is_not_believed(tmp_path: Path) -> None:
    book = changed(BOOK, SHEET, lambda xml: xml.replace(b'ref="A1:B2"', b'ref="A1:A1"'))
    assert list(read_master_file(put(tmp_path, {"book.xlsx": book})).read(Account)) == [Account("1", "1", "A")]


# --------------------------------------------------------------------------------------------------- hostile bytes

STARTS = (
    b"",
    b"sep=",
    b"code;name\n",
    b"kind,code,name,rate\n",
    b'"EXTF";700;20;"Kontenbeschriftungen";3;20260901120000000;;"";"";"";1001;1;20260101;4\r\nKonto\r\n',
    b'"EXTF";700;16;"Debitoren/Kreditoren";5;20260901120000000;;"";"";"";1001;1;20260101;4\r\nKonto\r\n',
    b"JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tDebit\tCredit\n",
    b"#FLAGGA 0\n#FORMAT PC8\n#KONTO ",
    b"[[accounts]]\n",
    b"\xff\xfe",
    BOOK[:400],
)
NAMES = ("accounts.csv", "tax_codes.txt", "a.tsv", "a.toml", "a.xlsx", "a.se", "a.columns.toml", "periods.csv", "a")


def tomls() -> st.SearchStrategy[str]:
    """A value in TOML."""
    texts = st.sampled_from(["code", "name", "!active", "accounts", "cp850", ";", "x", "\\u0000", ""]).map(
        '"{}"'.format
    )
    plain = texts | st.integers(-3, 3).map(str) | st.just("true")
    return plain | texts.map("{{ a = {} }}".format) | plain.map("{{ S = {{ kind = {} }} }}".format)


@settings(max_examples=examples(300), deadline=None)
@given(st.sampled_from(NAMES), st.sampled_from(STARTS), st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_whatever_a_file_holds_is_read_or_refused(name: str, start: bytes, rest: bytes) -> None:
    held(name, start + rest)


@settings(max_examples=examples(200), deadline=None)
@given(st.integers(0, len(BOOK) - 1), st.binary(min_size=1, max_size=8))
def test_a_damaged_workbook_is_read_or_refused(at: int, bytes_there: bytes) -> None:
    held("accounts.xlsx", BOOK[:at] + bytes_there + BOOK[at + len(bytes_there) :])


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(st.lists(st.text(max_size=12), max_size=5), max_size=6), st.sampled_from(["code;name;rate\n", ""]))
def test_whatever_cells_hold_is_read_or_refused(rows: list[list[str]], header: str) -> None:
    held("tax_codes.csv", (header + "\n".join(";".join(row) for row in rows)).encode("utf-8", "replace"))


@settings(max_examples=examples(100), deadline=None)
@given(st.sampled_from(["kind", "encoding", "separator", "header_row", "columns", "sheets", "x"]), tomls())
def test_whatever_a_file_of_columns_holds_is_obeyed_or_refused(key: str, value: str) -> None:
    held("accounts.csv", b"a;b\ncode;name\n1;A\n", f"{key} = {value}\n")


def held(name: str, content: bytes, columns: str = "") -> None:
    """A MasterFile or Misconfigured, and nothing else; each record has a code."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        if columns:
            file.with_suffix(".columns.toml").write_text(columns, encoding="utf-8")
        file.write_bytes(content)
        try:
            read: MasterFile | Misconfigured = read_master_file(file)
        except Misconfigured as refusal:
            read = refusal
    if isinstance(read, Misconfigured):
        assert read.remedy
        assert len(str(read)) < 1_000
    else:
        assert all(record.id for records in read.records.values() for record in records)
