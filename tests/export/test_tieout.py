"""The tie-out on a real ledger: what a bookkeeper does there by hand shows, each by its name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from kontobro.bootstrap import App, book_ports_for
from kontobro.core.errors import Misconfigured
from kontobro.core.model.journal import Reference
from kontobro.core.model.settings import RowOverride
from kontobro.core.ports import Connector
from kontobro.core.tieout.compare import SumKey, TieOut
from kontobro.export.again import check_again
from kontobro.export.tieout.collect import EVERYTHING, TieOutScope, summarise, tied_entries
from kontobro.export.tieout.forgotten import forgotten
from kontobro.pleo.documented.switches import keep_answers
from pleo_sandbox.model import Expense
from tests.support.connected_home import SETTINGS, forget_history
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_answers import in_isk
from tests.support.pleo_company import a_company, a_line, an_item, entry_id, kill_company

WALLET = "1081 Pleo wallet DKK"
FIFTH = entry_id(5)


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[ExportHarness]:
    """Four items booked (six entries), one failed."""
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.export()
        yield harness


def tied(harness: ExportHarness, scope: TieOutScope = EVERYTHING) -> TieOut:
    return summarise(harness.connection, harness.book_ports, scope)


def differing(result: TieOut) -> dict[str, str]:
    return {entry.pleo.reference: entry.verdict for entry in result.differing}


def test_what_was_booked_ties_out_and_what_failed_is_named(harness: ExportHarness) -> None:
    result = tied(harness)
    assert differing(result) == {FIFTH: "not_booked"}
    assert not result.equal
    wallet = next(key for key in result.sums if key.side == "wallet")
    assert result.sums[wallet].pleo == Decimal("400.00")
    assert result.sums[wallet].books == Decimal("300.00")
    assert result.from_history == 0
    assert result.by_totals == 0


def test_an_amount_edited_in_the_ledger(harness: ExportHarness) -> None:
    harness.edit(entry_id(1), lambda block: block.replace("100.00", "120.00"))
    result = tied(harness)
    assert differing(result)[entry_id(1)] == "amount_differs"
    assert next(e for e in result.differing if e.pleo.reference == entry_id(1)).difference == Decimal("20.00")


def test_a_date_moved_to_another_month(harness: ExportHarness) -> None:
    harness.edit(entry_id(1), lambda block: block.replace("2026-10-05 *", "2026-11-01 *", 1))
    result = tied(harness)
    assert differing(result)[entry_id(1)] == "date_moved"
    november = result.sums[SumKey("wallet", wallet_of(result), "DKK", "2026-11")]
    assert (november.pleo, november.books) == (0, Decimal("100.00"))


def wallet_of(result: TieOut) -> str:
    return next(key.wallet for key in result.sums if key.side == "wallet")


def test_a_deleted_a_voided_and_one_on_another_account(harness: ExportHarness) -> None:
    harness.delete(entry_id(1))
    harness.void(f"{entry_id(2)}/pay")
    harness.edit(entry_id(3), lambda block: block.replace("Assets:Pleo:DKK", "Assets:Bank"))
    result = tied(harness)
    assert differing(result) == {
        entry_id(1): "missing",
        f"{entry_id(2)}/pay": "voided",
        entry_id(3): "account_differs",
        FIFTH: "not_booked",
    }
    assert all(entry.pleo.pleo_url and (entry.erp_url or entry.verdict == "not_booked") for entry in result.differing)


def test_a_bill_edited_shows_on_the_payables_and_not_on_the_wallet(harness: ExportHarness) -> None:
    harness.edit(entry_id(4), lambda block: block.replace("100.00", "90.00"))
    sums = {key.side: one.difference for key, one in tied(harness).sums.items()}
    assert sums == {"wallet": Decimal("-100.00"), "payable": Decimal("-10.00")}, "the wallet lacks the failed one only"


def test_mended_and_exported_again_it_ties_out(harness: ExportHarness) -> None:
    harness.set(rows=(RowOverride(type="card_purchase", line_account="7504"),))
    harness.again(FIFTH)
    harness.export()
    result = tied(harness)
    assert result.equal
    assert [one.difference for one in result.sums.values()] == [0, 0]


def test_the_books_are_asked_in_pages_and_never_by_the_entry(harness: ExportHarness) -> None:
    asked: list[int] = []

    def find(behind: Connector, keys: Sequence[Reference]) -> object:
        asked.append(len(keys))
        return behind.find(keys)

    harness.alter(find=find)
    assert tied(harness).entries == sum(asked) == 6
    assert len(asked) == 1


def test_where_nothing_can_be_looked_up_it_says_so(harness: ExportHarness) -> None:
    harness.alter(capabilities=replace(harness.connector.capabilities, reference="none"))
    result = tied(harness)
    assert result.verdicts == {"cannot_look": 5, "not_booked": 1}
    assert any("keeps no reference" in spot for spot in result.cannot_see)


def test_another_company_in_the_accounting_system_is_refused(harness: ExportHarness) -> None:
    harness.connection = replace(harness.connection, erp_company="another")
    with pytest.raises(Misconfigured, match="not on the company that was connected"):
        tied(harness)


def test_a_page_opens_the_books_by_itself(harness: ExportHarness) -> None:
    """What the service calls: the connection and its store are enough, Pleo is not asked."""
    own = book_ports_for(harness.connection, harness.store, harness.clock)
    assert summarise(harness.connection, own) == tied(harness)


def test_drafts_wait_and_are_no_difference(tmp_path: Path) -> None:
    settings = replace(SETTINGS, posting="draft")
    with an_export_harness(tmp_path, a_company(Expense(an_item(1)), Expense(an_item(2))), settings) as harness:
        harness.export()
        harness.post_by_hand(entry_id(1))
        result = tied(harness)
    assert result.equal
    assert result.verdicts == {"equal": 1, "draft": 1}
    (wallet,) = result.sums.values()
    assert (wallet.books, wallet.drafts, wallet.difference) == (Decimal("100.00"), Decimal("100.00"), 0)


def test_a_negative_line_and_a_refund_still_tie_by_what_left_the_wallet(tmp_path: Path) -> None:
    """The sum of debits is not what Pleo says of these: the wallet's account is."""
    split = an_item(1, accountingEntryLines=[a_line(15_000), a_line(-5_000)])
    refund = an_item(2, "refund")
    with an_export_harness(tmp_path, a_company(Expense(split), Expense(refund))) as harness:
        harness.export()
        fetched = tied(harness)
        harness.store.purge(harness.connection.id, harness.clock.now() + dt.timedelta(days=1))
        purged = tied(harness)
    assert fetched.equal
    assert purged.equal
    assert purged.from_history == 2
    assert fetched.sums == purged.sums, "Pleo's sums outlive Pleo's content"
    (wallet,) = fetched.sums.values()
    assert (wallet.pleo, wallet.books, wallet.entries) == (0, 0, 2)


