"""Claims that are lost, late or doubled on their way, and whose job it is then (`export/job/claim.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.errors import Busy, JobGone, Taken, Unreachable
from kontobro.core.model.export import ExportJob, ItemReport
from kontobro.core.model.history import JobRow
from kontobro.export import run_job
from kontobro.export.job.claim import ALIVE, APART, MARGIN, QUIET, JobClaim, judge
from kontobro.export.job.run import Ports
from pleo_sandbox.model import Expense
from tests.support.export_harness import EVENTS, JOBS, ExportHarness, SandboxClock, Told, an_export_harness
from tests.support.pleo_company import a_company, an_item, entry_id, kill_company

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


# ------------------------------------------------------------------------------------ the decision


def a_job(status: str, started: datetime | None = None, last: datetime | None = None) -> ExportJob:
    return ExportJob(
        id="job",
        company_id="company",
        status=status,
        created_at=NOW - 2 * ALIVE,
        number_of_items=1,
        expires_in=3600,
        started_at=started,
        last_updated_at=last or started,
    )


def a_row(status: str, claimed: datetime | None = None, ended: datetime | None = None) -> JobRow:
    return JobRow(job_id="job", status=status, items=1, started_at=NOW - MINUTE, finished_at=ended, claimed_at=claimed)


PENDING, OVER = a_job("pending"), a_job("completed", NOW - MINUTE)
YOUNG, OLD = a_job("in_progress", NOW - MINUTE), a_job("in_progress", NOW - ALIVE)
SEEN, OURS = a_row("seen"), a_row("in_progress", NOW - MINUTE)
BEFORE, AFTER = a_row("claiming", NOW - MINUTE - SECOND), a_row("claiming", NOW - MINUTE + MARGIN + SECOND)
DONE, FOREIGN = a_row("completed", NOW - ALIVE, NOW), a_row("not ours", NOW - ALIVE, NOW)

CASES = [
    (None, PENDING, JobClaim.FREE),
    (SEEN, PENDING, JobClaim.FREE),
    (BEFORE, PENDING, JobClaim.FREE),
    (FOREIGN, PENDING, JobClaim.FREE),
    (OURS, PENDING, JobClaim.ACCEPTED),
    (DONE, PENDING, JobClaim.ENDED),
    (None, YOUNG, JobClaim.THEIRS),
    (SEEN, YOUNG, JobClaim.THEIRS),
    (FOREIGN, YOUNG, JobClaim.THEIRS),
    (AFTER, YOUNG, JobClaim.THEIRS),
    (BEFORE, YOUNG, JobClaim.PERHAPS),
    (BEFORE, a_job("in_progress", None, NOW), JobClaim.PERHAPS),
    (replace(BEFORE, claimed_at=NOW - MINUTE + MARGIN), YOUNG, JobClaim.PERHAPS),
    (OURS, YOUNG, JobClaim.OURS),
    (OURS, OLD, JobClaim.OURS),
    (DONE, YOUNG, JobClaim.ENDED),
    *((row, OLD, JobClaim.LEFT) for row in (None, SEEN, AFTER, FOREIGN, DONE)),
    (None, a_job("in_progress", NOW - 2 * ALIVE, NOW - MINUTE), JobClaim.THEIRS),
    *((row, OVER, JobClaim.OVER) for row in (None, SEEN, BEFORE, OURS, FOREIGN)),
    (DONE, OVER, JobClaim.ENDED),
]


@pytest.mark.parametrize(("row", "job", "standing"), CASES)
def test_what_a_job_is_to_us(row: JobRow | None, job: ExportJob, standing: JobClaim) -> None:
    assert judge(row, job, NOW) is standing


# ---------------------------------------------------------------------------- one installation alone


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[ExportHarness]:
    with an_export_harness(tmp_path, kill_company()) as harness:
        yield harness


def booked(harness: ExportHarness, at_least: timedelta = timedelta(0), at_most: timedelta = timedelta(hours=1)) -> None:
    """The job is exported whole, and what it took of the clock is this much; a slow machine does not count."""
    began, slept = harness.clock.now(), harness.clock.slept
    result = harness.export()
    assert (result.event, result.booked, result.failed) == ("completed_with_errors", 4, 1)
    assert at_least <= harness.clock.now() - began
    assert harness.clock.slept - slept <= at_most.total_seconds()
    harness.assert_agree()


FAULTS: dict[str, tuple[Callable[[ExportHarness], None], timedelta, timedelta]] = {
    "as it should be": (lambda harness: None, timedelta(0), 5 * SECOND),
    "doubled": (lambda harness: harness.sandbox.arrive_twice("POST", EVENTS), QUIET - SECOND, QUIET + MINUTE),
    "answer lost": (lambda harness: harness.sandbox.lose_response("POST", EVENTS), QUIET - SECOND, QUIET + MINUTE),
    "request lost": (lambda harness: harness.sandbox.lose_request("POST", EVENTS), timedelta(0), 5 * SECOND),
    "late, before ours again": (
        lambda harness: harness.sandbox.arrive_late("POST", EVENTS, 0.4),
        QUIET - SECOND,
        QUIET + MINUTE,
    ),
    "late, after ours again": (
        lambda harness: harness.sandbox.arrive_late("POST", EVENTS, 20),
        timedelta(0),
        9 * SECOND,
    ),
    "accepted, done later": (lambda harness: harness.sandbox.accept_late("POST", EVENTS, 20), 20 * SECOND, MINUTE),
    "accepted, and forgotten": (lambda harness: harness.sandbox.accept_late("POST", EVENTS, 9999), 20 * SECOND, MINUTE),
    "ended later": (lambda harness: harness.sandbox.accept_late("POST", EVENTS, 20, skip=1), 20 * SECOND, MINUTE),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_claim_of_the_only_installation_is_never_anothers(harness: ExportHarness, fault: str) -> None:
    act, at_least, at_most = FAULTS[fault]
    act(harness)
    booked(harness, at_least, at_most)
    assert [row.status for row in harness.store.jobs("desk")] == ["completed_with_errors"]


def test_nothing_is_booked_before_the_job_is_in_progress(harness: ExportHarness) -> None:
    harness.sandbox.accept_late("POST", EVENTS, 20)
    statuses: list[str] = []

    def book(behind: Any, entries: Any) -> Any:
        statuses.append(str(harness.sandbox.jobs[0].status))
        return behind.book(entries)

    harness.alter(book=book)
    booked(harness)
    assert set(statuses) == {"in_progress"}


@pytest.mark.parametrize("ahead", [-5, 5])
def test_our_clock_may_be_hours_apart_from_pleos(harness: ExportHarness, ahead: int) -> None:
    """What was before and what after is told by Pleo's clock alone."""
    harness.sandbox.lose_response("POST", EVENTS)
    harness.clock = Skewed(harness.clock, timedelta(hours=ahead))  # type: ignore[assignment]
    booked(harness, QUIET - SECOND, QUIET + MINUTE)


