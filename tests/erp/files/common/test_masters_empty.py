"""Files that say nothing: master data without accounts, a journal without entries. They would switch checks off."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from kontobro.core.errors import Misconfigured
from kontobro.core.model.masterdata import Account
from kontobro.erp.files.common.masters import masters_of, read_master_file
from kontobro.erp.files.common.posted import read_posted

FEC = "JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tDebit\tCredit\n"
SIE = '#FLAGGA 0\n#SIETYP 4\n#FNAMN "Fjord AB"\n'
LABELS = '"EXTF";700;20;"Kontenbeschriftungen";2;;;"RE";"";"";29098;55003;20260101;4\nKonto;Kontenbeschriftung\n'
EMPTY = {
    "accounts.csv": "code;name\n",
    "nothing.toml": "",
    "company.toml": '[company]\nname = "Fjord"\ncurrency = "DKK"\n',
    "vendors.csv": "code;name\nV1;Print\n",
    "books.se": SIE,
    "123456789FEC20261231.txt": FEC,
    "konten.csv": LABELS,
}


def write_book(path: Path, **sheets: list[list[str]]) -> None:
    book = Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)


@pytest.mark.parametrize("name", EMPTY)
def test_a_file_without_accounts_is_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(EMPTY[name])
    with pytest.raises(Misconfigured, match=rf"Master data in {name}: the file has no accounts") as said:
        masters_of({"masters": str(tmp_path / name)})
    assert said.value.remedy


def test_a_sheet_with_headings_only_is_refused_where_it_has_the_accounts_and_told_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "books.xlsx"
    headings, rows = ["code", "name"], [["4010", "Travel"]]
    write_book(path, accounts=[headings], vendors=[headings])
    with pytest.raises(Misconfigured, match=r"books.xlsx: the file has no accounts"):
        masters_of({"masters": str(path)})
    write_book(path, accounts=[headings, *rows], vendors=[headings])
    masters = read_master_file(path)
    assert [account.code for account in masters.read(Account)] == ["4010"]
    assert masters.notes == ('books.xlsx: the sheet "vendors" has no rows below its headings',)


def test_a_folder_needs_accounts_in_one_of_its_files_and_says_which_are_empty(tmp_path: Path) -> None:
    (tmp_path / "vendors.csv").write_text("code;name\nV1;Print\n")
    with pytest.raises(Misconfigured, match="the folder has no accounts"):
        masters_of({"masters": str(tmp_path)})
    (tmp_path / "accounts.csv").write_text("code;name\n4010;Travel\n")
    assert masters_of({"masters": str(tmp_path)}).records[Account]
    (tmp_path / "tax_codes.csv").write_text("code;name;rate\n")
    assert read_master_file(tmp_path).notes == ("tax_codes.csv: it has no records, at most headings",)


@pytest.mark.parametrize("content", [FEC, f"{SIE}#KONTO 4010 Resor\n"])
def test_a_journal_without_entries_says_nothing_of_documents(tmp_path: Path, content: str) -> None:
    path = tmp_path / "journal.txt"
    path.write_text(content)
    with pytest.raises(Misconfigured, match=r"journal.txt has no entries"):
        read_posted(path)