def test_purged_content_is_compared_with_what_was_booked(harness: ExportHarness) -> None:
    harness.store.purge(harness.connection.id, harness.clock.now() + dt.timedelta(days=1))
    result = tied(harness)
    assert differing(result) == {FIFTH: "not_booked"}
    assert result.from_history == result.entries
    assert any("purged" in spot for spot in result.cannot_see)
    harness.edit(entry_id(1), lambda block: block.replace("100.00", "120.00"))
    assert differing(tied(harness))[entry_id(1)] == "amount_differs"


def test_a_scope_takes_its_days_and_its_wallet(harness: ExportHarness) -> None:
    nothing = TieOutScope(first=dt.date(2027, 1, 1))
    assert tied(harness, nothing).entries == 0
    wallet = tied(harness, TieOutScope(wallet="1081"))
    assert {key.side for key in wallet.sums} == {"wallet"}
    assert wallet.entries == len([e for e in tied_entries(harness.connection, harness.book_ports) if e.pleo.wallet])


def test_kept_items_are_read_as_this_pleo_counts(tmp_path: Path) -> None:
    """By the application, from what was kept as it came: tie-out and check have the booked amount."""
    answers = tmp_path / "pleo.toml"
    keep_answers(answers, "sandbox", {"zero_decimal_amounts": "hundredths"})
    with an_export_harness(tmp_path, a_company(Expense(an_item(1, **in_isk(1_500))))) as harness:
        harness.sandbox.set_rules({"zero_decimal_amounts": "hundredths"})
        app = App(Path(), harness.store, harness.clock, answers=answers)
        connection = replace(harness.connection, environment="sandbox")
        harness.pleo = app.pleo_for(connection)
        harness.export()
        own = replace(app.book_ports_for(connection), connector=harness.connector)
        result = summarise(connection, own)
        (booked,) = harness.connector.find([Reference(entry_id(1))]).values()
        again = check_again(connection, Reference(entry_id(1)), own)
        app.close()
    assert sorted(booked.line_sums.values()) == [Decimal(-1500), Decimal(1500)]
    (wallet,) = result.sums.values()
    assert (result.equal, wallet.pleo, wallet.books) == (True, Decimal(1500), Decimal(1500))
    assert again.preview is not None
    (entry,) = again.preview.entries
    assert {abs(line.amount) for line in entry.lines} == {Decimal(1500)}


