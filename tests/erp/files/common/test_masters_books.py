"""Master data of DATEV, SIE and FEC files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

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
from kontobro.erp.files.common.masters import read_master_file
from tests.erp.files.common.master_files import put, refused

# --------------------------------------------------------------------------------------------------------- DATEV


def extf(category: str, rows: str, consultant: str = "29098", client: str = "55003", length: str = "4") -> bytes:
    """A file of DATEV's: header, headings that no one reads, rows."""
    name = {"20": "Kontenbeschriftungen", "16": "Debitoren/Kreditoren"}.get(category, "Buchungsstapel")
    head = (
        f'"EXTF";700;{category};"{name}";3;20260901120000000;;"RE";"";"";{consultant};{client};20260101;{length};;;""'
    )
    return f"{head}\r\nKonto;Text\r\n{rows}".replace("\n", "\r\n").replace("\r\r", "\r").encode("cp1252")


def creditor(
    account: str, company: str = "", type: str = "2", land: str = "DE", ust: str = "", person: str = ""
) -> str:
    """A row of category 16: the fields that are read are 1, 2, 4, 5, 7, 9, 10 and 20."""
    last, _, first = person.partition(",")
    cells = [
        account,
        company,
        "",
        last,
        first,
        "",
        "1" if person else "2",
        "",
        land if ust else "",
        ust,
        *[""] * 9,
        land,
    ]
    return ";".join(f'"{cell}"' if place else cell for place, cell in enumerate(cells))


def test_labels_of_datev_are_accounts_with_their_leading_zeros(tmp_path: Path) -> None:
    rows = (
        '27;"Software ""Büro""";"de-DE"\n4930;"Bürobedarf";"de-DE"\n4930;"Office";"en-GB"\n70001;"Druckerei";"de-DE"\n'
    )
    masters = read_master_file(put(tmp_path, {"EXTF_Kontenbeschriftungen.csv": extf("20", rows)}))
    assert list(masters.read(Account)) == [
        Account("0027", "0027", 'Software "Büro"'),
        Account("4930", "4930", "Bürobedarf"),
    ]
    (note,) = masters.notes
    assert "1 accounts with more than 4 digits were left out" in note


def test_creditors_of_datev_are_vendors_with_an_account_of_their_own(tmp_path: Path) -> None:
    rows = "\n".join(
        [
            creditor("70001", "Druckerei GmbH", ust="123456789"),
            creditor("70002", person="Berg,Ida", land="AT"),
            creditor("10001", "A customer"),
        ]
    )
    masters = read_master_file(put(tmp_path, {"EXTF_Kreditoren.csv": extf("16", rows)}))
    assert list(masters.read(Vendor)) == [
        Vendor(
            id="70001",
            code="70001",
            name="Druckerei GmbH",
            account="70001",
            number="70001",
            tax_registration_number="DE123456789",
            country="DE",
        ),
        Vendor(id="70002", code="70002", name="Ida Berg", account="70002", number="70002", country="AT"),
    ]
    assert masters.notes == ("EXTF_Kreditoren.csv: 1 debtors were left out",)


def test_what_datev_s_headers_say_of_the_company_is_for_the_format(tmp_path: Path) -> None:
    files = {"EXTF_a.csv": extf("20", '4930;"A"'), "EXTF_b.csv": extf("16", creditor("70001", "B"), length="")}
    masters = read_master_file(put(tmp_path, files))
    said = [masters.said(Company, "", name) for name in ("consultant", "client", "account_length")]
    assert said == ["29098", "55003", "4"]


def test_the_sample_of_creditors_is_read(samples: Path) -> None:
    masters = read_master_file(samples / "EXTF_Kreditoren_sample.csv")
    assert [(vendor.code, vendor.name) for vendor in masters.read(Vendor)] == [("70001", "Druckerei GmbH")]


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"a.csv": extf("21", "")}, "row 1: its DATEV header says Buchungsstapel, version 700"),
        ({"a.csv": extf("20", "", consultant="12")}, 'row 1, field 11: the Beraternummer "12" is wrong'),
        ({"a.csv": extf("20", "", consultant="1000")}, 'the Beraternummer "1000" is wrong'),
        ({"a.csv": extf("20", "", client="0")}, 'row 1, field 12: the Mandantennummer "0" is wrong'),
        ({"a.csv": extf("20", "", length="9")}, 'row 1, field 14: the Sachkontenlänge "9" is wrong'),
        ({"a.csv": extf("20", 'A1;"x"')}, 'row 3, field 1: the account "A1" is not a number'),
        ({"a.csv": extf("20", '27;"x"\n0027;"y"')}, 'accounts have "0027" twice: row 3 and row 4'),
        ({"a.csv": extf("16", creditor("70001", "A") + "\n" + creditor("70001", "B"))}, 'vendors have "70001" twice'),
        (
            {"a.csv": extf("20", "1;x"), "b.csv": extf("16", "", consultant="29099")},
            'consultant is "29099", and "29098"',
        ),
        ({"a.csv": b"EXTF"}, "its DATEV header says nothing"),
    ],
)
def test_a_wrong_datev_file_is_refused(tmp_path: Path, files: dict[str, bytes], what: str) -> None:
    assert what in refused(put(tmp_path, files))


# ----------------------------------------------------------------------------------------------------------- SIE

