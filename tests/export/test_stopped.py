"""The accounting system or a credential fails: the job says why, what is done is reported, nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.errors import (
    JobFailure,
    KontobroError,
    LoginFailed,
    Misconfigured,
    NotAllowed,
    RateLimited,
    Timeout,
    Uncertain,
    Unreachable,
)
from kontobro.core.model.connection import Tokens
from kontobro.core.model.journal import Booking, Entry
from kontobro.export import run_job
from kontobro.pleo import open_pleo
from pleo_sandbox.model import Expense
from tests.support.export_harness import SandboxClock, an_export_harness
from tests.support.pleo_company import PERSON, a_company, a_receipt, an_item, entry_id, kill_company, payable

AWAY = Unreachable("The ledger can't be reached.", "Check the network.")


def failing(fault: Exception, times: int | None = None) -> Any:
    """A method that raises, always or so many times before the ledger is asked again."""
    left = times

    def check(behind: Any, *args: Any) -> Any:
        nonlocal left
        if left == 0:
            return behind.check(*args)
        left = left - 1 if left is not None else None
        raise fault

    return check


FAULTS: list[tuple[KontobroError, JobFailure]] = [
    (AWAY, "accounting_system_unreachable"),
    (Timeout("It did not answer in time."), "accounting_system_timeout"),
    (RateLimited("Too many calls.", retry_after=30), "accounting_system_rate_limit"),
    (LoginFailed("The password is refused."), "accounting_system_authentication_failure"),
    (NotAllowed("The user may not book."), "authorization_failure"),
    (Misconfigured("The journal is missing."), "missing_configuration"),
]


@pytest.mark.parametrize(("fault", "failure_type"), FAULTS)
def test_the_accounting_system_is_not_ready(tmp_path: Path, fault: KontobroError, failure_type: str) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.alter(check=failing(fault))
        began = harness.clock.now()
        result = harness.export()
        assert (result.event, result.failure_type, result.booked) == ("failed", failure_type, 0)
        (job,) = harness.sandbox.jobs
        assert (str(job.status), job.failure_reason_type) == ("failed", failure_type)
        assert fault.message in (job.failure_reason or "")
        assert job.started_at is not None
        patient = isinstance(fault, Unreachable)
        assert (job.started_at - began >= timedelta(minutes=10)) == patient
        assert job.started_at - began < timedelta(minutes=15)
        assert set(harness.connected.states().values()) == {"abandoned"}
        harness.fix()
        harness.again()
        assert harness.export().booked == 4
        harness.assert_agree()


def test_patience_while_the_job_is_pending(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.alter(check=failing(AWAY, times=4))
        assert harness.export().booked == 4
        assert 7 <= harness.clock.slept <= 60
        harness.assert_agree()


def test_another_company_is_open_in_the_accounting_system(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.connection = replace(harness.connection, erp_company="another")
        result = harness.export()
        assert (result.event, result.failure_type) == ("failed", "invalid_configuration")
        assert harness.entries() == {}


def test_the_credential_is_of_another_company(tmp_path: Path) -> None:
    """It may not even claim the job, so Pleo's own refusal is what the person is told."""
    with an_export_harness(tmp_path, kill_company()) as harness:
        other = a_company()
        other.id = "00000000-0000-4000-8000-000000000077"
        harness.sandbox.add_company(other)
        job = harness.pleo.jobs(["pending"])[0]
        harness.store.save_tokens(harness.connection, Tokens(access=harness.sandbox.add_api_key(other.id)))
        harness.pleo.close()
        harness.pleo = open_pleo(harness.connection, harness.store, harness.clock)
        with pytest.raises(NotAllowed):
            run_job(harness.connection, job, harness.ports)
        assert str(harness.sandbox.jobs[0].status) == "pending"


