"""A FEC read for master data and tie-out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.errors import Misconfigured
from kontobro.erp.files.common.fec_reader import FecAccount, FecJournal, FecParty, read_fec

HEAD = "JournalCode JournalLib EcritureNum EcritureDate CompteNum CompteLib CompAuxNum CompAuxLib PieceRef PieceDate"
HEAD += " EcritureLib Debit Credit EcritureLet DateLet ValidDate Montantdevise Idevise"


def line_of(*values: str) -> str:
    return "\t".join([*values, *[""] * (18 - len(values))])


def fec(*lines: str, head: str = HEAD.replace(" ", "\t"), encoding: str = "utf-8") -> bytes:
    return "\r\n".join([head, *lines, ""]).encode(encoding)


LINES = (
    line_of(
        "ACH", "Achats", "1", "20261107", "606300", "Équipement", "", "", "F1", "20261107", "Facture", "100,00", "0,00"
    ),
    line_of("ACH", "Achats", "1", "20261107", "401000", "Fournisseurs", "F7", "Müller", "F1", "", "x", "", "100,00"),
    line_of("PLE", "Pleo", "1", "2026-11-20", "401000", "Fournisseur", "F7", "Müller", "F1", "", "x", "100.50", "0"),
    line_of("PLE", "Pleo", "1", "20/11/2026", "517000", "Pleo €", "", "", "F1", "", "x", "0", "100,50-"),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso8859-15"])
def test_accounts_parties_journals_and_entries(encoding: str) -> None:
    found = read_fec(fec(*LINES, encoding=encoding))
    assert found.accounts == (
        FecAccount("606300", "Équipement"),
        FecAccount("401000", "Fournisseurs"),
        FecAccount("517000", "Pleo €"),
    )
    assert found.parties == (FecParty("F7", "Müller", "401000"),)
    assert found.journals == (FecJournal("ACH", "Achats"), FecJournal("PLE", "Pleo"))
    assert [(entry.journal, entry.number, len(entry.lines)) for entry in found.entries] == [
        ("ACH", "1", 2),
        ("PLE", "1", 2),
    ]
    assert [line.amount for entry in found.entries for line in entry.lines] == [
        Decimal("100.00"),
        Decimal("-100.00"),
        Decimal("100.50"),
        Decimal("100.50"),
    ]
    assert (found.first, found.last) == (date(2026, 11, 7), date(2026, 11, 20))
    assert found.notes == (
        'Account 401000 has several names; "Fournisseurs" was taken.',
        "Entry PLE 1 does not balance: 201.00.",
    )
    assert read_fec(fec(*LINES), entries=False).entries == ()


def test_pipes_and_an_amount_with_its_side() -> None:
    head = HEAD.replace("Debit Credit", "Montant Sens").replace(" ", "|")
    lines = [line_of(*"A|J|1|20260101|606|x||||".split("|"), "t", "5,00", side).replace("\t", "|") for side in "DC"]
    assert [line.amount for line in read_fec(fec(*lines, head=head)).entries[0].lines] == [Decimal(5), Decimal(-5)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"JournalCode;EcritureNum\n", "its first line has no column JournalCode, EcritureNum"),
        (fec(head=HEAD.replace(" ", "\t").replace("Credit", "Sens")), "no column Debit and Credit"),
        (fec(head=HEAD.replace(" ", "\t") + "\tDebit"), "the column debit twice"),
        (fec("a\tb"), "line 2: it has 2 columns, and the first line 18"),
        (fec(line_of("A", "", "1", "20260231", "606", "x")), 'EcritureDate "20260231" is not a day'),
        (fec(line_of("A", "", "1", "soon", "606", "x")), 'EcritureDate "soon" is not a day'),
        (fec(line_of("A", "", "1", "20260201", "", "x")), 'CompteNum "" is not an account number'),
        (fec(line_of(*"A||1|20260201|606|x|||||t|1 000,00".split("|"))), 'Debit "1 000,00" is not an amount'),
        (fec("x" * 20_001), "line 2: it has more than 20,000 bytes"),
    ],
)
def test_what_is_damaged_is_refused_with_line_and_column(content: bytes, words: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read_fec(content)
    assert words in str(refused.value)
    assert refused.value.remedy


def fault_of(content: bytes) -> str:
    try:
        read_fec(content)
    except Misconfigured as refused:
        return str(refused)
    return ""


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert not (fault := fault_of(fec() + content)) or "FEC" in fault
