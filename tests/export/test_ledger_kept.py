"""What we write never breaks a ledger: the entry that would fails alone, the others are booked, the next job works."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.model.settings import Settings
from kontobro.export import next_job, preview_job
from pleo_sandbox.model import Expense, Json
from tests.support.connected_home import a_connected_home_over
from tests.support.export_harness import ExportHarness, SandboxClock, ports_at
from tests.support.pleo_company import a_company, a_line, an_item, entry_id, invoice, invoice_payment, money, payable
from tests.support.warm_ledgers import use_interpreters

LEDGERS = Path(__file__).parent / "ledgers"
SETTINGS = Settings(
    posting="posted",
    wallets={"DKK": "1081"},
    out_of_pocket="2890",
    contra="1010",
    accounts_payable="2440",
)

EURO = replace(SETTINGS, wallets={"DKK": "1081", "EUR": "1082"})


@contextmanager
def a_harness_over(folder: Path, text: str, *expenses: Json, settings: Settings = SETTINGS) -> Iterator[ExportHarness]:
    """An exporter over a ledger of this text."""
    ledger = folder / "ledger" / "main.beancount"
    ledger.parent.mkdir()
    ledger.write_text(text)
    company = a_company(*map(Expense, expenses))
    company.contra_accounts["EUR"] = company.contra_accounts["DKK"]
    with (
        a_connected_home_over(folder, company, settings, "beancount", {"ledger": str(ledger)}, {}) as connected,
        ports_at(connected, SandboxClock(connected.sandbox)) as harness,
    ):
        yield harness


def ledger_of(name: str) -> str:
    return (LEDGERS / f"{name}.beancount").read_text()


def bought(number: int, day: str = "2026-10-05", code: str = "4000", minor: int = 12_500, **fields: Any) -> Json:
    account = {"id": "00000000-0000-4000-8000-000000000004", "name": "Category", "code": code, "identifier": None}
    line = a_line(minor, account=account)
    return an_item(number, minor=minor, date=f"{day}T11:22:33Z", accountingEntryLines=[line]) | fields


def in_euro(number: int) -> Json:
    amount = money(12_500, "EUR")
    line = bought(number)["accountingEntryLines"][0] | {"lineAmount": amount, "netAmount": amount}
    return bought(number, amount=amount, accountingEntryLines=[line], contraAccount=None)


def exported(harness: ExportHarness) -> dict[str, str]:
    """Pleo's status of each expense after the export; ledger, store and Pleo agree."""
    result = harness.export()
    assert result.failure is None or result.failure_type == "validation_failure", result
    harness.assert_agree()
    return harness.connected.states()


def line_of(text: str, found: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if found in line)


# ---------------------------------------------------------------------------------------- what would break it


def test_an_expense_before_a_balance_assertion_fails_alone_and_the_next_job_works(tmp_path: Path) -> None:
    text = ledger_of("balance")
    with a_harness_over(tmp_path, text, bought(1), bought(2, "2026-10-20")) as harness:
        assert exported(harness) == {entry_id(1): "failed", entry_id(2): "successful"}
        kind, words = harness.failure(entry_id(1))
        assert kind == "accounting_system_validation_failure"
        assert f"main.beancount:{line_of(text, ' balance ')}" in words
        harness.again()
        assert exported(harness) == {entry_id(1): "failed"}


def test_a_preview_says_it_before_anything_is_claimed(tmp_path: Path) -> None:
    with a_harness_over(tmp_path, ledger_of("balance"), bought(1), bought(2, "2026-10-20")) as harness:
        job = next_job(harness.ports)
        assert job
        first, second = preview_job(harness.connection, job, harness.ports)
        assert [problem.code for problem in first.problems] == ["breaks_ledger"]
        assert second.problems == ()
        assert harness.loaded() != []


def test_a_bill_and_its_payment_that_balance_on_an_asserted_account_are_booked(tmp_path: Path) -> None:
    text = ledger_of("balance").replace(
        "2026-10-10 balance Assets:Pleo:DKK  1000.00 DKK", "2026-10-10 balance Liabilities:Payables  0.00 DKK"
    )
    text += '2020-01-01 custom "vendor" "V100" "Kontor"\n'
    paid = payable(1, accountingEntryLines=bought(1, minor=10_000)["accountingEntryLines"])
    with a_harness_over(tmp_path, text, paid) as harness:
        assert exported(harness) == {entry_id(1): "successful"}
        assert len(harness.entries()) == 2


