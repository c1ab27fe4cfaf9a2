"""SIE 4E as accounting programs export it, read for master data and tie-out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.errors import Misconfigured
from kontobro.erp.files.common.sie_reader import SieDimension, SieObject, SieYear, read_sie

EXPORT = """\
#FLAGGA 0
#PROGRAM "Bokslut" 3.1
#FORMAT PC8
#GEN 20261128
#SIETYP 4
#ORGNR 556677-8899
#FNAMN "Åkes Möbler & \\"Sön\\" AB"
#RAR 0 20260701 20270630
#RAR -1 20250701 20260630
#RAR -2
#KPTYP BAS95
#KONTO 1930 "Bank é"
#KTYP 1930 T
#SRU 1930 7281
#KONTO\t6110\tKontorsmateriel
#KTYP 6110 k
#DIM 1 "Resultatenhet"
#UNDERDIM 21 "Butik" 1
#OBJEKT 1 100 "Väst"
#OBJEKT 9 70001 "Tryckeriet"
#OBJEKT 30 A ""
#IB 0 1930 1000.00
#UNKNOWN 1 2 {3} 4

#VER A 17 20261103 "Pennor" 20261104 "me"
{
#TRANS 6110 {1 100 21 "B 2"} 80 20261102 "Röda" 3 "me"
#BTRANS 6110 {} 99.00
#RTRANS 1930 {} -80.00
#TRANS 1930 {} -80.00
}
#VER "" "" 20261105
{
#TRANS 1930 {} 1.5
#TRANS 6110 {} -1.25
}
"""


def lines_of(text: str, encoding: str = "cp437", end: str = "\r\n") -> bytes:
    return text.replace("\n", end).encode(encoding)


def test_accounts_dimensions_objects_and_years() -> None:
    found = read_sie(lines_of(EXPORT))
    assert (found.company, found.organisation_number, found.currency) == (
        'Åkes Möbler & "Sön" AB',
        "556677-8899",
        "SEK",
    )
    assert found.years == (
        SieYear(0, date(2026, 7, 1), date(2027, 6, 30)),
        SieYear(-1, date(2025, 7, 1), date(2026, 6, 30)),
    )
    assert [(one.number, one.name, one.kind) for one in found.accounts] == [
        ("1930", "Bank é", "T"),
        ("6110", "Kontorsmateriel", "K"),
    ]
    assert found.dimensions == (
        SieDimension(1, "Resultatenhet"),
        SieDimension(9, "Leverantör"),
        SieDimension(21, "Butik", 1),
        SieDimension(30, "30"),
    )
    assert found.objects == (
        SieObject(1, "100", "Väst"),
        SieObject(9, "70001", "Tryckeriet"),
        SieObject(30, "A", "A"),
    )


def test_vouchers_hold_what_counts_and_say_what_does_not_balance() -> None:
    found = read_sie(lines_of(EXPORT, end="\n"))
    first, second = found.vouchers
    assert (first.series, first.number, first.date, first.text) == ("A", "17", date(2026, 11, 3), "Pennor")
    assert [(line.account, line.amount) for line in first.lines] == [("6110", Decimal(80)), ("1930", Decimal(-80))]
    assert first.lines[0].objects == ((1, "100"), (21, "B 2"))
    assert (first.lines[0].date, first.lines[0].text) == (date(2026, 11, 2), "Röda")
    assert (second.series, second.number) == ("", "")
    assert found.notes == ("Voucher 2026-11-05 (line 32) does not balance: its lines sum to 0.25.",)
    assert read_sie(lines_of(EXPORT), vouchers=False).vouchers == ()


@pytest.mark.parametrize(("encoding", "name"), [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252")])
def test_another_encoding_than_pc8_is_recognised_by_its_letters(encoding: str, name: str) -> None:
    found = read_sie(lines_of(EXPORT, encoding))
    assert found.company == 'Åkes Möbler & "Sön" AB'
    assert found.notes[0] == f"The file is in {name}, where SIE asks for PC8 (CP437): it was read as {name}."


def test_a_currency_of_its_own_and_the_mark_of_an_old_end_of_file() -> None:
    found = read_sie(lines_of(EXPORT.replace("#KPTYP", "#VALUTA eur\n#KPTYP")) + b"\x1a")
    assert found.currency == "EUR"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"Konto;Namn\n1930;Bank\n", 'line 1: "Konto;Namn" is no record'),
        (b"#KONTO 1930 Bank\n#FLAGGA 0\n", "its first record is not #FLAGGA"),
        (b'<?xml version="1.0"?><Sie/>', "it is XML (SIE 5)"),
        (b"\xef\xbb\xbf<Sie/>", "it is XML (SIE 5)"),
        (b"#FLAGGA 0\n#FNAMN " + "Åö".encode("cp437") + "Åö".encode("cp1252"), "letters are of two encodings"),
        (b'#FLAGGA 0\n#FNAMN "Bank', "line 2: a quotation mark is not closed"),
        (b"#FLAGGA 0\n#FNAMN {{1}}", "line 2: a brace is not closed"),
        (b"#FLAGGA 0\n#VER A 1 20260101\n{\n#TRANS 1 {1 2 1.00\n}", "line 4: a brace is not closed"),
        (b"#FLAGGA 0\n#VER A 1 20260101\n{\n#TRANS 1 {1} 1.00\n}", "line 4: an object in the braces lacks"),
        (b"#FLAGGA 0\n#VER A 1 20260101\n{\n#TRANS 1 {} 1,00\n}", 'line 4: "1,00" is not an amount'),
        (b"#FLAGGA 0\n#VER A 1 20260101\n{\n#TRANS 1 {} 1e9\n}", 'line 4: "1e9" is not an amount'),
        (b"#FLAGGA 0\n#VER A 1 20260101\n{\n#TRANS x {} 1\n}", 'line 4: "x" is not an account number'),
        (b"#FLAGGA 0\n#VER A 1 20260231\n{\n#TRANS 1 {} 0\n}", 'line 2: "20260231" is not a day'),
        (b"#FLAGGA 0\n#VER A 1 20260101\n{\n#TRANS 1 {} 0\n", "line 2: the file ends inside this voucher"),
        (b"#FLAGGA 0\n#TRANS 1 {} 0\n", "line 2: #TRANS is not in a voucher's braces"),
        (b"#FLAGGA 0\n}\n", "line 2: a brace is not after #VER"),
        (b"#FLAGGA 0\n{\n", "line 2: a brace is not after #VER"),
        (b"#FLAGGA 0\n#RAR 0 20261231 20260101\n", "line 2: the year ends before it starts"),
        (b"#FLAGGA 0\n#DIM x y\n", 'line 2: "x" is not a dimension\'s number'),
        (b"#FLAGGA 0\n#OBJEKT 1\n", "line 2: the object has no number"),
        (b"#FLAGGA 0\n#KONTO 1 A\n#KONTO 1 B\n", 'line 3: #KONTO "1" is in the file twice, as "A" and "B"'),
        (b'#FLAGGA 0\n#OBJEKT 1 1 "A"\n#OBJEKT 1 1 B\n', 'line 3: #OBJEKT "1" is in the file twice'),
        (b"#FLAGGA 0\n#PROSA " + b"x" * 20_000, "line 2: it has more than 20,000 bytes"),
    ],
)
def test_what_is_damaged_is_refused_with_its_line(content: bytes, words: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read_sie(content)
    assert words in str(refused.value)
    assert refused.value.remedy


def fault_of(content: bytes) -> str:
    """What is said of a file; empty where it is read."""
    try:
        read_sie(content)
    except Misconfigured as refused:
        return str(refused)
    return ""


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert not (fault := fault_of(b"#FLAGGA 0\n" + content)) or "SIE" in fault


@given(st.lists(st.sampled_from(['"', "\\", "{", "}", " ", "a", '\\"', "#TRANS", "1"]), max_size=3_000))
def test_any_line_is_read_or_refused(parts: list[str]) -> None:
    fault = fault_of(b"#FLAGGA 0\n#FNAMN " + "".join(parts).encode())
    assert not fault or "line 2" in fault