class Skewed:
    """The sandbox's time, told wrongly."""

    def __init__(self, behind: SandboxClock, by: timedelta) -> None:
        self._behind, self._by = behind, by

    @property
    def slept(self) -> float:
        return self._behind.slept

    def now(self) -> datetime:
        return self._behind.now() + self._by

    def sleep(self, seconds: float) -> None:
        self._behind.sleep(seconds)


def test_pleo_that_never_starts_what_it_accepted(harness: ExportHarness) -> None:
    harness.sandbox.accept_late("POST", EVENTS, 9999, times=2)
    with pytest.raises(Unreachable, match="did not start it"):
        harness.export()
    assert harness.entries() == {}
    booked(harness)


def test_a_job_that_expired_before_its_claim(harness: ExportHarness) -> None:
    result = harness.export_acting(
        "pleo.start#1:before", lambda: harness.sandbox.expire_job(harness.sandbox.jobs[0].id)
    )
    assert result.event == "unfinished"
    assert "job_expired" in (result.failure or "")


def killed_at(harness: ExportHarness, at: str, *, take_over: bool = False) -> None:
    """A run that ends there, as a killed process would; and a few minutes pass before the next."""

    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        harness.export_acting(at, die, take_over=take_over)


@pytest.mark.parametrize("at", ["pleo.start#1:before", "pleo.start#1:after", "store.claim_job#2:after"])
def test_a_claim_outlives_its_run(harness: ExportHarness, at: str) -> None:
    killed_at(harness, at)
    unknown = at == "pleo.start#1:after"
    booked(harness, QUIET - SECOND if unknown else timedelta(0), QUIET + MINUTE if unknown else 5 * SECOND)


def test_time_that_passed_without_us_is_quiet_too(harness: ExportHarness) -> None:
    """Pleo's clock tells since when nothing happened: a run that was stopped again and again comes to its end."""
    killed_at(harness, "pleo.start#1:after")
    harness.sandbox.move_clock(QUIET + MARGIN)
    booked(harness, at_most=5 * SECOND)


