"""The files themselves: header, new vendors, receipts, and what strangers' programs read in them."""

from __future__ import annotations

import datetime as dt
import io
import os
import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree
from mloda.community.feature_groups.experimental.german_ledger import datev as judge

from kontobro.core.errors import Misconfigured, Note
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Entry, line_sums, summed
from kontobro.core.model.masterdata import Account, Vendor
from kontobro.core.ports import ReceiptFile, Voucher
from kontobro.erp.files.datev import CONNECTOR
from kontobro.erp.files.datev.package import guid_of, package_content, packages
from kontobro.erp.files.datev.vendors import vat_number
from kontobro.testing.connector.entries import (
    a_bill,
    a_journal,
    a_payment,
    a_receipt,
    a_reverse_journal,
    a_taxed_bill,
    a_taxed_journal,
)
from kontobro.testing.document.papers import Files, KeptVouchers
from tests.erp.files.datev.company import CHART, OPTIONS, a_target, masters_file, some_papers
from tests.erp.files.datev.reader import fields_of, of_kind

NEW = replace(CHART, vendor="70002", payable="70002")


def batch(files: Files) -> bytes:
    (content,) = of_kind(files, "EXTF_Buchungsstapel")
    return content


def the_files(folder: Path, *entries: Entry, receipts: tuple[Receipt, ...] = (), **options: str) -> Files:
    ((_, files),) = some_papers(folder, **options).documents(*entries, receipts=receipts)
    return files


# ------------------------------------------------------------------------------------------------ the batch


def test_the_header_is_the_samples_but_for_its_facts(tmp_path: Path) -> None:
    files = the_files(tmp_path, a_journal(CHART, currency="EUR"), currency="EUR")
    assert list(files) == ["EXTF_Buchungsstapel_2026-10_00001.csv"]
    line, headings, *_ = batch(files).decode("cp1252").split("\r\n")
    assert line == (
        '"EXTF";700;21;"Buchungsstapel";13;20261128143015000;;"RE";"";"";29098;55003;20260101;4;20261001;20261031;'
        '"Pleo 2026-10 #1";"";1;0;0;"EUR";;"";;;"04";;;"";""'
    )
    assert headings.startswith("Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Kurs;Basis-Umsatz;")
    assert headings.split(";")[124] == "Abw. Skontokonto"


def test_headings_are_those_of_the_samples(tmp_path: Path, shared: Path) -> None:
    samples = shared / "formats" / "samples"
    files = the_files(tmp_path, a_bill(NEW))
    for name, content in zip(("Buchungsstapel", "Kreditoren"), files.values(), strict=True):
        expected = (samples / f"EXTF_{name}_sample.csv").read_bytes().split(b"\r\n")[1]
        found = content.split(b"\r\n")[1]
        assert found.replace(b";Buchungstyp (Anzahlungen);", b";Buchungstyp;") == expected


def test_a_month_is_a_batch_and_has_its_fiscal_year(tmp_path: Path) -> None:
    entries = [a_journal(CHART, date=dt.date(2026, month, 30)) for month in (6, 7, 12)]
    entries.append(a_journal(CHART, date=dt.date(2027, 2, 28)))
    documents = some_papers(tmp_path, fiscal_year_start="7").documents(*entries)
    headers = [fields_of(batch(files))[0] for _, files in documents]
    assert [header[12:16] for header in headers] == [
        ["20250701", "4", "20260601", "20260630"],
        ["20260701", "4", "20260701", "20260731"],
        ["20260701", "4", "20261201", "20261231"],
        ["20260701", "4", "20270201", "20270228"],
    ]


def test_it_is_a_draft_unless_someone_asks_for_the_lock(tmp_path: Path) -> None:
    for lock in ("no", "yes"):
        header, ((*row,),) = fields_of(batch(the_files(tmp_path, a_journal(CHART), lock=lock)))
        assert (header[20], row[113]) == (("0", "0") if lock == "no" else ("1", "1"))


