"""FEC-shaped files: read back by a reader that shares no code with the writer, and by fec-parser."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from fec_parser.parser import FECParser
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.errors import Misconfigured, Note, parted
from kontobro.core.model.journal import (
    Bill,
    Entry,
    EntryLine,
    InvoiceKey,
    JournalEntry,
    Reference,
    line_sums,
    reference_of,
)
from kontobro.core.model.masterdata import Account, Employee, Journal, TaxCode, Vendor
from kontobro.erp.files.common.fec_reader import read_fec
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.fec import CONNECTOR
from kontobro.erp.files.fec.lettering import letters_of
from kontobro.erp.files.fec.options import options_from
from kontobro.erp.files.fec.target import FecTarget, open_target
from kontobro.testing.connector.entries import (
    Chart,
    a_bill,
    a_journal,
    a_payment,
    a_receipt,
    a_reverse_journal,
    a_taxed_bill,
    a_taxed_journal,
)
from kontobro.testing.document_contract import DocumentContract, Papers, ReadVoucher
from tests.erp.files.fec.reader import Broken, Ecriture, Row, main, read

SAMPLES = Path(__file__).parents[5] / "shared" / "formats" / "samples"
CHART = Chart(
    expense="606400",
    input_tax="445660",
    payable="401000",
    output_tax="445200",
    wallets={"DKK": "517000", "EUR": "517001", "JPY": "517002", "KWD": "517003"},
    vendor="V100",
    last_account="628000",
)
MASTERS = MasterFile(
    {
        Account: tuple(
            Account(number, number, name)
            for number, name in {
                "401000": "Fournisseurs",
                "421000": "Personnel, rémunérations dues",
                "445200": "TVA due intracommunautaire",
                "445660": "TVA déductible",
                "517000": "Pleo",
                "517001": "Pleo EUR",
                "517002": "Pleo JPY",
                "517003": "Pleo KWD",
                "606400": "Fournitures administratives",
                "628000": "Divers",
            }.items()
        ),
        Vendor: (Vendor(id="V100", code="V100", name="Imprimerie Müller"),),
        Employee: (Employee("E1", "E1", "Zoë"),),
        Journal: (Journal("OD", "OD", "Opérations diverses"), Journal("TOOLONG", "TOOLONG", "")),
        TaxCode: (
            TaxCode("I25", "I25", "TVA 25 %", Decimal("0.25"), "inclusive", "445660"),
            TaxCode("R25", "R25", "Autoliquidation 25 %", Decimal("0.25"), "reverse", "445660", "445200"),
        ),
    }
)
OPTIONS = {"siren": "123456789", "company_name": "Société Œuvre", "currency": "DKK"}


def target_of(masters: MasterFile = MASTERS, **options: str) -> FecTarget:
    given = {**OPTIONS, **options}
    CONNECTOR.require(given)
    return FecTarget(options_from(given), lambda: masters, given)


def papers_of(target: FecTarget) -> Papers:
    return Papers(target=target, read=vouchers_of, chart=CHART, again=target_of)


def rows_in(files: Mapping[str, bytes]) -> bytes:
    (content,) = [content for name, content in files.items() if re.fullmatch(r"\d{4}/\d{9}FEC\d{8}\.txt", name)]
    return content


def vouchers_of(files: Mapping[str, bytes]) -> list[ReadVoucher]:
    """By the reader beside, after fec-parser agreed with the sums."""
    content = rows_in(files)
    entries = read(content)
    parser = FECParser.from_bytesio(io.BytesIO(content))
    judged = parser.get_ecritures()
    assert not parser.errors
    rows = [row for entry in entries for row in entry.rows]
    assert [(one.compte_num, one.debit - one.credit) for one in judged] == [
        (row["CompteNum"], row.amount) for row in rows
    ]
    return [_voucher(entry) for entry in entries]


def _voucher(entry: Ecriture) -> ReadVoucher:
    sums: dict[str, Decimal] = {}
    for row in entry.rows:
        sums[row["CompteNum"]] = sums.get(row["CompteNum"], Decimal(0)) + row.amount
    amounts = {account: amount for account, amount in sums.items() if amount}
    return ReadVoucher(date=entry.day, amounts=amounts, number=entry.number)


def rows_of(target: FecTarget, *entries: Entry) -> list[Row]:
    documents = papers_of(target).documents(*entries)
    return [row for _, files in documents for entry in read(rows_in(files)) for row in entry.rows]


def codes(target: FecTarget, entry: Entry) -> list[str]:
    (found,) = target.validate([entry])
    return [one.code for one in parted(found)[0]]


class TestContract(DocumentContract):
    @pytest.fixture
    def papers(self) -> Papers:
        return papers_of(target_of())


def test_a_row_has_the_eighteen_columns() -> None:
    rows = rows_of(target_of(), a_taxed_journal(CHART, payee="Papeterie", text="stylos", reference=Reference("a-b-c")))
    assert [row["CompteNum"] for row in rows] == ["606400", "445660", "517000"]
    assert rows[1].values == {
        "JournalCode": "PLE",
        "JournalLib": "Pleo",
        "EcritureNum": "PLE-2026-000001",
        "EcritureDate": "20261003",
        "CompteNum": "445660",
        "CompteLib": "TVA déductible",
        "CompAuxNum": "",
        "CompAuxLib": "",
        "PieceRef": "abc",
        "PieceDate": "20261003",
        "EcritureLib": "Papeterie: stylos (TVA 25 %)",
        "Debit": "19,80",
        "Credit": "0,00",
        "EcritureLet": "",
        "DateLet": "",
        "ValidDate": "20261128",
        "Montantdevise": "",
        "Idevise": "",
    }


def test_numbers_are_gapless_in_each_journal_and_fiscal_year() -> None:
    days = [date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 2)]
    entries: list[Entry] = [a_journal(CHART, date=day) for day in days]
    entries += [a_bill(CHART, date=days[1]), replace(a_journal(CHART, date=days[2]), journal="OD")]
    documents = papers_of(target_of(fiscal_year_start="7")).documents(*entries)
    assert [rows for _, files in documents for rows in files if "description" not in rows] == [
        "0001/123456789FEC20260630.txt",
        "0002/123456789FEC20270630.txt",
    ]
    numbers = [entry.number for _, files in documents for entry in read(rows_in(files))]
    assert numbers == [
        "PLE-202606-000001",
        "PLE-202706-000001",
        "ACH-202706-000001",
        "PLE-202706-000002",
        "OD-202706-000001",
    ]


def test_numbers_may_be_pleos_ids() -> None:
    entry = a_journal(CHART)
    assert {row["EcritureNum"] for row in rows_of(target_of(numbering="reference"), entry)} == {entry.reference}


def test_a_bill_and_its_payment_are_lettered_when_they_balance() -> None:
    bill = a_taxed_bill(CHART, number="FA-4711")
    paid = a_payment(
        CHART, bill.reference, "99.00", date=date(2026, 10, 20), reference=reference_of(bill.reference, payment=True)
    )
    rows = rows_of(target_of(), bill, paid, a_bill(CHART))
    lettered = [row for row in rows if row["EcritureLet"]]
    assert [(row["CompteNum"], row.amount, row["EcritureLet"], row["DateLet"]) for row in lettered] == [
        ("401000", Decimal("-99.00"), "A1", "20261020"),
        ("401000", Decimal("99.00"), "A1", "20261020"),
    ]
    assert {row["CompAuxNum"] for row in rows if row["CompteNum"] == "401000"} == {"V100"}
    assert {row["CompAuxLib"] for row in lettered} == {"Imprimerie Müller"}


def test_a_payment_names_its_bill_by_vendor_and_number() -> None:
    bill = a_bill(CHART, number="FA 1")
    paid = a_payment(CHART, InvoiceKey("V100", "fa1", "DKK"), "120.00", date=date(2026, 10, 20))
    half = a_payment(CHART, InvoiceKey("V100", "FA 1", "DKK"), "60.00", date=date(2026, 10, 20))
    assert [row["EcritureLet"] for row in rows_of(target_of(), bill, paid)] == ["", "A1", "A1", ""]
    assert not any(row["EcritureLet"] for row in rows_of(target_of(), bill, half))
    assert [row["EcritureLet"] for row in rows_of(target_of(), bill, half, half)].count("A1") == 3
    twin = a_bill(CHART, number="FA 1")
    assert not any(row["EcritureLet"] for row in rows_of(target_of(), bill, twin, paid)), "which of the two is a guess"
    other_year = replace(paid, date=date(2027, 1, 2))
    assert not any(row["EcritureLet"] for row in rows_of(target_of(), bill, other_year))


def test_letters_go_on_after_z() -> None:
    assert [letters_of(number) for number in (1, 26, 27, 52, 703)] == ["A", "Z", "AA", "AZ", "AAA"]


def test_a_third_party_is_named_on_its_own_accounts_only() -> None:
    owed = replace(
        a_journal(CHART),
        lines=(
            EntryLine(account="606400", amount=Decimal(5), role="expense", vendor="V100"),
            EntryLine(account="421000", amount=Decimal(-5), role="employee", employee="E1"),
        ),
    )
    rows = rows_of(target_of(), owed)
    assert [(row["CompAuxNum"], row["CompAuxLib"]) for row in rows] == [("", ""), ("E1", "Zoë")]


def test_what_the_supplier_asked_for_is_where_it_is_certain() -> None:
    dollars = (Decimal("100.00"), "USD")
    plain = rows_of(target_of(), a_journal(CHART, supplier_amount=dollars))
    assert [(row["Montantdevise"], row["Idevise"]) for row in plain] == [("100,00", "USD"), ("-100,00", "USD")]
    taxed = rows_of(target_of(), a_taxed_journal(CHART, supplier_amount=dollars))
    assert [row["Montantdevise"] for row in taxed] == ["", "", "-100,00"]
    reverse = rows_of(target_of(), a_reverse_journal(CHART, supplier_amount=dollars))
    assert [row["Montantdevise"] for row in reverse] == ["", "", "", ""], "the wallet pays a part of all debits"


def test_separator_and_encoding() -> None:
    entry = a_journal(CHART, payee="Œuvre d’art | 5 €", text="tab\there")
    target = target_of(separator="pipe", encoding="iso8859-15")
    ((_, files),) = papers_of(target).documents(entry)
    (first, _) = read(rows_in(files), "|", "iso8859-15")[0].rows
    assert first["EcritureLib"] == "Œuvre d'art 5 €: tab here"
    (note,) = target.validate([entry])[0]
    assert isinstance(note, Note)
    (utf8, _) = rows_of(target_of(), entry)
    assert utf8["EcritureLib"] == "Œuvre d’art 5 €: tab here"


def test_an_entry_without_texts_is_called_as_its_journal() -> None:
    assert {row["EcritureLib"] for row in rows_of(target_of(), a_journal(CHART, payee="", text=""))} == {"Pleo"}


def test_a_line_of_nothing_has_no_row() -> None:
    """An invoice that is tax alone."""
    lines = (
        EntryLine(account="606400", amount=Decimal(0), role="expense", tax_code="I25", tax_amount=Decimal(5)),
        EntryLine(account="445660", amount=Decimal(5), role="tax", tax_code="I25"),
        EntryLine(account="517000", amount=Decimal(-5), role="wallet"),
    )
    assert len(rows_of(target_of(), replace(a_journal(CHART), lines=lines))) == 2


def test_what_a_file_has_no_place_for_is_refused() -> None:
    target, entry = target_of(), a_journal(CHART)
    expense, wallet = entry.lines
    assert codes(target, a_journal(CHART, currency="EUR")) == ["document_currency"]
    odd = replace(entry, lines=(replace(expense, account="60A0"), wallet))
    assert codes(target_of(MasterFile({})), odd) == ["document_account"]
    assert codes(target, a_journal(CHART, "1.001")) == ["amount_invalid"]
    assert codes(target, a_journal(CHART, "0.00")) == ["amount_zero"]
    assert codes(target, a_journal(CHART, supplier_amount=(Decimal("1.005"), "KWD"))) == ["amount_invalid"]
    assert codes(target, replace(entry, journal="TOOLONG")) == ["document_too_long"]
    assert codes(target, replace(entry, journal="GONE")) == ["journal_unknown"]
    assert codes(target, a_bill(CHART, number="A|B")) == ["document_letters"]
    assert codes(target, a_bill(CHART, number="x" * 101)) == ["text_too_long"]
    assert codes(target, replace(entry, date=date(1850, 1, 1))) == ["period_closed"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"siren": "12345678"}, "nine digits"),
        ({"journal": "TOOLONG"}, "at most 6 letters"),
        ({"bills_journal": "A-1"}, "at most 6 letters"),
        ({"bills_journal": "PLE", "bills_journal_name": "Achats"}, "has the name Pleo already"),
        ({"separator": "comma"}, "not one of its values"),
        ({"fiscal_year_start": "0"}, "from 1 to 12"),
    ],
)
def test_wrong_options_are_named(options: dict[str, str], words: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        target_of(**options).check()
    assert words in str(refused.value)


def test_a_description_and_receipts_are_beside_the_rows() -> None:
    ((_, files),) = papers_of(target_of()).documents(a_journal(CHART), receipts=[a_receipt()])
    rows, described, receipt = files
    assert rows == "0001/123456789FEC20261231.txt"
    assert described == "0001/123456789FEC20261231-description.txt"
    assert receipt.startswith("0001/00001-PLE1-1.")
    text = files[described].decode()
    assert "Société Œuvre, SIREN 123456789" in text
    assert "Ce n'est pas le FEC légal" in text
    assert "18. Idevise" in text


def test_it_opens_with_options_alone() -> None:
    company = open_target({"siren": "123 456 789", "company_name": "Bo"}).check()
    assert (company.name, company.currency, company.time_zone) == ("Bo", "EUR", "Europe/Paris")


def test_our_own_reader_reads_it_too() -> None:
    ((_, files),) = papers_of(target_of()).documents(a_taxed_bill(CHART), a_journal(CHART))
    found = read_fec(rows_in(files))
    assert found.notes == ()
    assert [party.number for party in found.parties] == ["V100"]
    assert [len(entry.lines) for entry in found.entries] == [3, 2]


def test_both_readers_read_the_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("../shared/formats/samples is not here: samples are not read")
    content = (SAMPLES / "123456789FEC20261231.txt").read_bytes()
    theirs = read(content, encoding="iso8859-15")
    ours = read_fec(content)
    assert [len(entry.rows) for entry in theirs] == [len(entry.lines) for entry in ours.entries] == [3, 2, 3, 2]
    assert not any("balance" in note for note in ours.notes)


def test_the_reader_prints_counts_and_sums_or_what_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ((_, files),) = papers_of(target_of()).documents(a_taxed_journal(CHART))
    path = tmp_path / "123456789FEC20261231.txt"
    path.write_bytes(rows_in(files))
    assert main([str(path)]) == 0
    assert "1 entries, 3 rows, debit 99.00, credit -99.00" in capsys.readouterr().out
    path.write_bytes(rows_in(files).replace(b"79,20", b"79,21"))
    assert main([str(path)]) == 1
    assert "does not balance" in capsys.readouterr().out
    with pytest.raises(Broken, match="columns"):
        read(rows_in(files).replace(b"79,20", b"79\t20"))


AMOUNTS = st.integers(-(10**9), 10**9).map(lambda minor: Decimal(minor).scaleb(-2))
TEXTS = st.text(max_size=40)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    amounts = draw(st.lists(AMOUNTS, min_size=1, max_size=4))
    lines = [EntryLine(account="606400", amount=amount, role="expense", text=draw(TEXTS)) for amount in amounts]
    total = -sum(amounts, Decimal(0))
    lines.append(EntryLine(account="401000", amount=total, role="payable", vendor="V100"))
    given = {
        "reference": Reference(str(draw(st.uuids()))),
        "date": date(2026, 1, 1) + timedelta(days=draw(st.integers(0, 364))),
        "currency": draw(st.sampled_from(["DKK", "DKK", "EUR"])),
        "lines": tuple(lines),
        "fingerprint": "0" * 32,
        "payee": draw(TEXTS),
        "text": draw(TEXTS),
        "vendor": "V100",
    }
    if draw(st.booleans()):
        return Bill(**given, number=draw(TEXTS), document_date=date(2026, 1, 1))
    return JournalEntry(**given)


REFUSED = {"document_currency", "amount_zero", "document_letters"}


@given(st.lists(entries(), min_size=1, max_size=6, unique_by=lambda entry: entry.reference))
def test_any_entries_read_back_or_are_refused(some: list[Entry]) -> None:
    papers = papers_of(target_of(numbering="reference"))
    assert {code for entry in some for code in papers.refusals(entry)} <= REFUSED
    good = [entry for entry in some if not papers.refusals(entry)]
    expected = {entry.reference: (entry.date, line_sums(entry)) for entry in good}
    found = {read.number: (read.date, dict(read.amounts)) for read in papers.read_back(*good)} if good else {}
    assert found == expected