SIE = """#FLAGGA 0
#PROGRAM "Bok" "1"
#FORMAT PC8
#GEN 20261128
#SIETYP 4
#ORGNR 556677-8899
#FNAMN "Exempelbolaget Åäö AB"
#RAR 0 20260101 20261231
#RAR -1 20250101 20251231
#KONTO 2440 "Leverantörsskulder"
#KTYP 2440 S
#KONTO 6110 "Kontorsmateriel"
#DIM 6 "Projekt"
#UNDERDIM 20 "Delprojekt" 6
#OBJEKT 1 "100" "Stockholm"
#OBJEKT 6 "P07" "Sjöhäst"
#OBJEKT 7 "3" "Ida"
#OBJEKT 9 "70001" "Tryckeriet AB"
#OBJEKT 10 "4711" "Faktura"
#VER A 1 20260101 "x"
{
#TRANS 6110 {} 1.00
#TRANS 2440 {} -1.00
}
"""


def test_a_sie_file_gives_accounts_dimensions_objects_and_years(tmp_path: Path) -> None:
    masters = read_master_file(put(tmp_path, {"bok.SE": SIE.encode("cp437")}))
    (company,) = masters.read(Company)
    assert (company.id, company.name, company.currency) == ("556677-8899", "Exempelbolaget Åäö AB", "SEK")
    assert list(masters.read(Account)) == [
        Account("2440", "2440", "Leverantörsskulder", type="liability"),
        Account("6110", "6110", "Kontorsmateriel"),
    ]
    assert masters.said(Account, "2440", "kind") == "S"
    dimensions = [
        Dimension("1", "1", "Kostnadsställe"),
        Dimension("6", "6", "Projekt"),
        Dimension("20", "20", "Delprojekt"),
    ]
    assert list(masters.read(Dimension)) == dimensions
    assert masters.said(Dimension, "20", "parent") == "6"
    values = [DimensionValue("100", "1", "100", "Stockholm"), DimensionValue("P07", "6", "P07", "Sjöhäst")]
    assert list(masters.read(DimensionValue)) == values
    assert list(masters.read(Employee)) == [Employee("3", "3", "Ida")]
    assert list(masters.read(Vendor)) == [Vendor(id="70001", code="70001", name="Tryckeriet AB", number="70001")]
    years = [Period("2026-01-01", date(2026, 1, 1), date(2026, 12, 31), "open")]
    assert list(masters.read(Period))[:1] == years
    assert masters.said(Period, "2025-01-01", "year") == "-1"
    assert "bok.SE: 1 customers and invoices were left out" in masters.notes


def test_a_sie_file_and_a_table_of_tax_codes_are_joined(tmp_path: Path) -> None:
    files = {
        "bok.se": SIE.encode("cp437"),
        "momskoder.csv": "Momskod;Benämning;Sats;Konto\nI25;Ingående;25;2641\n".encode(),
    }
    masters = read_master_file(put(tmp_path, files))
    assert [tax.ingoing_account for tax in masters.read(TaxCode)] == ["2641"]
    assert len(list(masters.read(Account))) == 2
    assert [source.counts.get("accounts", 0) for source in masters.sources] == [2, 0]


def test_a_sie_file_and_a_table_that_say_one_account_are_refused(tmp_path: Path) -> None:
    files = {"bok.se": SIE.encode("cp437"), "konton.csv": b"Konto;Namn\n6110;A\n"}
    assert 'accounts have "6110" twice: #KONTO 6110 of bok.se and row 2' in refused(put(tmp_path, files))


def test_the_sample_of_sie_is_read(samples: Path) -> None:
    masters = read_master_file(samples / "pleo_sample.si")
    assert len(list(masters.read(Account))) == 7
    assert [value.name for value in masters.read(DimensionValue)] == ["Stockholm", 'Projekt "Sjöhäst"']


def test_a_damaged_sie_file_is_refused_with_file_and_line(tmp_path: Path) -> None:
    assert "bok.se: SIE file, line 2" in refused(put(tmp_path, {"bok.se": b'#FLAGGA 0\n#KONTO x "A"\n'}))


# ----------------------------------------------------------------------------------------------------------- FEC

FEC = """JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\tCompAuxLib\tDebit\tCredit
ACH\tAchats\t1\t20261103\t606400\tFournitures\t\t\t100,00\t0,00
ACH\tAchats\t1\t20261103\t401000\tFournisseurs\tF0001\tMüller\t0,00\t100,00
OD\tOpérations\t2\t20261104\t421000\tPersonnel\tE1\tIda\t0,00\t1,00
OD\tOpérations\t2\t20261104\t411000\tClients\tC1\tAnna\t1,00\t0,00
"""


def test_a_fec_gives_accounts_journals_suppliers_and_employees(tmp_path: Path) -> None:
    masters = read_master_file(put(tmp_path, {"123456789FEC20261231.txt": FEC.encode("iso8859-15")}))
    assert [account.code for account in masters.read(Account)] == ["606400", "401000", "421000", "411000"]
    assert list(masters.read(Journal)) == [Journal("ACH", "ACH", "Achats"), Journal("OD", "OD", "Opérations")]
    vendor = Vendor(id="F0001", code="F0001", name="Müller", account="401000", number="F0001")
    assert list(masters.read(Vendor)) == [vendor]
    assert list(masters.read(Employee)) == [Employee("E1", "E1", "Ida")]
    assert any("1 third parties were left out" in note for note in masters.notes)


def test_the_sample_of_a_fec_is_read(samples: Path) -> None:
    masters = read_master_file(samples / "123456789FEC20261231.txt")
    assert "606400" in {account.code for account in masters.read(Account)}


def test_a_damaged_fec_is_refused_with_file_and_line(tmp_path: Path) -> None:
    assert "fec.txt: FEC, line 2" in refused(put(tmp_path, {"fec.txt": FEC.replace("100,00\t0,00", "100,00", 1)}))