def test_a_currency_that_a_plugin_wants_declared_fails_alone_and_says_what_to_declare(tmp_path: Path) -> None:
    with a_harness_over(
        tmp_path, ledger_of("check_commodity"), in_euro(1), bought(2), in_euro(3), settings=EURO
    ) as harness:
        assert exported(harness) == {entry_id(1): "failed", entry_id(2): "successful", entry_id(3): "failed"}
        words = harness.failure(entry_id(1))[1]
        assert "Missing Commodity directive for 'EUR'" in words
        assert "2020-01-01 commodity EUR to main.beancount" in words
        main = harness.connected.ledger
        main.write_text(main.read_text() + "2020-01-01 commodity EUR\n")
        harness.again()
        assert set(exported(harness).values()) == {"successful"}


def test_an_account_with_accounts_below_it_fails_alone_under_leafonly(tmp_path: Path) -> None:
    text = 'plugin "beancount.plugins.leafonly"\n' + ledger_of("balance")
    text += '2020-01-01 open Expenses:Office:Paper\n  code: "4001"\n'
    with a_harness_over(tmp_path, text, bought(1, "2026-10-20"), bought(2, "2026-10-20", code="4001")) as harness:
        assert exported(harness) == {entry_id(1): "failed", entry_id(2): "successful"}
        where = f"main.beancount:{line_of(text, 'open Expenses:Office')}"
        assert where in harness.failure(entry_id(1))[1]


PLUGIN = """
import collections
__plugins__ = ["check"]
Odd = collections.namedtuple("Odd", "source message entry")
def check(entries, options):
    print("a plugin may print")
    ours = [entry for entry in entries if type(entry).__name__ == "Transaction"]
    odd = [e for e in ours if any(posting.units.number == {number} for posting in e.postings)]
    return entries, [Odd({source}, "This is odd", None) for e in odd]
"""


@pytest.mark.parametrize(("source", "place"), [("e.meta", "this entry"), ("None", "main.beancount:0")])
def test_what_only_a_plugin_of_the_company_knows_is_found_by_trying(tmp_path: Path, source: str, place: str) -> None:
    text = 'option "insert_pythonpath" "TRUE"\nplugin "odd_plugin"\n' + ledger_of("balance")
    items = [bought(n, "2026-10-20", minor=12_500 if n in (2, 7) else 100 * n) for n in range(1, 9)]
    with a_harness_over(tmp_path, text, *items) as harness:
        plugin = harness.connected.ledger.parent / "odd_plugin.py"
        plugin.write_text(PLUGIN.replace("{number}", "125").replace("{source}", source))
        states = exported(harness)
        assert {entry for entry, state in states.items() if state == "failed"} == {entry_id(2), entry_id(7)}
        assert place in harness.failure(entry_id(2))[1]
        assert "This is odd" in harness.failure(entry_id(7))[1]


@pytest.mark.parametrize("order", [(1, 2, 3, 4), (3, 1, 2, 4), (2, 4, 3, 1)])
def test_entries_that_only_go_badly_with_each_other_do_not_all_fail(tmp_path: Path, order: tuple[int, ...]) -> None:
    text = 'plugin "beancount.plugins.onecommodity"\n' + ledger_of("balance")
    text += '2020-01-01 open Assets:Pleo:EUR\n  code: "1082"\n'
    dates = {"date": "2026-10-20T11:22:33Z"}
    items = {n: bought(n, "2026-10-20") for n in (1, 2, 4)} | {3: in_euro(3) | dates}
    with a_harness_over(tmp_path, text, *(items[n] for n in order), settings=EURO) as harness:
        states = exported(harness)
        assert {entry for entry, state in states.items() if state == "failed"} == {entry_id(3)}
        assert "More than one currency" in harness.failure(entry_id(3))[1]


