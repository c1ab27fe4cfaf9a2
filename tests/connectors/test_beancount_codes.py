"""Codes are texts: what exists unquoted in a ledger keeps its zeros, or is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontobro.core.errors import Misconfigured
from kontobro.core.model.masterdata import Account, DimensionValue, Vendor
from kontobro.erp.beancount.connector import BeancountConnector

LEDGER = Path(__file__).parents[1] / "export" / "ledgers" / "leading-zeros.beancount"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "main.beancount"
    path.write_text(LEDGER.read_text())
    return path


def test_digits_are_read_as_they_are_written(ledger: Path) -> None:
    connector = BeancountConnector(ledger)
    codes = {account.id: account.code for account in connector.read(Account)}
    assert [codes[f"Expenses:{name}"] for name in ("Maschinen", "EDV", "Kassel")] == ["0210", "0420", "420"]
    assert [(value.code, value.name) for value in connector.read(DimensionValue)] == [
        ("0100", "Vertrieb"),
        ("100", "Einkauf"),
    ]
    (vendor,) = connector.read(Vendor)
    assert (vendor.id, vendor.code, vendor.number, vendor.registration_number) == (
        "070012",
        "070012",
        "0012",
        "0801234567",
    )


def test_a_remark_or_a_comment_in_between_changes_nothing(ledger: Path) -> None:
    lines = '  note: "two\n  code: 7"\n  code:   0420   ; with 2 zeros: 00420'
    ledger.write_text(ledger.read_text().replace("  code: 0420", lines))
    assert "0420" in {account.code for account in BeancountConnector(ledger).read(Account)}


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("1,000", "1,000"),
        ("04.20", "04.20"),
        ("0420 + 1", "0420"),
        ("-420", "-420"),
        ("TRUE", "True"),
        ("10 DKK", "10 DKK"),
        ("2020-01-01", "2020-01-01"),
    ],
)
def test_what_is_not_digits_alone_is_refused_with_its_line(ledger: Path, written: str, seen: str) -> None:
    text = ledger.read_text().replace("code: 0420", f"code: {written}")
    ledger.write_text(text)
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "Expenses:EDV" in line)
    with pytest.raises(Misconfigured, match=rf"main\.beancount:{line}: code") as fault:
        BeancountConnector(ledger).check()
    assert fault.value.remedy == f'Quote it: "{seen}".'
