"""The tie-out on a real ledger: what a bookkeeper does there by hand shows, each by its name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from kontobro.bootstrap import read_kept_item
from kontobro.core.tieout import SumKey, TieOut
from kontobro.export.tieout import EVERYTHING, BookPorts, Scope, summarise, tied_entries
from tests.export.company import entry_id, kill_company
from tests.export.office import Office, an_office

WALLET = "1081 Pleo wallet DKK"
FIFTH = entry_id(5)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Four items booked (six entries), one failed."""
    with an_office(tmp_path, kill_company()) as office:
        office.export()
        yield office


def tied(office: Office, scope: Scope = EVERYTHING) -> TieOut:
    return summarise(office.connection, ports(office), scope)


def ports(office: Office) -> BookPorts:
    return BookPorts(connector=office.connector, store=office.store, clock=office.clock, read_item=read_kept_item)


def differing(result: TieOut) -> dict[str, str]:
    return {entry.pleo.reference: entry.verdict for entry in result.differing}


def test_what_was_booked_ties_out_and_what_failed_is_named(office: Office) -> None:
    result = tied(office)
    assert differing(result) == {FIFTH: "not_booked"}
    assert not result.equal
    wallet = next(key for key in result.sums if key.side == "wallet")
    assert result.sums[wallet].pleo == Decimal("-400.00")
    assert result.sums[wallet].books == Decimal("-300.00")
    assert result.from_history == 0
    assert result.by_totals == 0


def test_an_amount_edited_in_the_ledger(office: Office) -> None:
    office.edit(entry_id(1), lambda block: block.replace("100.00", "120.00"))
    result = tied(office)
    assert differing(result)[entry_id(1)] == "amount_differs"
    assert next(e for e in result.differing if e.pleo.reference == entry_id(1)).difference == Decimal("-20.00")


def test_a_date_moved_to_another_month(office: Office) -> None:
    office.edit(entry_id(1), lambda block: block.replace("2026-10-05 *", "2026-11-01 *", 1))
    result = tied(office)
    assert differing(result)[entry_id(1)] == "date_moved"
    november = result.sums[SumKey("wallet", wallet_of(result), "DKK", "2026-11")]
    assert (november.pleo, november.books) == (0, Decimal("-100.00"))


def wallet_of(result: TieOut) -> str:
    return next(key.wallet for key in result.sums if key.side == "wallet")


def test_a_deleted_a_voided_and_a_moved_one(office: Office) -> None:
    office.delete(entry_id(1))
    office.void(f"{entry_id(2)}/pay")
    office.edit(entry_id(4), lambda block: block.replace("Liabilities:Payable", "Liabilities:Other"))
    result = tied(office)
    found = differing(result)
    assert found[entry_id(1)] == "missing"
    assert found[f"{entry_id(2)}/pay"] == "voided"


def test_purged_content_is_compared_with_what_was_booked(office: Office) -> None:
    office.store.purge(office.connection.id, office.clock.now() + dt.timedelta(days=1))
    result = tied(office)
    assert differing(result) == {FIFTH: "not_booked"}
    assert result.from_history == result.entries
    assert any("purged" in spot for spot in result.cannot_see)
    office.edit(entry_id(1), lambda block: block.replace("100.00", "120.00"))
    assert differing(tied(office))[entry_id(1)] == "amount_differs"


def test_a_scope_takes_its_days_and_its_wallet(office: Office) -> None:
    nothing = Scope(first=dt.date(2027, 1, 1))
    assert tied(office, nothing).entries == 0
    wallet = tied(office, Scope(wallet="1081"))
    assert {key.side for key in wallet.sums} == {"wallet"}
    assert wallet.entries == len([e for e in tied_entries(office.connection, ports(office)) if e.pleo.wallet])
