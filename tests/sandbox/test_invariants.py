"""Whatever a bookkeeper, an integration and the clock do, the jobs of a company stay possible."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pleo_sandbox.company.jobs import MOVES, UNFINISHED, ItemResult, ItemStatus, JobEvent, JobStatus
from pleo_sandbox.errors import PleoError
from pleo_sandbox.rules import LENIENT
from pleo_sandbox.state.exports import ExportStatus
from pleo_sandbox.state.sandbox import Sandbox
from tests.sandbox import factories
from tests.support.examples import examples

ENTRIES = 4


def refused(action: Callable[[], object]) -> int | None:
    """The status of the refusal, if there is one."""
    try:
        action()
    except PleoError as error:
        return error.status
    return None


class Company(RuleBasedStateMachine):
    """One company of four expenses."""

    def __init__(self) -> None:
        super().__init__()
        self.acme = factories.company(ENTRIES)
        self.sandbox = Sandbox(self.acme)
        self.sandbox.set_rules(LENIENT)
        self.ids = [expense.id for expense in self.acme.expenses]

    @rule(chosen=st.sets(st.integers(0, ENTRIES - 1)))
    def press(self, chosen: set[int]) -> None:
        was_open = any(job.is_open for job in self.sandbox.jobs)
        refusal = refused(lambda: self.sandbox.press_export(self.acme.id, [self.ids[place] for place in chosen]))
        assert refusal == (400 if not chosen else 409 if was_open else None)

    @rule()
    def queue(self) -> None:
        self.sandbox.queue(self.acme.id)

    @precondition(lambda self: self.sandbox.jobs)
    @rule(event=st.sampled_from(JobEvent), data=st.data())
    def send(self, event: JobEvent, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(self.sandbox.jobs))
        allowed = (job.status, event) in MOVES
        refusal = refused(lambda: self.sandbox.exports.apply(job, event, "reason", "validation_failure"))
        assert refusal == (None if allowed else 422)

    @precondition(lambda self: self.sandbox.jobs)
    @rule(place=st.integers(0, ENTRIES - 1), status=st.sampled_from(ItemStatus), external=st.sampled_from("AB"))
    def update(self, place: int, status: ItemStatus, external: str) -> None:
        job = self.sandbox.jobs[-1]
        was_running = job.status is JobStatus.IN_PROGRESS
        result = ItemResult(status, external_id=external)
        refusal = refused(lambda: self.sandbox.exports.update(job, [(self.ids[place], result)]))
        assert refusal == (None if was_running else 422)

    @rule(minutes=st.integers(1, 90))
    def wait(self, minutes: int) -> None:
        self.sandbox.move_clock(timedelta(minutes=minutes))

    @invariant()
    def at_most_one_job_is_open(self) -> None:
        assert sum(job.is_open for job in self.sandbox.jobs) <= 1

    @invariant()
    def a_closed_job_has_no_unfinished_items(self) -> None:
        for job in self.sandbox.jobs:
            assert job.is_open or not any(item.status in UNFINISHED for item in job.items)

    @invariant()
    def only_an_open_job_holds_expenses(self) -> None:
        held = {entry_id for job in self.sandbox.jobs if job.is_open for entry_id in job.by_entry}
        for entry_id in self.ids:
            exporting = self.sandbox.export_status(self.acme.id, entry_id) is ExportStatus.EXPORTING
            assert exporting is (entry_id in held)

    @invariant()
    def what_is_exported_was_successful(self) -> None:
        for entry_id in self.ids:
            if self.sandbox.export_status(self.acme.id, entry_id) is ExportStatus.EXPORTED:
                state = self.sandbox.item_state(self.acme.id, entry_id)
                assert state is not None
                assert state["status"] == "successful"


TestCompany = Company.TestCase
TestCompany.settings = settings(max_examples=examples(40), stateful_step_count=25, deadline=None)
