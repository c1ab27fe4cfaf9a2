"""SIE 4I: what is written is read back by a reader that shares no code with the writer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.errors import Misconfigured, Note, parted
from kontobro.core.model.journal import Entry, EntryLine, JournalEntry, Payment, Reference, line_sums
from kontobro.core.model.masterdata import (
    Account,
    Dimension,
    DimensionValue,
    Employee,
    Period,
    TaxCode,
    Vendor,
)
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.common.sie_reader import read_sie
from kontobro.erp.files.sie import CONNECTOR
from kontobro.erp.files.sie.options import options_from
from kontobro.erp.files.sie.target import SieTarget, open_target
from kontobro.testing.connector.entries import Chart, a_bill, a_journal, a_receipt, a_taxed_bill, a_taxed_journal
from kontobro.testing.document_contract import DocumentContract, Papers, ReadVoucher
from tests.erp.files.sie.reader import Broken, Sie, main, read

SAMPLES = Path(__file__).parents[5] / "shared" / "formats" / "samples"
CHART = Chart(
    expense="6110",
    input_tax="2641",
    payable="2440",
    output_tax="2614",
    wallets={"DKK": "1684", "EUR": "1685", "JPY": "1686", "KWD": "1687"},
    vendor="V100",
    dimensions=(("COST", "100"), ("PROJECT", "P1")),
    last_account="6999",
)
MASTERS = MasterFile(
    {
        Account: tuple(
            Account(number, number, name)
            for number, name in {
                "1684": "Pleo-kort",
                "1685": "Pleo EUR",
                "1686": "Pleo JPY",
                "1687": "Pleo KWD",
                "2440": "Leverantörsskulder",
                "2614": "Utgående moms omvänd",
                "2641": "Ingående moms",
                "2890": "Skulder till anställda",
                "6110": "Kontorsmateriel",
                "6999": 'Övriga "kostnader"',
            }.items()
        ),
        Dimension: (Dimension("COST", "COST", "Kostnadsställe"), Dimension("PROJECT", "PROJECT", "Projekt")),
        DimensionValue: (
            DimensionValue("100", "COST", "100", "Göteborg"),
            DimensionValue("P1", "PROJECT", "P1", "Sjöhäst"),
        ),
        Vendor: (Vendor(id="V100", code="V100", name="Tryckeriet i Łódź"),),
        Employee: (Employee("E1", "E1", "Åsa Öberg"),),
        TaxCode: (
            TaxCode("I25", "I25", "Ingående 25 %", Decimal("0.25"), "inclusive", "2641"),
            TaxCode("R25", "R25", "Omvänd 25 %", Decimal("0.25"), "reverse", "2641", "2614"),
        ),
    },
    extra={TaxCode: {"R25": {"sie_debit": "4535", "sie_credit": "4598"}}},
)
OPTIONS = {"company_name": "Åkes Möbler AB", "currency": "DKK", "dimensions": "COST = 1, PROJECT = 6"}


def target_of(masters: MasterFile = MASTERS, **options: str) -> SieTarget:
    given = {**OPTIONS, **options}
    CONNECTOR.require(given)
    return SieTarget(options_from(given), lambda: masters, given)


def papers_of(target: SieTarget) -> Papers:
    return Papers(target=target, read=vouchers_of, chart=CHART, again=target_of)


def files_of(target: SieTarget, *entries: Entry) -> list[Sie]:
    """The documents of entries, as the other reader has them."""
    return [sie_of(files) for _, files in papers_of(target).documents(*entries)]


def sie_of(files: Mapping[str, bytes]) -> Sie:
    (content,) = [content for name, content in files.items() if name.endswith(".si")]
    return read(content)


def vouchers_of(files: Mapping[str, bytes]) -> list[ReadVoucher]:
    file = sie_of(files)
    names = {1: "COST", 6: "PROJECT"}
    made = []
    for voucher in file.vouchers:
        sums: dict[str, Decimal] = {}
        dimensions: dict[tuple[str, str, str], Decimal] = {}
        for line in voucher.lines:
            if line.account not in {"4535", "4598"}:
                sums[line.account] = sums.get(line.account, Decimal(0)) + line.amount
            for number, value in line.objects:
                key = (line.account, names[number], value)
                dimensions[key] = dimensions.get(key, Decimal(0)) + line.amount
        made.append(
            ReadVoucher(
                date=voucher.day,
                amounts={account: amount for account, amount in sums.items() if amount},
                reference=voucher.text.rpartition(" ")[2],
                currency=file.currency,
                dimensions={key: amount for key, amount in dimensions.items() if amount},
            )
        )
    return made


class TestContract(DocumentContract):
    @pytest.fixture
    def papers(self) -> Papers:
        return papers_of(target_of())


def codes(target: SieTarget, entry: Entry) -> list[str]:
    (found,) = target.validate([entry])
    return [one.code for one in parted(found)[0]]


def test_a_file_has_what_the_standard_asks_for() -> None:
    (file,) = files_of(target_of(organisation_number="5566778899"), a_taxed_journal(CHART, payee="Åhléns"))
    assert file.company == "Åkes Möbler AB"
    assert file.year == (date(2026, 1, 1), date(2026, 12, 31))
    assert file.records["#ORGNR"] == [["556677-8899"]]
    assert file.records["#FLAGGA"] == [["0"]]
    assert file.records["#GEN"] == [["20261128", "Kontobro"]]
    assert file.accounts == {"1684": "Pleo-kort", "2641": "Ingående moms", "6110": "Kontorsmateriel"}
    assert file.dimensions == {1: "Kostnadsställe", 6: "Projekt"}
    assert file.objects == {(1, "100"): "Göteborg", (6, "P1"): "Sjöhäst"}
    (voucher,) = file.vouchers
    assert (voucher.series, voucher.number) == ("", "")
    assert voucher.lines[0].objects == [(1, "100"), (6, "P1")]
    assert "Åhléns" in voucher.text


def test_numbers_of_its_own_are_gapless_over_files() -> None:
    target = target_of(series="P", numbers="own")
    entries = [a_journal(CHART, currency=currency) for currency in ("DKK", "EUR", "DKK")]
    files = files_of(target, *entries)
    assert [(file.currency, [ver.number for ver in file.vouchers]) for file in files] == [
        ("DKK", ["1", "2"]),
        ("EUR", ["3"]),
    ]
    assert {ver.series for file in files for ver in file.vouchers} == {"P"}


def test_a_file_a_fiscal_year_and_by_option_a_month() -> None:
    days = [date(2026, 6, 30), date(2026, 7, 1), date(2026, 8, 1), date(2027, 6, 30)]
    entries = [a_journal(CHART, date=day) for day in days]
    years = files_of(target_of(fiscal_year_start="7"), *entries)
    assert [(file.year, len(file.vouchers)) for file in years] == [
        ((date(2025, 7, 1), date(2026, 6, 30)), 1),
        ((date(2026, 7, 1), date(2027, 6, 30)), 3),
    ]
    months = files_of(target_of(fiscal_year_start="7", one_file="month"), *entries)
    assert [len(file.vouchers) for file in months] == [1, 1, 1, 1]


def test_fiscal_years_of_the_master_data_come_first() -> None:
    first = Period("1", date(2026, 9, 1), date(2027, 12, 31), "open")
    masters = replace(MASTERS, records={**MASTERS.records, Period: (first,)})
    (file,) = files_of(target_of(masters, fiscal_year_start="7"), a_journal(CHART, date=date(2026, 10, 3)))
    assert file.year == (date(2026, 9, 1), date(2027, 12, 31))


def test_vendor_employee_and_invoice_as_objects() -> None:
    target = target_of(objects="vendor, invoice, employee")
    assert target.capabilities.bills
    assert not target_of().capabilities.bills
    bill = a_taxed_bill(CHART, number="4711")
    owed = replace(
        a_journal(CHART),
        lines=(
            EntryLine(account="6110", amount=Decimal(5), role="expense"),
            EntryLine(account="2890", amount=Decimal(-5), role="employee", employee="E1"),
        ),
    )
    (file,) = files_of(target, bill, owed)
    assert [line.objects for ver in file.vouchers for line in ver.lines] == [
        [(1, "100"), (6, "P1"), (9, "V100")],
        [],
        [(9, "V100"), (10, "4711")],
        [],
        [(7, "E1")],
    ]
    assert file.dimensions == {
        1: "Kostnadsställe",
        6: "Projekt",
        7: "Anställd",
        9: "Leverantör",
        10: "Faktura",
    }
    assert file.objects[7, "E1"] == "Åsa Öberg"
    assert file.objects[9, "V100"] == "Tryckeriet i Lódz"


def test_the_base_of_a_tax_code_on_two_accounts_of_its_own() -> None:
    """What may not be deducted is part of the expense, and not of the base."""
    lines = (
        EntryLine(account="6110", amount=Decimal("90.00"), role="expense", tax_code="R25", tax_amount=Decimal("20.00")),
        EntryLine(account="2641", amount=Decimal("10.00"), role="tax", tax_code="R25"),
        EntryLine(account="2614", amount=Decimal("-20.00"), role="reverse_tax", tax_code="R25"),
        EntryLine(account="1684", amount=Decimal("-80.00"), role="wallet"),
    )
    (file,) = files_of(target_of(), replace(a_journal(CHART), lines=lines))
    assert [(line.account, line.amount) for line in file.vouchers[0].lines[4:]] == [
        ("4535", Decimal("80.00")),
        ("4598", Decimal("-80.00")),
    ]


def test_the_checksum_is_the_standards() -> None:
    entry = a_taxed_journal(CHART, payee='Bo "Ö"', text="x")
    (_, files), *_ = papers_of(target_of(ksumma="yes")).documents(entry)
    (content,) = files.values()
    assert content.startswith(b"#FLAGGA 0\r\n#KSUMMA\r\n")
    assert len(read(content).records["#KSUMMA"]) == 2
    with pytest.raises(Broken, match="#KSUMMA"):
        read(content.replace(b"x ", b"y "))
    assert "#KSUMMA" not in files_of(target_of(), entry)[0].records


def test_letters_that_cp437_lacks_are_written_in_others_with_a_note() -> None:
    entry = a_journal(CHART, payee="Bjørn – 5 €", text="a\\b")
    (found,) = target_of().validate([entry])
    (note,) = found
    assert isinstance(note, Note)
    assert "Bjørn – 5 €" in note.message
    assert "Björn - 5 EUR: a/b" in note.message
    assert "Björn - 5 EUR: a/b" in files_of(target_of(), entry)[0].vouchers[0].text


def test_what_a_file_has_no_place_for_is_refused() -> None:
    target = target_of()
    entry = a_taxed_journal(CHART)
    expense, *rest = entry.lines
    other = (replace(expense, dimensions=(("REGION", "1"),)), *rest)
    assert codes(target_of(replace(MASTERS, records={})), replace(entry, lines=other)) == ["document_setting"]
    letters = (replace(expense, account="61A0"), *rest)
    assert codes(target_of(MasterFile({})), replace(entry, lines=letters)) == ["document_account"]
    assert codes(target, a_journal(CHART, "1.001")) == ["amount_invalid"]
    assert codes(target_of(other_currencies="refuse"), a_journal(CHART, currency="EUR")) == ["document_currency"]
    assert codes(target_of(text_length="60"), a_journal(CHART, text="x" * 60)) == ["text_too_long"]
    assert codes(target, replace(a_journal(CHART), journal="no such series")) == ["document_letters"]
    bill = a_bill(CHART, number="№ 17")
    assert codes(target, bill) == []
    assert codes(target_of(objects="invoice"), bill) == ["document_letters"]
    assert codes(target_of(objects="invoice"), a_bill(CHART, number="x" * 51)) == ["document_too_long"]


def test_a_part_of_a_dimension_needs_the_whole_beside_it() -> None:
    target = target_of(dimensions="COST = 1, PROJECT = 2")
    entry = a_taxed_journal(CHART)
    expense, *rest = entry.lines
    assert codes(target, entry) == []
    alone = (replace(expense, dimensions=(("PROJECT", "P1"),)), *rest)
    assert codes(target, replace(entry, lines=alone)) == ["document_setting"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"organisation_number": "12-34"}, "556677-8899"),
        ({"series": "Ä B"}, "letters from A to Z"),
        ({"numbers": "own"}, "Give the series"),
        ({"dimensions": "COST"}, "code = number"),
        ({"dimensions": "COST = 1, PROJECT = 1"}, "a number of its own"),
        ({"dimensions": "COST = 9, PROJECT = 6", "objects": "vendor"}, "two dimensions have the SIE number 9"),
        ({"objects": "customer"}, "Objects are"),
        ({"fiscal_year_start": "13"}, "from 1 to 12"),
        ({"text_length": "5"}, "from 20 to"),
        ({"ksumma": "maybe"}, "not one of its values"),
        ({"company_name": " "}, "company's name is missing"),
    ],
)
def test_wrong_options_are_named(options: dict[str, str], words: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        target_of(**options).check()
    assert words in str(refused.value)


def test_it_opens_with_options_alone_and_with_a_file(tmp_path: Path) -> None:
    company = open_target({"company_name": "Åkes"}).check()
    assert (company.name, company.currency, company.time_zone) == ("Åkes", "SEK", "Europe/Stockholm")
    masters = tmp_path / "masters.toml"
    masters.write_text('company = {name = "Bo", currency = "SEK"}\n[[accounts]]\ncode = "1930"\nname = "Bank"\n')
    target = open_target({"masters": str(masters)})
    assert target.check().name == "Bo"
    assert [account.id for account in target.read(Account)] == ["1930"]


def test_receipts_are_in_a_folder_of_the_document() -> None:
    ((_, files),) = papers_of(target_of()).documents(a_journal(CHART), receipts=[a_receipt()])
    rows, receipt = files
    assert rows == "pleo-0001-20261003-20261003-DKK.si"
    assert receipt.startswith("pleo-0001-20261003-20261003-DKK/00001-")


def test_our_own_reader_of_4e_reads_it_too() -> None:
    ((_, files),) = papers_of(target_of()).documents(a_taxed_journal(CHART, payee="Åhléns"))
    (content,) = files.values()
    found = read_sie(content)
    assert found.notes == ()
    assert found.company == "Åkes Möbler AB"
    assert {object.number for object in found.objects} == {"100", "P1"}


def test_the_reader_prints_counts_and_sums_or_what_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ((_, files),) = papers_of(target_of()).documents(a_taxed_journal(CHART))
    (content,) = files.values()
    good, bad = tmp_path / "good.si", tmp_path / "bad.si"
    good.write_bytes(content)
    bad.write_bytes(content.replace(b" 79.20", b" 79.21"))
    assert main([str(good)]) == 0
    assert "1 vouchers, 3 lines, debit 99.00, credit -99.00" in capsys.readouterr().out
    assert main([str(bad)]) == 1
    assert "does not sum to zero" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["pleo_sample.si", "pleo_sample_ksumma.si"])
def test_both_readers_read_the_samples(name: str) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("../shared/formats/samples is not here: samples are not read")
    content = (SAMPLES / name).read_bytes()
    theirs, ours = read(content), read_sie(content)
    assert len(theirs.vouchers) == len(ours.vouchers) == 3
    assert [line.amount for ver in theirs.vouchers for line in ver.lines] == [
        line.amount for ver in ours.vouchers for line in ver.lines
    ]


AMOUNTS = st.integers(-(10**12), 10**12).map(lambda minor: Decimal(minor).scaleb(-2))
TEXTS = st.text(max_size=40)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    amounts = draw(st.lists(AMOUNTS, min_size=1, max_size=4))
    dimensions = st.sampled_from([(), (("COST", "100"),), (("COST", "100"), ("PROJECT", "P1"))])
    lines = [
        EntryLine(account="6110", amount=amount, role="expense", text=draw(TEXTS), dimensions=draw(dimensions))
        for amount in amounts
    ]
    lines.append(EntryLine(account="1684", amount=-sum(amounts, Decimal(0)), role="wallet"))
    kind = draw(st.sampled_from([JournalEntry, Payment]))
    return kind(
        reference=Reference(str(draw(st.uuids()))),
        date=date(2026, 1, 1) + timedelta(days=draw(st.integers(0, 364))),
        currency=draw(st.sampled_from(["DKK", "EUR", "SEK"])),
        lines=tuple(lines),
        fingerprint="0" * 32,
        payee=draw(TEXTS),
        text=draw(TEXTS),
    )


@given(st.lists(entries(), min_size=1, max_size=6, unique_by=lambda entry: entry.reference))
def test_any_entries_read_back_or_are_refused(some: list[Entry]) -> None:
    papers = papers_of(target_of(ksumma="yes"))
    good = [entry for entry in some if not papers.refusals(entry)]
    assert len(good) == len(some), "nothing here is beyond the format"
    expected = {entry.reference: (entry.date, entry.currency, line_sums(entry)) for entry in good}
    found = {read.reference: (read.date, read.currency, dict(read.amounts)) for read in papers.read_back(*good)}
    assert found == expected