def test_mloda_reads_the_same_amounts(tmp_path: Path) -> None:
    """A stranger's reader: both legs of each row, gross where there is a key."""
    entries = [
        a_journal(CHART, "12.30", "EUR"),
        a_taxed_journal(CHART, currency="EUR", payee="Müller & Söhne"),
        a_bill(CHART, currency="EUR", number="RE-1"),
        a_taxed_bill(CHART, currency="EUR", credit_note=True),
        a_payment(CHART, None, currency="EUR"),
    ]
    for tax in ("keys", "lines"):
        files = the_files(tmp_path, *entries, currency="EUR", tax=tax)
        path = tmp_path / "EXTF_judged.csv"
        path.write_bytes(batch(files))
        header, legs = judge.read_batch(path)
        found = summed(zip(legs["Konto"], legs["Betrag"], strict=True))
        assert (header.berater, header.mandant, header.festschreibung) == ("29098", "55003", False)
        assert sum(legs["Betrag"]) == 0
        expected = summed(pair for entry in entries for pair in line_sums(entry).items())
        if tax == "keys":  # the tax is in the expense: 19.80 and -19.80 cancel out here, the bill's other side too
            assert expected.get("1406", Decimal(0)) == 0
        assert found == expected


def test_reverse_charge_is_read_as_the_net_by_mloda(tmp_path: Path) -> None:
    entry = a_reverse_journal(CHART)
    lines = tuple(replace(line, account="1811") if line.role == "wallet" else line for line in entry.lines)
    path = tmp_path / "EXTF_judged.csv"
    path.write_bytes(batch(the_files(tmp_path, replace(entry, currency="EUR", lines=lines), currency="EUR")))
    _, legs = judge.read_batch(path)
    assert summed(zip(legs["Konto"], legs["Betrag"], strict=True)) == {"6815": Decimal(80), "1811": Decimal(-80)}
    assert set(legs["BU-Schlüssel"]) == {"94"}


# --------------------------------------------------------------------------------------------- new vendors


def test_a_new_vendor_is_written_once(tmp_path: Path) -> None:
    papers = some_papers(tmp_path)
    entries = [a_bill(NEW), a_bill(NEW), a_bill(CHART), a_bill(NEW, date=dt.date(2026, 11, 3))]
    first, second = [files for _, files in papers.documents(*entries)]
    assert list(first) == ["EXTF_Buchungsstapel_2026-10_00001.csv", "EXTF_Kreditoren_2026-10_00001.csv"]
    header, rows = fields_of(first["EXTF_Kreditoren_2026-10_00001.csv"], columns=254)
    assert header[2:5] == ["16", "Debitoren/Kreditoren", "5"]
    assert header[12:16] == ["20260101", "4", "", ""]
    assert [(row[0], row[1], row[6], row[8], row[9], row[19]) for row in rows] == [
        ("70002", "Lódz Papier", "2", "PL", "5252445767", "PL")
    ]
    assert list(second) == ["EXTF_Buchungsstapel_2026-11_00002.csv"]


def test_a_vendor_of_that_number_is_booked_on_it(tmp_path: Path) -> None:
    target = a_target(tmp_path)
    assert {vendor.id: vendor.account for vendor in target.read(Vendor)} == {"V100": "70001", "70002": "70002"}
    assert {"70001", "70002"} <= {account.id for account in target.read(Account)}


