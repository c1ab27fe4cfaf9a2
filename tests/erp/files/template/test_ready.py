"""Each template that comes with Kontobro, against the layout that its accounting system publishes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from kontobro.core.errors import parted
from kontobro.core.model.journal import Entry
from kontobro.erp.files.template import READY
from kontobro.erp.files.template.layout import read_layout
from kontobro.erp.files.template.own.texts import ready_text
from kontobro.erp.files.template.read_back import read_back
from kontobro.testing.connector.entries import a_bill, a_journal, a_reverse_journal, a_taxed_journal
from kontobro.testing.document.papers import Papers
from tests.erp.files.template.masters import CHART, ready
from tests.erp.files.template.reader import csv_rows, csv_table, xlsx_rows

ENTRY = replace(a_taxed_journal(CHART), text="Printer ink")
REFUND = replace(
    a_journal(CHART, "12.50", date=date(2026, 10, 5)),
    lines=tuple(replace(line, amount=-line.amount) for line in a_journal(CHART, "12.50").lines),
)


def written(name: str, *entries: Entry, format: str = "csv") -> dict[str, bytes]:
    target = ready(name, format)  # type: ignore[arg-type]
    papers = Papers(target=target, read=lambda files: [], chart=CHART)
    for entry in entries:
        assert papers.refusals(entry) == []
    ((_, files),) = papers.documents(*entries)
    return files


def only(files: dict[str, bytes]) -> bytes:
    (content,) = files.values()
    return content


def test_xero_joins_rows_by_narration_and_date_and_takes_300_lines() -> None:
    rows = csv_rows(only(written("xero", ENTRY, REFUND)))
    assert list(rows[0]) == (
        "*Narration,*Date,Description,*AccountCode,*TaxRate,*Amount,"
        "TrackingName1,TrackingOption1,TrackingName2,TrackingOption2"
    ).split(",")
    first = [row for row in rows if row["*Narration"] == f"Pleo {ENTRY.reference}"]
    assert [(row["*Date"], row["*AccountCode"], row["*Amount"]) for row in first] == [
        ("03/10/2026", "3600", "79.20"),
        ("03/10/2026", "6410", "19.80"),
        ("03/10/2026", "5810", "-99.00"),
    ]
    assert [first[0][name] for name in ("TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2")] == [
        "Cost centre",
        "Sales",
        "Project",
        "Bridge",
    ]
    assert [first[2][name] for name in ("TrackingName1", "TrackingOption1")] == ["", ""]
    assert sum(Decimal(row["*Amount"]) for row in rows) == 0
    assert ready("xero").max_rows == 300


def test_xero_never_cuts_an_entry_at_300_lines() -> None:
    target = ready("xero")
    papers = Papers(target=target, read=lambda files: [], chart=CHART)
    entries = [a_taxed_journal(CHART) for _ in range(101)]
    tables = [csv_rows(only(files)) for _, files in papers.documents(*entries)]
    assert [len(table) for table in tables] == [300, 3]


def test_xero_is_in_the_companys_currency() -> None:
    papers = Papers(target=ready("xero"), read=lambda files: [], chart=CHART)
    assert papers.refusals(a_journal(CHART, currency="EUR")) == ["document_currency"]


def test_quickbooks_names_accounts_and_has_two_amount_columns() -> None:
    rows = csv_rows(only(written("quickbooks-online", ENTRY)))
    assert list(rows[0]) == "JournalNo,JournalDate,AccountName,Debits,Credits,Description,Name".split(",")
    assert {(row["JournalNo"], row["JournalDate"]) for row in rows} == {("P1", "10/03/2026")}
    assert [(row["AccountName"], row["Debits"], row["Credits"]) for row in rows] == [
        ("Office; supplies", "79.20", ""),
        ("Input VAT", "19.80", ""),
        ("Pleo DKK", "", "99.00"),
    ]


def test_quickbooks_needs_the_vendor_on_payables() -> None:
    rows = csv_rows(only(written("quickbooks-online", a_bill(CHART))))
    assert [(row["AccountName"], row["Name"]) for row in rows][-1] == ("Payables", "Staples")


def test_sage_50_has_journals_that_balance_in_fifteen_columns() -> None:
    table = csv_table(only(written("sage-50-uk", ENTRY, REFUND)))
    rows = table[1:]
    assert {len(row) for row in table} == {15}
    assert [(row[0], row[1], row[2], row[7]) for row in rows] == [
        ("JD", "", "3600", "79.20"),
        ("JD", "", "6410", "19.80"),
        ("JC", "", "5810", "99.00"),
        ("JC", "", "3600", "12.50"),
        ("JD", "", "5810", "12.50"),
    ]
    signs = {"JD": 1, "JC": -1}
    assert sum(signs[row[0]] * Decimal(row[7]) for row in rows) == 0
    assert [row[3] for row in rows] == ["100", "0", "0", "0", "0"]
    assert {row[4] for row in rows} == {"03/10/2026", "05/10/2026"}
    assert all(len(row[6]) <= 60 and len(row[5]) <= 30 and len(row[2]) <= 8 for row in rows)
    assert rows[0][8] == "I25"
    assert rows[2][8] == "T9"


def test_netsuite_groups_by_external_id() -> None:
    rows = csv_rows(only(written("netsuite", ENTRY)))
    assert {row["External ID"] for row in rows} == {ENTRY.reference}
    assert [(row["Account"], row["Debit"], row["Credit"]) for row in rows] == [
        ("3600", "79.20", ""),
        ("6410", "19.80", ""),
        ("5810", "", "99.00"),
    ]
    assert (rows[0]["Date"], rows[0]["Currency"], rows[0]["Department"]) == ("10/03/2026", "DKK", "Sales")


def test_visma_business_is_records_of_quoted_fields() -> None:
    lines = only(written("visma-business", ENTRY, REFUND)).decode().split("\r\n")
    assert lines[:3] == ["@IMPORT_METHOD(3)", "@WaBnd(ValDt)", '"20261005"']
    fields = lines[3].removeprefix("@WaVo(").removesuffix(")").split(",")
    assert fields[:16] == (
        "VoNo,VoDt,VoTp,DbAcNo,DbTxCd,DbTrnCl,DbAcCl,CrAcNo,CrTxCd,CrTrnCl,CrAcCl,AmExVAT,VatAm,Am,InvoNo,DueDt".split(
            ","
        )
    )
    rows = [
        dict(zip(fields, row, strict=True)) for row in csv_table("\n".join(lines[4:]).encode(), separator=" ") if row
    ]
    assert [(row["VoNo"], row["VoDt"], row["DbAcNo"], row["CrAcNo"], row["Am"]) for row in rows] == [
        ("1", "20261003", "3600", "5810", "79.20"),
        ("1", "20261003", "6410", "5810", "19.80"),
        ("2", "20261005", "5810", "3600", "12.50"),
    ]
    assert {row["DbAcCl"] for row in rows} == {"3"}


def test_banana_computes_the_tax_of_the_gross_amount() -> None:
    rows = csv_rows(only(written("banana", ENTRY, a_reverse_journal(CHART))), separator="\t", quoting=3)
    assert list(rows[0])[:7] == "Date Doc Description AccountDebit AccountCredit Amount VatCode".split()
    assert [(row["AccountDebit"], row["AccountCredit"], row["Amount"], row["VatCode"]) for row in rows] == [
        ("3600", "5810", "99.00", "I25"),
        ("3600", "5810", "80.00", "R25"),
    ]
    assert rows[0]["Date"] == "2026-10-03"


def test_banana_refuses_a_tax_that_the_code_would_not_make() -> None:
    papers = Papers(target=ready("banana"), read=lambda files: [], chart=CHART)
    assert papers.refusals(a_taxed_journal(CHART, "79.20", "15.00")) == ["document_tax"]
    assert papers.refusals(a_taxed_journal(CHART, "79.20", "19.81")) == []


def test_winbiz_has_no_titles_and_both_accounts() -> None:
    table = csv_table(only(written("winbiz", ENTRY)), "cp1252", ";")
    assert [(row[0], row[3], row[4], row[5]) for row in table] == [
        ("03.10.2026", "3600", "5810", "79.20"),
        ("03.10.2026", "6410", "5810", "19.80"),
    ]
    assert {len(row) for row in table} == {13}
    assert all(len(row[1]) <= 10 and len(row[2]) <= 100 for row in table)


def test_netbaron_has_decimal_commas() -> None:
    rows = csv_rows(only(written("netbaron", ENTRY)), "utf-8-sig", ";")
    assert [(row["Receipt number"], row["Booking date"], row["Account"], row["Tax-free amount"]) for row in rows] == [
        ("1", "3.10.2026", "3600", "79,20"),
        ("1", "3.10.2026", "6410", "19,80"),
        ("1", "3.10.2026", "5810", "-99,00"),
    ]


def test_business_central_is_a_configuration_package_of_table_81() -> None:
    content = only(written("business-central", ENTRY, format="xlsx"))
    rows = xlsx_rows(content, above=2)
    assert [(row["Document No."], row["Account No."], row["Amount"], row["Line No."]) for row in rows] == [
        ("P1", "3600", Decimal("79.2"), "10000"),
        ("P1", "6410", Decimal("19.8"), "20000"),
        ("P1", "5810", Decimal(-99), "30000"),
    ]
    assert rows[0]["Posting Date"].date() == date(2026, 10, 3)
    assert rows[0]["Currency Code"] is None
    assert list(xlsx_rows(content)[0])[:3] == ["PLEO", "Gen. Journal Line", "81"]


def test_sap_joins_two_files_by_their_key() -> None:
    files = written("sap-business-one", ENTRY, REFUND)
    entries, lines = (csv_table(content[2:], "utf-16-le", "\t", quoting=3) for content in files.values())
    assert [name.rpartition("-")[2] for name in files] == ["entries.csv", "lines.csv"]
    assert entries[0][0] == entries[1][0] == "JdtNum"
    assert lines[0][:2] == ["ParentKey", "LineNum"]
    assert [row[:3] for row in lines[2:5]] == [["1", "1", "3600"], ["1", "2", "6410"], ["1", "3", "5810"]]
    assert {row[0] for row in entries[2:]} == {row[0] for row in lines[2:]} == {"1", "2"}
    assert [entries[2][1], entries[2][6]] == ["20261003", ENTRY.reference]


def test_exact_has_a_header_row_and_40_columns() -> None:
    table = csv_table(only(written("exact-globe", ENTRY)), "cp1252")
    assert {len(row) for row in table} == {40}
    assert [(row[0], row[8], row[14]) for row in table] == [
        ("0", "", ""),
        ("1", "3600", "79.20"),
        ("2", "6410", "19.80"),
        ("3", "5810", "-99.00"),
    ]
    assert (table[1][2], table[1][3], table[1][6]) == ("2026", "10", "03102026")


@pytest.mark.parametrize("name", READY)
def test_each_says_what_it_is_and_where_its_layout_is_published(name: str) -> None:
    layout = read_layout(ready_text(name), name)
    assert layout.name
    assert layout.about
    assert layout.source
    assert layout.check_with_consultant == (name in ("sap-business-one", "exact-globe"))


@pytest.mark.parametrize(
    "name", ["generic-lines", "generic-one-line", "xero", "sage-50-uk", "netsuite", "winbiz", "netbaron"]
)
def test_what_is_written_reads_back_by_its_own_template(name: str) -> None:
    content = next(iter(written(name, ENTRY, REFUND).values()))
    found: dict[str, dict[str, Decimal]] = {}
    for row in read_back(read_layout(ready_text(name), name), content):
        sums = found.setdefault(row.reference, {})
        sums[row.account] = sums.get(row.account, Decimal(0)) + row.amount
    assert found == {
        ENTRY.reference: {"3600": Decimal("79.20"), "6410": Decimal("19.80"), "5810": Decimal("-99.00")},
        REFUND.reference: {"3600": Decimal("-12.50"), "5810": Decimal("12.50")},
    }


@pytest.mark.parametrize("name", READY)
def test_none_refuses_a_plain_expense(name: str) -> None:
    target = ready(name, read_layout(ready_text(name), name).file.format or "csv")
    assert [parted(found)[0] for found in target.validate([ENTRY, REFUND])] == [[], []]