DATES: dict[str, Callable[[datetime], datetime]] = {
    "minutes ahead": lambda date: date + 4 * MINUTE,
    "minutes behind": lambda date: date - 4 * MINUTE,
    "hours behind": lambda date: date - 240 * MINUTE,
    "standing still": lambda date: datetime(2026, 1, 1, tzinfo=UTC),
}


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("fault", ["doubled", "answer lost"])
def test_a_date_that_is_off_costs_no_claim_and_no_quiet_time(harness: ExportHarness, date: str, fault: str) -> None:
    FAULTS[fault][0](harness)
    told = DATES[date]
    harness.pleo = Told(  # type: ignore[assignment]
        harness.pleo, lambda job: replace(job, read_at=told(job.read_at) if job.read_at else None)
    )
    booked(harness, QUIET - SECOND, QUIET + MINUTE)


# ---------------------------------------------------------------------------------- and another one


def another_claims(harness: ExportHarness) -> None:
    """Another installation claims the job."""
    assert harness.pleo.start(harness.sandbox.jobs[0].id)


def another_tells(harness: ExportHarness, status: Any = "in_progress") -> None:
    why: dict[str, Any] = {"failure": "x", "failure_type": "validation_failure"} if status == "failed" else {}
    harness.pleo.report(harness.sandbox.jobs[0].id, [ItemReport(entry_id=entry_id(1), status=status, **why)])


def left_alone(harness: ExportHarness) -> str:
    with pytest.raises(Taken) as fault:
        harness.export()
    assert harness.entries() == {}
    return str(fault.value)


def test_a_job_that_we_only_looked_at_is_not_ours(harness: ExportHarness) -> None:
    killed_at(harness, "store.begin_job#1:after")
    another_claims(harness)
    harness.sandbox.move_clock(5 * MINUTE)
    assert "under way in another installation" in left_alone(harness)
    assert [row.status for row in harness.store.jobs("desk")] == ["not ours"]


def test_claimed_while_we_waited_for_the_accounting_system(harness: ExportHarness) -> None:
    def check(behind: Any) -> Any:
        if str(harness.sandbox.jobs[0].status) == "pending":
            another_claims(harness)
        return behind.check()

    harness.alter(check=check)
    assert "was claimed by another installation" in left_alone(harness)
    assert harness.sandbox.calls["POST /v3/export-job-events"] == 1, "it claimed all the same"


@pytest.mark.parametrize("told", [True, False])
def test_claimed_just_before_us_and_worked_on(harness: ExportHarness, told: bool) -> None:
    """The refusal alone says nothing; what the other one does says it."""
    beginning = harness.clock.now()

    def claim() -> None:
        another_claims(harness)
        if told:
            another_tells(harness)

    class Working:
        """The other one tells its first item a minute later."""

        def now(self) -> datetime:
            return harness.sandbox.clock.now()

        def sleep(self, seconds: float) -> None:
            harness.sandbox.move_clock(timedelta(seconds=seconds))
            if not told and self.now() - beginning > MINUTE:
                another_tells(harness)

    harness.clock = Working()  # type: ignore[assignment]
    with pytest.raises(Taken):
        harness.export_acting("pleo.start#1:before", claim)
    assert harness.entries() == {}
    assert [row.status for row in harness.store.jobs("desk")] == ["not ours"]
    assert "another installation" in left_alone(harness)


def test_an_item_that_is_told_while_the_clock_of_the_job_stands(harness: ExportHarness) -> None:
    """Pleo does not say whether an item update moves `lastUpdatedAt`: the items are looked at as well."""
    harness.sandbox.item_update_moves_clock = False
    killed_at(harness, "pleo.start#1:after")
    another_tells(harness, "failed")
    harness.sandbox.move_clock(5 * MINUTE)
    left_alone(harness)


def test_where_the_reference_is_not_enforced_a_person_decides(harness: ExportHarness) -> None:
    searchable = replace(harness.connector.capabilities, reference="searchable", settle_after=MINUTE)
    harness.alter(capabilities=searchable)
    killed_at(harness, "pleo.start#1:after")
    harness.sandbox.move_clock(5 * MINUTE)
    assert "take it over at once" in left_alone(harness)
    assert [row.status for row in harness.store.jobs("desk")] == ["claiming"]
    assert harness.export(take_over=True).booked == 4
    harness.assert_agree()