# -------------------------------------------------------------------------- what the history has lost


def lost(harness: ExportHarness, scope: TieOutScope = EVERYTHING) -> tuple[str, ...]:
    return forgotten(harness.connection, harness.book_ports, harness.pleo, scope).sentences


def test_nothing_is_lost_while_the_history_is_there(harness: ExportHarness) -> None:
    harness.again(entry_id(5))
    harness.export()
    assert lost(harness) == ()


def test_a_job_whose_history_is_lost_is_named_with_what_the_books_have_of_it(harness: ExportHarness) -> None:
    """The store was deleted and an entry too: the sums are silent about both, and this says so."""
    day = f"{harness.clock.now():%Y-%m-%d}"
    job = harness.sandbox.jobs[0].id
    forget_history(harness.connected)
    assert tied(harness).entries == 0
    (said,) = lost(harness)
    assert said.startswith(f"Export of {day} ({job[:8]}): 4 of its exported expenses are not in this history")
    assert said.endswith("In the accounting system 4 of them exist, 0 do not.")
    harness.delete(entry_id(1))
    assert lost(harness)[0].endswith("In the accounting system 3 of them exist, 1 do not.")
    assert lost(harness, TieOutScope(first=harness.clock.now().date() + dt.timedelta(days=1))) == ()


def test_an_exported_expense_that_neither_side_has_is_a_difference(harness: ExportHarness) -> None:
    forget_history(harness.connected)
    result = tied(harness)
    forgotten(harness.connection, harness.book_ports, harness.pleo, EVERYTHING).add_to(result)
    assert (result.equal, result.absent) == (True, 0), "what is booked and forgotten can't be compared, and is there"
    harness.delete(entry_id(1))
    forgotten(harness.connection, harness.book_ports, harness.pleo, EVERYTHING).add_to(result)
    assert (result.equal, result.absent) == (False, 1)


def test_what_a_later_job_brought_is_known(harness: ExportHarness) -> None:
    forget_history(harness.connected)
    harness.again(entry_id(5))
    harness.export()
    (said,) = lost(harness)
    assert "4 of its exported expenses" in said


def test_pleo_that_can_not_be_asked_is_said(harness: ExportHarness) -> None:
    harness.sandbox.revoke_token(harness.connected.key)
    assert "Pleo could not be asked" in lost(harness)[0]
    gone = replace(harness.connection, status="disconnected")
    assert "not active" in forgotten(gone, harness.book_ports, harness.pleo, EVERYTHING).sentences[0]