def test_a_plugin_that_can_not_be_loaded_is_told_with_its_reason(tmp_path: Path) -> None:
    with a_harness_over(tmp_path, 'plugin "no_such_plugin"\n' + ledger_of("balance"), bought(1)) as harness:
        result = harness.export()
        assert result.failure
        assert "No module named 'no_such_plugin'" in result.failure


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8-sig", "byte order mark"), ("utf-16", "UTF-16"), ("latin-1", "not UTF-8")],
)
@pytest.mark.parametrize("file", ["main", "batch"])
def test_a_file_that_an_editor_saved_in_another_encoding_is_told_in_words(
    tmp_path: Path, encoding: str, told: str, file: str
) -> None:
    with a_harness_over(tmp_path, ledger_of("balance"), bought(1, "2026-10-20")) as harness:
        assert set(exported(harness).values()) == {"successful"}
        saved = harness.connected.ledger if file == "main" else harness.batches[-1]
        text = saved.read_text().replace("Shop", "Kjøb") + '\n2026-01-01 note Assets:Bank "Kjøb"\n'
        saved.write_bytes(text.encode(encoding))
        if file == "batch":
            harness.connected.ledger.touch()
        harness.again(entry_id(1))
        result = harness.export()
        assert result.failure
        assert told in result.failure
        assert ("main.beancount:" if file == "main" else "bookings/000001.beancount:") in result.failure


def test_errors_that_were_there_before_are_named_and_no_items_fault(tmp_path: Path) -> None:
    text = ledger_of("balance")
    with a_harness_over(tmp_path, text, bought(1, "2026-10-20")) as harness:
        behind, main = harness.connector, harness.connected.ledger

        def validate(connector: Any, entries: Any) -> Any:
            main.write_text(f"{text}2026-10-12 balance Assets:Bank  7.00 DKK\n")
            return behind.validate(entries)

        harness.alter(validate=validate)
        result = harness.export()
        assert result.event == "failed"
        assert result.failure
        assert f"main.beancount:{len(text.splitlines()) + 1}: Balance failed" in result.failure
        assert list(harness.connected.states().values()) == ["abandoned"]
        assert [path.name for path in harness.batches] == ["000000.beancount"]


def test_an_entry_that_a_pad_takes_in_is_booked_with_a_note(tmp_path: Path) -> None:
    text = ledger_of("balance").replace(
        "2026-10-10 balance", "2026-10-02 pad Assets:Pleo:DKK Equity:Opening\n2026-10-10 balance"
    )
    text = text.replace("balance Assets:Pleo:DKK  1000.00", "balance Assets:Pleo:DKK  900.00")
    with a_harness_over(tmp_path, text, bought(1), bought(2, "2026-10-20")) as harness:
        job = next_job(harness.ports)
        assert job
        first, second = preview_job(harness.connection, job, harness.ports)
        assert f"main.beancount:{line_of(text, ' pad ')}" in "".join(first.notes)
        assert "absorbs" not in "".join(second.notes)
        assert set(exported(harness).values()) == {"successful"}
        entries = harness.entries()
        assert "absorbs -125.00 DKK" in str(entries[entry_id(1)].meta)
        assert "absorbs" not in str(entries[entry_id(2)].meta)


def test_renamed_root_accounts_work_from_the_first_export_to_the_next(tmp_path: Path) -> None:
    text = ledger_of("renamed-roots") + '2020-01-01 custom "vendor" "V100" "Kontor"\n'
    paper = bought(1)["accountingEntryLines"]
    items = [bought(1), payable(2, minor=12_500, accountingEntryLines=paper)]
    items += [
        invoice_payment(3, "INV-77") | {"accountingEntryLines": paper, "amount": money(12_500)},
        invoice(4, "INV-77", minor=12_500, accountingEntryLines=paper),
    ]
    with a_harness_over(tmp_path, text, *items) as harness:
        assert set(exported(harness).values()) == {"successful"}
        assert harness.entries()[entry_id(3)].meta["settled"] is True
        harness.again(*(entry_id(n) for n in range(1, 5)))
        result = harness.export()
        assert (result.event, result.already_booked) == ("completed", 4)


# --------------------------------------------------------------------------------------------- how often


LOADS: list[str] = []
_HEARING: list[object] = []


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if _HEARING and event == "subprocess.Popen" and "kontobro.erp.beancount.load.apart" in args[1]:
        LOADS.append("apart")
    elif _HEARING and event == "open" and str(args[0]) == str(_HEARING[0]) and _loading():
        LOADS.append("here")


