"""What a ledger says about its company, and what is said when it can't be read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader

from kontobro.core.errors import Misconfigured, Problem, Unreachable
from kontobro.core.model.journal import Booking
from kontobro.core.model.masterdata import Account, DimensionValue, Period, TaxCode, Vendor
from kontobro.erp.beancount.connector import BeancountConnector
from kontobro.erp.beancount.load.ledger import is_larger
from kontobro.erp.beancount.load.masters import load
from kontobro.erp.beancount.load.reload import load_apart
from kontobro.testing.connector.entries import Chart, a_journal

CHART = Chart()


@pytest.fixture
def connector(ledger) -> BeancountConnector:
    return BeancountConnector(ledger)


def booked(connector, *entries) -> list[Booking]:
    answers = list(connector.post(connector.book(entries)))
    assert all(isinstance(answer, Booking) for answer in answers), answers
    return answers


def test_the_company_and_its_masters_are_read_from_directives(connector):
    company = connector.check()
    assert (company.id, company.currency, company.time_zone) == ("fjordbro", "DKK", "Europe/Copenhagen")
    accounts = {account.id: account for account in connector.read(Account)}
    assert (accounts["Expenses:Office"].code, accounts["Expenses:Office"].name) == ("4000", "Office supplies")
    assert accounts["Assets:Pleo:DKK"].currencies == ("DKK",)
    assert (accounts["Expenses:Old"].opened, accounts["Expenses:Old"].closed) == (date(2020, 1, 1), date(2025, 1, 1))
    reverse = next(code for code in connector.read(TaxCode) if code.id == "R25")
    assert (reverse.rate, reverse.type, reverse.outgoing_account) == (
        Decimal("0.25"),
        "reverse",
        "Liabilities:VAT:Output",
    )
    vendor, blocked = connector.read(Vendor)
    assert (blocked.id, vendor.active, blocked.active) == ("V900", True, False)
    assert (vendor.account, vendor.number, vendor.tax_registration_number) == (
        "Liabilities:Payable",
        "4711",
        "DK12345678",
    )
    assert [value.active for value in connector.read(DimensionValue)] == [True, False, True]
    assert [period.state for period in connector.read(Period)] == ["closed", "open"]


def test_a_ledger_may_be_named_by_any_path_that_leads_there(connector, ledger, tmp_path):
    entry = a_journal(CHART)
    booked(connector, entry)
    (tmp_path / "link").symlink_to(ledger.parent)
    for path in (tmp_path / "bookings" / ".." / "main.beancount", tmp_path / "link" / "main.beancount"):
        assert list(BeancountConnector(path).find([entry.reference])) == [entry.reference]
        assert BeancountConnector(path).check() == connector.check()


def test_a_disk_that_refuses_is_named_and_nothing_is_a_bug(connector, ledger):
    (ledger.parent / "bookings").write_text("a file in the folder's place")
    with pytest.raises(Unreachable, match=r"can't be written.*bookings"):
        connector.check()


def test_a_ledger_that_came_without_its_empty_folders_gets_them(connector, ledger):
    connector.check()
    (ledger.parent / "documents").rmdir()  # git keeps no empty folder
    assert BeancountConnector(ledger).check() == connector.check()


def test_a_change_of_the_masters_is_seen_at_once(connector, ledger):
    connector.check()
    ledger.write_text(ledger.read_text() + '2026-01-01 custom "vendor" "V200" "Nordisk Sky"\n')
    assert [vendor.id for vendor in connector.read(Vendor)] == ["V100", "V900", "V200"]


def test_a_large_ledger_is_loaded_alike_by_another_process(connector, ledger):
    connector.check()
    assert load_apart(ledger) == load(ledger)
    ledger.write_text("2020-01-01 open Nonsense\n")
    with pytest.raises(Misconfigured):
        load_apart(ledger)


@pytest.mark.parametrize(
    ("broken", "message", "remedy"),
    [
        ("2026-01-01 open Expenses:Office", "main.beancount:", "bean-check main.beancount"),
        ('2020-01-01 custom "tax-code" "X" "Y" "a lot" "inclusive"', 'custom directive "tax-code"', "Write it as"),
        ('2020-01-01 custom "period" 2019-01-01 "open"', 'custom directive "period"', "Write it as"),
        ('2020-01-01 custom "dimension" "COST"', 'custom directive "dimension"', "Write it as"),
    ],
)
def test_a_broken_ledger_is_named_with_its_line_and_remedy(connector, ledger, broken, message, remedy):
    ledger.write_text(f"{ledger.read_text()}{broken}\n")
    last_line = len(ledger.read_text().splitlines())
    with pytest.raises(Misconfigured) as fault:
        connector.check()
    assert message in fault.value.message
    assert f"main.beancount:{last_line}" in fault.value.message
    assert remedy in fault.value.remedy


@pytest.mark.parametrize(
    ("line", "instead", "remedy"),
    [
        ('include "bookings/*.beancount"', "", 'include "bookings/*.beancount"'),
        ('custom "company"', 'custom "owner"', 'custom "company" "Fjord & Bro ApS"'),
    ],
)
def test_a_ledger_that_lacks_a_line_is_told_which(connector, ledger, line, instead, remedy):
    ledger.write_text(ledger.read_text().replace(line, instead))
    with pytest.raises(Misconfigured) as fault:
        connector.check()
    assert remedy in fault.value.remedy


def test_a_ledger_that_is_not_there_is_a_setting_to_mend(tmp_path):
    with pytest.raises(Misconfigured, match="There is no ledger"):
        BeancountConnector(tmp_path / "none.beancount").check()
    assert list(tmp_path.iterdir()) == []


def born(name: str, code: str = "", **other: str) -> Vendor:
    pleo_id = f"{len(name):08}-0000-4000-8000-000000000000"
    return Vendor(id=pleo_id, code=code, name=name, pleo_id=pleo_id, **other)  # type: ignore[arg-type]  # texts


def test_vendors_born_in_pleo_stand_in_a_file_of_their_own_that_bean_check_takes(
    connector: BeancountConnector, ledger: Path
) -> None:
    odd = born('Søn "A/S" \\ x\nsecond line', country="DK", tax_registration_number="DK1")
    first, taken, second = connector.write([odd, born("Taken", "v100"), born("")])
    assert isinstance(taken, Problem)
    assert (taken.code, taken.value) == ("vendor_code_taken", "v100")
    assert [(it.code, it.name) for it in (first, second) if isinstance(it, Vendor)] == [
        ("P1", 'Søn "A/S" \\ x second line'),
        ("P2", "P2"),
    ]
    _, errors, _ = loader.load_file(str(ledger))
    assert errors == []
    assert len((ledger.parent / "bookings" / "vendors.beancount").read_text().split('custom "vendor"')) == 3


def test_vendors_that_another_process_wrote_are_seen(connector: BeancountConnector, ledger: Path) -> None:
    other = BeancountConnector(ledger)
    assert {vendor.code for vendor in connector.read(Vendor)} == {"V100", "V900"}
    other.write([born("New")])
    assert {vendor.code for vendor in connector.read(Vendor)} == {"V100", "V900", "P1"}
    (again,) = connector.write([born("New")])
    assert isinstance(again, Vendor)
    assert again.code == "P1"


def test_a_ledger_is_as_large_as_all_that_it_includes(tmp_path: Path) -> None:
    """A large one is loaded by a process of its own, wherever its entries are; an include may come back to itself."""
    (tmp_path / "years").mkdir()
    (tmp_path / "years" / "2025.beancount").write_text(";" * 900 + '\ninclude "../main.beancount"\n')
    (tmp_path / "years" / "2026.beancount").write_text(";" * 900)
    ledger = tmp_path / "main.beancount"
    ledger.write_text('include "years/*.beancount"\ninclude "gone.beancount"\n')
    size = sum(file.stat().st_size for file in tmp_path.rglob("*.beancount"))
    assert (is_larger(ledger, size), is_larger(ledger, size - 1)) == (False, True)
    assert not is_larger(tmp_path / "gone.beancount", 0)