def test_what_is_taken_over_is_noted_as_ours_when_what_others_wrote_must_be_there(harness: ExportHarness) -> None:
    """Killed after the note, the next run continues a job of its own, and knows of no write of theirs."""
    searchable = replace(harness.connector.capabilities, reference="searchable", settle_after=4 * MINUTE)
    harness.alter(capabilities=searchable)
    another_claims(harness)
    began = harness.clock.now()
    killed_at(harness, "store.claim_job#1:before", take_over=True)
    assert 4 * MINUTE <= harness.clock.now() - began < 5 * MINUTE
    assert harness.export(take_over=True).booked == 4
    assert harness.clock.slept < 9 * 60, "once is enough for a run"
    harness.assert_agree()


def test_without_a_decision_it_is_taken_over_when_left_alone(harness: ExportHarness) -> None:
    harness.alter(capabilities=replace(harness.connector.capabilities, reference="searchable", settle_after=MINUTE))
    killed_at(harness, "pleo.start#1:after")
    harness.sandbox.move_clock(ALIVE + SECOND)
    booked(harness, at_least=QUIET, at_most=QUIET + timedelta(seconds=APART) + 2 * MINUTE)


def left_behind(harness: ExportHarness, **changes: Any) -> None:
    """A job that another installation left alone, over an accounting system that doubles what is written twice."""
    searchable = replace(harness.connector.capabilities, reference="searchable", settle_after=MINUTE)
    harness.alter(capabilities=searchable, **changes)
    another_claims(harness)
    harness.sandbox.move_clock(ALIVE + SECOND)


def test_a_job_left_alone_is_acted_on_and_watched_before_anything_is_written(harness: ExportHarness) -> None:
    left_behind(harness)
    booked(harness, at_least=QUIET, at_most=QUIET + timedelta(seconds=APART) + 2 * MINUTE)


@pytest.mark.parametrize("after", [timedelta(0), timedelta(seconds=APART) + MINUTE])
def test_of_two_that_find_a_job_left_alone_the_one_that_acts_last_has_it(
    harness: ExportHarness, after: timedelta
) -> None:
    """Another installation acts on it while this one waits for its turn, or after this one acted."""
    beginning, told = harness.clock.now(), [False]

    class Working:
        def now(self) -> datetime:
            return harness.sandbox.clock.now()

        def sleep(self, seconds: float) -> None:
            harness.sandbox.move_clock(timedelta(seconds=seconds))
            if not told[0] and self.now() - beginning > ALIVE + after:
                told[0] = True
                another_tells(harness)

    harness.clock = Working()  # type: ignore[assignment]
    left_behind(harness)
    assert "claimed by another installation" in left_alone(harness)
    assert told[0]


def test_a_longer_settle_after_is_a_longer_quiet(harness: ExportHarness) -> None:
    harness.alter(capabilities=replace(harness.connector.capabilities, settle_after=4 * MINUTE))
    harness.sandbox.arrive_twice("POST", EVENTS)
    booked(harness, 4 * MINUTE - SECOND, 5 * MINUTE)


def test_pleo_without_a_clock_is_watched_by_ours(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, a_company(Expense(an_item(1)))) as harness:
        harness.sandbox.arrive_twice("POST", EVENTS)

        class Timeless:
            def __getattr__(self, name: str) -> Any:
                return getattr(harness.pleo, name)

            def job(self, job_id: str) -> ExportJob:
                return replace(harness.pleo.job(job_id), read_at=None)

        pleo: Any = Timeless()
        began = harness.clock.now()
        ports = Ports(pleo=pleo, connector=harness.connector, store=harness.store, clock=harness.clock)
        assert harness._run(ports).booked == 1
        assert QUIET <= harness.clock.now() - began <= QUIET + MINUTE


def test_a_job_that_we_ended_is_not_anothers_while_pleo_still_lists_it(harness: ExportHarness) -> None:
    harness.sandbox.accept_late("POST", EVENTS, 600, skip=1)
    assert harness.export().booked == 4
    with pytest.raises(Busy, match="finished by another run") as fault:
        harness.export()
    assert not isinstance(fault.value, Taken)
    harness.sandbox.move_clock(10 * MINUTE)
    harness.assert_agree()


def test_a_cancelled_job_is_gone(harness: ExportHarness) -> None:
    another_claims(harness)
    job = harness.pleo.job(harness.sandbox.jobs[0].id)
    harness.sandbox.cancel_job(job.id)
    with pytest.raises(JobGone, match="canceled_by_user"):
        run_job(harness.connection, job, harness.ports)


def test_a_claim_costs_two_looks_and_an_end_one(harness: ExportHarness) -> None:
    booked(harness)
    assert harness.sandbox.calls[f"GET {JOBS}/{{jobId}}"] == 3