def test_a_scope_is_missing(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        scopes = ["export-jobs:read", "export-jobs:write"]
        harness.store.save_tokens(
            harness.connection, Tokens(access=harness.sandbox.add_api_key(harness.connected.company_id, scopes))
        )
        result = harness.export()
        assert (result.event, result.failure_type) == ("failed", "authorization_failure")
        assert "export-items:read" in (result.failure or "")
        assert harness.entries() == {}


# ------------------------------------------------------------------------------------ in the middle


@pytest.mark.parametrize("fault", [AWAY, LoginFailed("The password was changed.")])
@pytest.mark.parametrize("method", ["book", "attach", "post", "find"])
def test_the_accounting_system_goes_away_in_the_middle(tmp_path: Path, method: str, fault: KontobroError) -> None:
    """The first hundred are done and told; of the others whatever exists is recognised in the next export."""
    many = a_company(
        *(Expense(an_item(number), (a_receipt(number),) if number > 98 else ()) for number in range(1, 104))
    )
    with an_export_harness(tmp_path, many) as harness:
        gone = False

        def going(behind: Any, *args: Any) -> Any:
            if "successful" in harness.connected.states().values() or gone:
                raise fault
            return getattr(behind, method)(*args)

        def check(behind: Any) -> Any:
            if "successful" in harness.connected.states().values():
                raise fault
            return behind.check()

        harness.alter(check=check, **{method: going})
        result = harness.export()
        assert (result.event, result.failure_type) == ("failed", fault.job_failure)
        states = harness.connected.states()
        assert {states[entry_id(number)] for number in range(1, 101)} == {"successful"}
        assert "successful" not in {states[entry_id(number)] for number in range(101, 104)}
        harness.fix()
        harness.again()
        assert harness.export().event == "completed"
        assert len(harness.entries()) == 103
        assert len(harness.receipts()) == 5
        harness.assert_agree()


def test_a_short_absence_in_the_middle_is_waited_out(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        times = {"book": 2, "find": 2, "post": 2, "validate": 2}

        def shaky(name: str) -> Any:
            def call(behind: Any, *args: Any) -> Any:
                if times[name]:
                    times[name] -= 1
                    raise AWAY
                return getattr(behind, name)(*args)

            return call

        harness.alter(**{name: shaky(name) for name in times})
        assert harness.export().booked == 4
        assert set(times.values()) == {0}
        harness.assert_agree()


def never_told(behind: Any, entries: Sequence[Entry]) -> Any:
    raise Uncertain("The outcome is unknown.")


def test_a_write_that_never_tells_its_outcome_is_looked_for_at_the_end(tmp_path: Path) -> None:
    """It is not there when it can't come any more: each item fails with that, and the next export books it."""
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.alter(book=never_told)
        began = harness.clock.now()
        result = harness.export()
        assert (result.uncertain, result.failed, result.booked) == (0, 5, 0)
        assert harness.clock.now() - began >= timedelta(minutes=1)
        assert (result.event, result.failure_type) == ("failed", "validation_failure")
        assert set(harness.connected.states().values()) == {"failed"}
        reason, text = harness.failure(entry_id(1))
        assert (reason, "does not have it" in text) == ("accounting_system_timeout", True)
        harness.fix()
        harness.again()
        assert harness.export().booked == 4
        harness.assert_agree()


def test_what_is_committed_late_is_found_at_the_end_and_reported(tmp_path: Path) -> None:
    """The connector says that its system commits at once; it did so a minute later."""
    with an_export_harness(tmp_path, kill_company()) as harness:
        held: list[Sequence[Entry]] = []

        def book(behind: Any, entries: Sequence[Entry]) -> Any:
            held.append(entries)
            raise Uncertain("The outcome is unknown.")

        class Waiting(SandboxClock):
            def sleep(self, seconds: float) -> None:
                super().sleep(seconds)
                if seconds > 30:
                    for entries in {entry.reference: entry for each in held for entry in each}.values():
                        behind_.book([entries])

        behind_ = harness.connector
        harness.alter(book=book)
        harness.clock = Waiting(harness.sandbox)
        result = harness.export()
        assert (result.event, result.booked, result.failed, result.uncertain) == ("completed_with_errors", 3, 2, 0)
        harness.fix()
        harness.again()
        assert harness.export().event == "completed_with_errors"
        assert len(harness.entries()) == 5
        harness.assert_agree()


@pytest.mark.parametrize("fault", [AWAY, Timeout("It did not answer in time.")])
def test_away_while_a_write_is_under_way_says_nothing_of_it(tmp_path: Path, fault: KontobroError) -> None:
    """Whether it was booked is unknown: no status, and the job fails as unreachable, whatever went wrong last."""
    with an_export_harness(tmp_path, kill_company()) as harness:
        gone: list[bool] = []

        def book(behind: Any, entries: Sequence[Entry]) -> Any:
            behind.book(entries)
            gone.append(True)
            raise Uncertain("The outcome is unknown.")

        def find(behind: Any, keys: Any) -> Any:
            if gone:
                raise fault
            return behind.find(keys)

        harness.alter(book=book, find=find, check=lambda behind: (find(behind, []) and None) or behind.check())
        result = harness.export()
        assert (result.event, result.failure_type) == ("failed", "accounting_system_unreachable")
        assert "whether 3 of its entries were booked is unknown" in (result.failure or "")
        assert "successful" not in harness.connected.states().values()
        harness.fix()
        harness.again()
        assert harness.export().event == "completed_with_errors"
        assert len(harness.entries()) == 5
        harness.assert_agree()


# --------------------------------------------------------------------------------- a connector's bugs


@pytest.mark.parametrize("method", ["validate", "book", "attach", "post"])
def test_a_connector_that_breaks_on_one_entry(tmp_path: Path, method: str) -> None:
    """It alone fails, with a log id; the others are booked."""
    many = a_company(*(Expense(an_item(number), (a_receipt(number),)) for number in range(1, 8)))
    with an_export_harness(tmp_path, many) as harness:

        def breaking(behind: Any, asked: Any, *args: Any) -> Any:
            several = [asked] if isinstance(asked, Booking) else asked
            if any(one.reference == entry_id(4) for one in several):
                raise KeyError(PERSON)
            return getattr(behind, method)(asked, *args)

        harness.alter(**{method: breaking})
        result = harness.export()
        assert (result.event, result.booked, result.failed) == ("completed_with_errors", 6, 1)
        _, text = harness.failure(entry_id(4))
        assert "log id" in text
        assert PERSON not in text
        harness.fix()
        harness.again()
        assert harness.export().event == "completed"
        assert len(harness.entries()) == len(harness.receipts()) == 7
        harness.assert_agree()


def test_a_connector_that_breaks_on_everything(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:

        def find(behind: Any, keys: Any) -> Any:
            raise RuntimeError(PERSON)

        harness.alter(find=find)
        result = harness.export()
        assert (result.event, result.failure_type) == ("failed", "integration_unusable")
        assert PERSON not in (result.failure or "")
        harness.fix()
        harness.again()
        assert harness.export().booked == 4
        harness.assert_agree()


# ------------------------------------------------------------------------------------ Pleo's credential


@pytest.mark.parametrize("at", ["pleo.start#1", "erp.book#1", "erp.post#1", "pleo.report#1", "pleo.complete#1"])
def test_the_key_is_revoked_in_the_middle(tmp_path: Path, at: str) -> None:
    company = a_company(Expense(an_item(1), (a_receipt(1),)), Expense(payable(2)))
    with an_export_harness(tmp_path, company) as harness:
        with pytest.raises(LoginFailed) as fault:
            harness.export_acting(f"{at}:before", lambda: harness.sandbox.revoke_token(harness.connected.key))
        assert harness.connected.key not in str(fault.value)
        assert "onnect again" in fault.value.remedy
        assert str(harness.sandbox.jobs[0].status) in ("pending", "in_progress")
        harness.store.save_tokens(
            harness.connection, Tokens(access=harness.sandbox.add_api_key(harness.connected.company_id))
        )
        assert harness.export().event == "completed"
        assert sorted(harness.entries()) == [entry_id(1), entry_id(2), entry_id(2) + "/pay"]
        assert len(harness.receipts()) == 1
        harness.assert_agree()


@pytest.mark.parametrize(
    ("change", "told", "failure_type"),
    [
        ({"contra": "9999"}, "9999", "invalid_configuration"),
        ({"time_zone": "Mars/Base"}, "Mars/Base", "invalid_configuration"),
        ({"dimensions": {"COST": "NOWHERE"}}, "NOWHERE", "invalid_configuration"),
    ],
)
def test_settings_that_do_not_fit_fail_the_job_whole_before_any_item(
    tmp_path: Path, change: dict[str, Any], told: str, failure_type: str
) -> None:
    """Item by item they would have to be exported again one after the other."""
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.set(**change)
        result = harness.export()
        assert (result.event, result.failure_type) == ("failed", failure_type)
        assert told in (result.failure or "")
        assert not harness.entries()
        assert set(harness.connected.states().values()) == {"abandoned"}