def _loading() -> bool:
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_name == "parse_file":
            return True
    return False


@pytest.fixture
def loads() -> Iterator[list[str]]:
    """Every load of a whole ledger, in this process or another."""
    if not LOADS and not _HEARING:
        sys.addaudithook(_hear)
    LOADS.clear()
    use_interpreters()
    yield LOADS
    _HEARING.clear()


@pytest.mark.parametrize("items", [3, 230])
def test_a_clean_job_loads_the_ledger_at_most_twice(tmp_path: Path, loads: list[str], items: int) -> None:
    wanted = [bought(n, "2026-10-20", minor=100 + n) for n in range(1, items + 1)]
    with a_harness_over(tmp_path, ledger_of("balance"), *wanted) as harness:
        _HEARING.append(harness.connected.ledger)
        result = harness.export()
        assert (result.event, result.booked) == ("completed", items)
        assert loads == ["here", "apart"]
        assert len(harness.entries()) == items


def test_a_ledger_that_changed_after_the_check_is_checked_again_before_anything_is_written(
    tmp_path: Path, loads: list[str]
) -> None:
    text = ledger_of("balance").replace("2026-10-10 balance Assets:Pleo:DKK  1000.00 DKK\n", "")
    text = 'include "more/*.beancount"\n' + text
    wanted = [bought(n, "2026-10-20", minor=100 + n) for n in range(1, 4)]
    (tmp_path / "ledger" / "more").mkdir(parents=True)
    (tmp_path / "ledger" / "more" / "one.beancount").write_text("; nothing\n")
    (tmp_path / "ledger").rename(tmp_path / "kept")
    with a_harness_over(tmp_path, text, *wanted) as harness:
        (tmp_path / "kept" / "more").rename(harness.connected.ledger.parent / "more")
        behind = harness.connector
        more = harness.connected.ledger.parent / "more" / "two.beancount"

        def book(connector: Any, entries: Any) -> Any:
            if entries and not more.exists():  # a new file of an include pattern, after everything was checked
                more.write_text("2026-10-25 balance Assets:Pleo:DKK  998.98 DKK\n")
                more.write_text("2026-10-25 balance Assets:Pleo:DKK  1000.00 DKK\n")
            return behind.book(entries)

        harness.alter(book=book)
        states = exported(harness)
        assert set(states.values()) == {"failed"}
        assert "more/two.beancount:1" in harness.failure(entry_id(1))[1]


# ------------------------------------------------------------------------------------- as Beancount reads it


def test_a_text_of_several_lines_under_our_entry_is_read_as_beancount_reads_it(tmp_path: Path) -> None:
    with a_harness_over(tmp_path, ledger_of("balance"), bought(1, "2026-10-20"), bought(2, "2026-10-21")) as harness:
        assert set(exported(harness).values()) == {"successful"}
        ours = f'  kontobro: "{entry_id(1)}"'
        remark = f'  remark: "first \\"line\n  kontobro: \\"other\\"\n2026-10-05 * third\n  kontobro: x"\n{ours}'
        harness.edit(entry_id(1), lambda block: block.replace(ours, remark))
        harness.again(entry_id(1), entry_id(2))
        result = harness.export()
        assert (result.event, result.already_booked) == ("completed", 2)
        harness.delete(entry_id(2))
        harness.again(entry_id(2))
        assert exported(harness) == {entry_id(2): "successful"}
        assert "2026-10-05 * third" in harness.entries()[entry_id(1)].meta["remark"]


def test_an_account_that_is_closed_later_takes_what_was_spent_before(tmp_path: Path) -> None:
    items = [
        bought(1, code="4100"),
        bought(2, code="4200"),
        bought(3, "2026-11-02", code="4100"),
        bought(4, "2026-11-01", code="4100"),
    ]
    with a_harness_over(tmp_path, ledger_of("close-later"), *items) as harness:
        states = exported(harness)
        assert [states[entry_id(n)] for n in range(1, 5)] == ["successful", "successful", "failed", "successful"]
        assert "until 2026-11-01 only, and this one is of 2026-11-02" in harness.failure(entry_id(3))[1]