def test_a_new_vendors_name_is_kept_or_refused(tmp_path: Path) -> None:
    more = f'\n[[vendors]]\ncode = "70003"\nname = "{"x" * 51}"\nnew = "yes"\n'
    bill = a_bill(replace(CHART, vendor="70003", payable="70003"))
    (found,) = a_target(tmp_path, more=more).validate([bill])
    assert [one.code for one in found if not isinstance(one, Note)] == ["document_too_long"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("DE 123 456 789", ("DE", "123456789")),
        ("ATU12345678", ("AT", "U12345678")),
        ("GB123456789", ("", "")),
        ("123/456/78901", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_vat_number_is_without_its_country(text: str, parts: tuple[str, str]) -> None:
    assert vat_number(text) == parts


# ------------------------------------------------------------------------------------------------ receipts


def package(files: Files) -> zipfile.ZipFile:
    (content,) = of_kind(files, "Belege")
    return zipfile.ZipFile(io.BytesIO(content))


def test_receipts_are_a_flat_package_that_the_rows_link(tmp_path: Path) -> None:
    receipts = (a_receipt(), a_receipt(b"\x89PNG" + bytes(3_000_000), "image/png"))
    files = the_files(tmp_path, a_taxed_journal(CHART), a_journal(CHART), receipts=receipts)
    found = package(files)
    assert found.testzip() is None
    names = found.namelist()
    assert names[0] == "document.xml"
    assert [found.read(name) for name in names[1:]] == [receipt.content for receipt in receipts]
    assert all(name.isascii() and "/" not in name and "\\" not in name for name in names)
    assert {entry.date_time for entry in found.infolist()} == {(2026, 11, 28, 14, 30, 14)}  # a ZIP has even seconds
    assert not any(entry.flag_bits & 8 for entry in found.infolist()), "sizes are only behind the files"
    _, rows = fields_of(batch(files))
    document = found.read("document.xml").decode()
    linked = {row[19] for row in rows if row[19]}
    (guid,) = {link.removeprefix('BEDI "').removesuffix('"') for link in linked}
    assert f'guid="{guid}"' in document
    assert document.count("<extension ") == 2
    assert [bool(row[19]) for row in rows] == [True, False]


def test_document_xml_is_what_datevs_schema_takes(tmp_path: Path) -> None:
    """Version 5 has a schema that can be had; version 6 is the same but for its numbers."""
    schema = schema_of_version_5()
    for version in ("05.0", "06.0"):
        files = the_files(tmp_path, a_journal(CHART), receipts=(a_receipt(),), receipts_version=version)
        document = package(files).read("document.xml")
        if version == "06.0":
            assert b"document/v06.0 Document_v060.xsd" in document
            document = document.replace(b"v06.0", b"v05.0").replace(b"v060", b"v050").replace(b'"6.0"', b'"5.0"')
        schema.assertValid(etree.fromstring(document))


def schema_of_version_5() -> etree.XMLSchema:
    folder = os.environ.get("KONTOBRO_DATEV_XSD")
    if not folder:
        pytest.skip(
            "DATEV's schemas are missing: unpack the wheel odoo-addon-datev-export-xml and set KONTOBRO_DATEV_XSD "
            "to its folder xsd_files"
        )
    return etree.XMLSchema(etree.parse(str(Path(folder) / "Document_v050.xsd")))


def test_packages_are_split_between_entries() -> None:
    vouchers = [voucher(number, receipts) for number, receipts in enumerate((1, 0, 2, 1, 1, 0), 1)]
    spans = packages(vouchers, most_documents=2)
    assert [(span.start, span.end) for span in spans] == [(0, 3), (3, 5)]
    spans = packages(vouchers, most=25)
    assert [(span.start, span.end) for span in spans] == [(0, 1), (2, 3), (3, 5)]
    assert packages([voucher(1, 0)]) == []


def test_a_package_holds_one_receipt_at_a_time(tmp_path: Path) -> None:
    """Each receipt is read only when the pieces before it were taken."""
    read: list[int] = []

    def file(number: int) -> ReceiptFile:
        def content() -> bytes:
            read.append(number)
            return bytes(2_500_000)

        return ReceiptFile(
            name=f"{number}.pdf", original="", media_type="application/pdf", sha256="0", size=2_500_000, read=content
        )

    vouchers = KeptVouchers([replace(voucher(n, 0), receipts=(file(n),)) for n in range(1, 4)])
    ((head, _),) = list(some_papers(tmp_path).sorted([a_journal(CHART)]))
    (span,) = packages(vouchers)
    sizes = []
    for piece in package_content(head, vouchers, span, "06.0"):
        assert len(read) <= sum(sizes) // 2_500_000 + 1
        sizes.append(len(piece))
    assert read == [1, 2, 3]
    assert max(sizes) <= 1024 * 1024


def voucher(number: int, receipts: int) -> Voucher:
    entry = replace(a_journal(CHART), reference=f"entry-{number}")  # type: ignore[arg-type]
    files = tuple(
        ReceiptFile(
            name=f"{number}-{n}.pdf", original="", media_type="application/pdf", sha256=f"{n}", size=10, read=bytes
        )
        for n in range(receipts)
    )
    return Voucher(entry=entry, series="P", year="2026", number=number, receipts=files)


def test_a_guid_follows_from_reference_and_content() -> None:
    assert guid_of(voucher(1, 2)) == guid_of(voucher(1, 2))
    assert len({guid_of(voucher(1, 1)), guid_of(voucher(1, 2)), guid_of(voucher(2, 1))}) == 3


# ------------------------------------------------------------------------------------------ wrong options


WRONG = [
    ({"consultant": "12"}, "consultant number"),
    ({"consultant": "29098x"}, "consultant number"),
    ({"client": "0"}, "client number"),
    ({"client": "100000"}, "client number"),
    ({"account_length": "9"}, "length of account numbers"),
    ({"fiscal_year_start": "13"}, "fiscal_year_start"),
    ({"chart": "SKR04"}, "chart of accounts"),
    ({"kost_length": "37"}, "cost centres"),
    ({"kost1": "TEAM"}, "kost1"),
    ({"kost2": "COST"}, "kost1"),
    ({"clearing_account": "9999"}, "clearing account"),
    ({"rates": "USD=0"}, "exchange rate"),
    ({"rates": "USD=1.12345678"}, "exchange rate"),
    ({"rates": "USD=NaN"}, "exchange rate"),
    ({"rates": "dollar=1.1"}, "exchange rate"),
]


@pytest.mark.parametrize(("options", "said"), WRONG)
def test_a_wrong_option_is_one_clear_message(tmp_path: Path, options: dict[str, str], said: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        a_target(tmp_path, **options).check()
    assert said in str(wrong.value)
    assert wrong.value.job_failure == "invalid_configuration"


COLUMNS = [
    ('[[tax_codes]]\ncode = "X"\nname = "X"\nrate = 0.19\ntype = "inclusive"\ndatev_key = "Vst"\n', "datev_key"),
    ('[[tax_codes]]\ncode = "X"\nname = "X"\nrate = 0.19\ntype = "inclusive"\ndatev_sachverhalt = "1"\n', "datev_key"),
    ('[[accounts]]\ncode = "6001"\nname = "X"\nautomatic = "I99"\n', "automatic"),
]


@pytest.mark.parametrize(("more", "said"), COLUMNS)
def test_a_wrong_column_is_one_clear_message(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        a_target(tmp_path, more=f"\n{more}").check()


def test_its_options_are_those_that_it_declares(tmp_path: Path) -> None:
    CONNECTOR.require({**OPTIONS, "masters": str(masters_file(tmp_path))})
    with pytest.raises(Misconfigured, match=r"\(`consultant`\) is missing"):
        CONNECTOR.require({"masters": "x"})
    assert CONNECTOR.documents


def test_its_company_is_german_where_nothing_else_is_said(tmp_path: Path) -> None:
    company = a_target(tmp_path, currency="EUR").check()
    assert (company.name, company.currency, company.time_zone, company.country) == (
        "Müller & Söhne GmbH",
        "EUR",
        "Europe/Berlin",
        "DE",
    )
