"""An item of two entries, of which the accounting system refuses one: the item fails, and the job continues."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Bill, Booking, Entry, Payment
from kontobro.core.ports import Connector
from pleo_sandbox.model import Expense
from tests.support.export_harness import an_export_harness
from tests.support.pleo_company import a_company, an_item, entry_id, payable

REFUSED = Problem("no", "entry", "x", "Refused.", "Mend it.", "accounting_system_validation_failure")


@pytest.mark.parametrize(("kind", "standing"), [(Bill, 0), (Payment, 1)], ids=["bill", "payment"])
def test_one_half_is_refused_and_the_next_run_books_both(tmp_path: Path, kind: type[Entry], standing: int) -> None:
    def book(connector: Connector, entries: Sequence[Entry]) -> list[Booking | Problem]:
        taken = iter(connector.book([entry for entry in entries if not isinstance(entry, kind)]))
        return [REFUSED if isinstance(entry, kind) else next(taken) for entry in entries]

    company = a_company(Expense(payable(1)), Expense(an_item(2)))
    with an_export_harness(tmp_path, company) as harness:
        harness.alter(book=book)
        result = harness.export()
        assert (result.booked, result.failed) == (1, 1)
        assert set(harness.rows().values()) == {"reported"}
        assert len([one for one in harness.entries() if one.startswith(entry_id(1))]) == standing
        harness.fix()
        harness.again(entry_id(1))
        assert harness.export().event == "completed"
        harness.assert_agree()
