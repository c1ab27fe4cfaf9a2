"""Any small job, a fault at any boundary of it, then a second run: everything once, and all three agree."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kontobro.core.errors import ConnectorFault, KontobroError, LoginFailed, Timeout, Uncertain, Unreachable
from kontobro.export import next_job
from pleo_sandbox.model import Expense, Json
from tests.support.connected_home import SETTINGS
from tests.support.examples import examples
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import (
    a_company,
    a_line,
    a_receipt,
    an_item,
    entry_id,
    invoice,
    invoice_payment,
    payable,
)

AMOUNTS = st.integers(-10_000_000, 10_000_000).filter(bool)
JOURNAL_TYPES = ["card_purchase", "refund", "cashback", "fee", "out_of_pocket", "mileage", "atm_withdrawal"]


def split(minor: int) -> list[Json]:
    return [a_line(minor - minor // 3), a_line(minor // 3)]


MAKERS: dict[str, Callable[[int, int], Json]] = {
    "plain": lambda number, minor: an_item(number, minor=minor),
    "split": lambda number, minor: an_item(number, minor=minor, accountingEntryLines=split(minor)),
    "bill and payment": lambda number, minor: payable(number, minor=minor),
    "invoice": lambda number, minor: invoice(number, f"INV-{number % 2}", minor=abs(minor)),
    "payment": lambda number, minor: invoice_payment(number, f"INV-{number % 2}"),
    "no account": lambda number, minor: an_item(number, accountingEntryLines=[a_line(10_000, account=None)]),
    "malformed": lambda number, minor: an_item(number, date="never"),
} | {name: (lambda number, minor, name=name: an_item(number, name, minor)) for name in JOURNAL_TYPES}  # type: ignore[misc]

ITEMS = st.tuples(st.sampled_from(sorted(MAKERS)), AMOUNTS, st.integers(0, 2))


class Gone(Exception):
    """Stands for the end of the process: nothing in the engine knows it."""


FAULTS: list[Exception] = [
    Gone(),
    Uncertain("The outcome is unknown."),
    Timeout("It did not answer in time."),
    Unreachable("It can't be reached."),
    LoginFailed("The password is refused."),
    ConnectorFault("The connector broke.", log_id="L1"),
]


@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    data=st.data(),
    items=st.lists(ITEMS, min_size=1, max_size=6),
    posting=st.sampled_from(["posted", "posted", "draft"]),
)
def test_a_fault_anywhere(data: st.DataObject, items: list[tuple[str, int, int]], posting: Any) -> None:
    expenses = [
        Expense(MAKERS[kind](number, minor), tuple(a_receipt(10 * number + n) for n in range(receipts)))
        for number, (kind, minor, receipts) in enumerate(items, 1)
    ]
    with (
        TemporaryDirectory() as folder,
        an_export_harness(Path(folder), a_company(*expenses), replace(SETTINGS, posting=posting)) as harness,
    ):
        fault = data.draw(st.sampled_from(FAULTS), label="fault")
        at = data.draw(st.sampled_from(boundaries(items, fault)), label="at")
        with suppress(Gone, KontobroError):
            harness.export_with_fault(at, fault)
        finish(harness)
        assert_once(harness, {entry_id(n): receipts for n, (_, _, receipts) in enumerate(items, 1)})


def boundaries(items: list[tuple[str, int, int]], fault: Exception) -> list[str]:
    """Every boundary that such a job may cross; faults of the accounting system come from it alone."""
    erp = [f"erp.{method}#{n}" for method in ("book", "attach", "post") for n in (1, 2)]
    own = [
        "store.begin_job#1",
        "store.claim_job#1",
        "store.claim_job#2",
        "store.plan#1",
        *(f"store.move#{n}" for n in range(1, 10)),
        "store.end_job#1",
    ]
    pleo = ["pleo.start#1", "pleo.report#1", "pleo.complete#1"]
    names = [*erp, *own, *pleo] if isinstance(fault, Gone) else erp
    return [f"{name}:{side}" for name in names for side in ("before", "after")]


def finish(harness: ExportHarness) -> None:
    """Run again what is open; what Pleo gave up is exported again by the bookkeeper. Bounded."""
    if next_job(harness.ports) is not None:
        harness.export()
    for _ in range(2):
        lost = [entry for entry, status in harness.connected.states().items() if status == "abandoned"]
        failed = [entry for entry, status in harness.connected.states().items() if status == "failed"]
        if not lost and not failed:
            return
        harness.again(*harness.connected.states())
        harness.export()


def assert_once(harness: ExportHarness, receipts: dict[str, int]) -> None:
    """The ledger holds each successful item whole and once, with its receipts, and nothing of a failed one."""
    states = harness.connected.states()
    assert set(states.values()) <= {"successful", "failed"}
    entries = harness.entries()
    successful = {entry for entry, status in states.items() if status == "successful"}
    assert {reference.removesuffix("/pay") for reference in entries} == successful
    assert len(harness.receipts()) == len(set(harness.receipts())) == sum(receipts[entry] for entry in successful)
    assert set(harness.rows().values()) <= {"reported"}
    assert {entry.flag for entry in entries.values()} <= {
        "!" if harness.connection.settings.posting == "draft" else "*"
    }
