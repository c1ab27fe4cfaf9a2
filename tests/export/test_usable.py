"""Before the first export: what is missing leaves the job waiting in Pleo; what only some expenses need fails those."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from kontobro.core.errors import NotUsable
from pleo_sandbox.model import Expense
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import a_company, an_item, entry_id, payable


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[ExportHarness]:
    company = a_company(
        Expense(an_item(1)),
        Expense(an_item(2, "wallet_topup")),
        Expense(an_item(3, "out_of_pocket", contraAccount=None)),
        Expense(payable(4) | {"vendor": None}),
    )
    with an_export_harness(tmp_path, company) as harness:
        harness.set(contra=None, out_of_pocket=None, accounts_payable=None, unmatched_vendor="fallback")
        yield harness


def test_without_a_wallet_nothing_is_begun(harness: ExportHarness) -> None:
    harness.set(wallets={})
    with pytest.raises(NotUsable, match="wallet") as fault:
        harness.export()
    (job,) = harness.sandbox.jobs
    assert (str(job.status), harness.store.jobs("desk")) == ("pending", [])
    assert fault.value.expires_at - job.expires_at < timedelta(seconds=1)
    assert (fault.value.job_id, fault.value.job_failure) == (job.id, "missing_configuration")
    harness.set(wallets={"DKK": "1081"})
    assert harness.export().booked == 1, "it waited, and was not lost"


def test_what_an_expense_needs_fails_that_expense_alone(harness: ExportHarness) -> None:
    result = harness.export()
    assert (result.event, result.booked, result.failed) == ("completed_with_errors", 1, 3)
    for number, setting in {2: "contra", 3: "out_of_pocket", 4: "accounts_payable"}.items():
        reason, text = harness.failure(entry_id(number))
        assert reason == "missing_configuration"
        assert setting in text
    harness.assert_agree()


def test_a_company_that_has_exported_needs_no_wallet_of_its_own(harness: ExportHarness) -> None:
    """Pleo's contra accounts name it."""
    harness.export()
    harness.set(wallets={}, contra="1089", out_of_pocket="2890", accounts_payable="2440")
    harness.again()
    assert harness.export().booked == 3
