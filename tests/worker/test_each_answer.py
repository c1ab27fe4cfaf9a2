"""The service under every answer that Pleo's documents leave open: one worker, an export each. It is asked
for as a webhook does, or found by polling where the list of jobs is what may differ.

`tests/export/test_dialect.py` has connect, export and sync pass under each in process, `tests/cli/test_each_answer.py`
the command line, `tests/web/test_webhooks.py` deliveries.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.dialect import SWITCHES
from kontobro.core.errors import KontobroError
from kontobro.core.ports.runner import Work
from kontobro.export.engine import JobResult
from kontobro.pleo.documented.switches import keep_answers
from kontobro.worker.pieces import Result
from kontobro.worker.serving import Worker
from pleo_sandbox.company.jobs import Job
from pleo_sandbox.rules import Rules
from tests.support.pleo_answers import GOOD, INVOICE, PLAYED, STUCK, Effect, effect_of, expenses, played
from tests.support.running_service import RunningService, a_running_service, wait_for

COMPANIES = 6
"""In turns: one connection sends Pleo 500 calls a minute at most, and waits then."""
POLLED = {"unseen_word", "lists_reversed", "lists_heed_filters", "largest_page", "company_key", "unknown_fields"}
WHOLE_TURN = 3600.0
"""As long as the interval of polling, so that one turn has every connection in it."""
FIRST = {name: getattr(Rules(), name) for name in Rules.__dataclass_fields__}
SOME = (1, 2, *range(INVOICE, GOOD + 1))
"""Of the expenses by number: those with a receipt, and those that are of another kind."""
ALL = range(1, GOOD + 1)
"""More than the smallest page."""

pytestmark = pytest.mark.slow


@dataclass
class Serving:
    """A service at work, the company whose turn it is, and what was said of each piece of its work."""

    service: RunningService
    worker: Worker
    heard: list[tuple[Work, list[Result], KontobroError | None]] = field(default_factory=list)
    company: str = ""
    turns: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def answers(self, rules: dict[str, Any]) -> None:
        """This Pleo is so, and the service was told what it has to know, as `kontobro probe --set` does."""
        self.service.sandbox.set_rules(FIRST | rules)
        assert self.worker.app.answers is not None
        self.worker.app.answers.unlink(missing_ok=True)
        keep_answers(self.worker.app.answers, "sandbox", {name: rules[name] for name in rules.keys() & SWITCHES.keys()})

    def press_export(self, numbers: Collection[int]) -> tuple[Job, dict[int, str]]:
        """A job, and the ids of its expenses by number."""
        company, known = self.service.companies[self.company], {}
        for number, expense in enumerate(expenses(), start=1):
            if number in numbers:
                item = expense.item | {"accountingEntryId": str(uuid.uuid4()), "companyId": company}
                if "invoiceInformation" in item["additionalInformation"]:
                    own = item["additionalInformation"]["invoiceInformation"] | {"invoiceNumber": str(uuid.uuid4())}
                    item["additionalInformation"] = item["additionalInformation"] | {"invoiceInformation": own}
                known[number] = self.service.sandbox.add_expense(company, item, expense.files)
        job = self.service.sandbox.press_export(company, known.values(), vendor_based=True)
        return next(each for each in self.service.sandbox.jobs if each.id == job), known

    def is_done(self) -> bool:
        """Whether a piece of work was told of, and none is under way: until then the next would have to wait."""
        return bool(self.heard) and all(work.ended_at for work in self.worker.runner.work(self.company))

    def look(self, rules: dict[str, Any]) -> None:
        """Find the job: by a turn, to its end, where the list of jobs may differ; else as a webhook has it done."""
        if not POLLED & rules.keys() and rules:
            self.worker.runner.export(self.company)
            return
        turn = self.worker.runner.turn(next(self.turns), WHOLE_TURN)
        self.worker.runner.client.retrieve_workflow(turn).get_result(polling_interval_sec=0.02)


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    heard: list[tuple[Work, list[Result], KontobroError | None]] = []

    def hear(work: Work, done: Sequence[Result], fault: KontobroError | None) -> None:
        heard.append((work, list(done), fault))

    folder: Path = tmp_path_factory.mktemp("service")
    with a_running_service(folder, companies=COMPANIES, items=0) as service, service.at_work(hear) as worker:
        service.sandbox.traffic.limit = None
        yield Serving(service, worker, heard)


@pytest.mark.parametrize("rules", played({**PLAYED, "stuck": STUCK}))
def test_an_export_by_polling_under_each_answer(serving: Serving, rules: dict[str, Any]) -> None:
    serving.company = f"c{next(serving.turns) % COMPANIES:03}"
    rules = rules | ({"events_take": 1} if "events_take" in rules else {})
    job, ids = serving.press_export(ALL if rules == STUCK else SOME)
    serving.answers(rules)
    before = serving.service.booked(serving.company)
    serving.heard.clear()
    serving.look(rules)
    effect = effect_of(rules)
    if effect.unseen:
        assert (job.status, serving.heard) == ("pending", [])
    else:
        wait_for(serving.is_done)
        (_, done, fault) = serving.heard[0]
        if rules == STUCK:
            assert "same cursor" in str(fault)
        else:
            assert fault is None
            check_job(job, ids, effect, [one for one in done if isinstance(one, JobResult)])
    booked = {reference.removesuffix("/pay") for reference in serving.service.booked(serving.company) - before}
    left_out = set(ids) if effect.unseen or rules == STUCK else {*effect.refused, *([1] if effect.stops else [])}
    assert booked == {id for number, id in ids.items() if number not in left_out}
    serving.answers({})
    if job.is_open:
        serving.service.sandbox.cancel_job(job.id)


def check_job(job: Job, ids: dict[int, str], effect: Effect, results: list[JobResult]) -> None:
    """How it ended in Pleo, and what Pleo was told of each expense that failed."""
    (result,) = results
    ends = "failed" if effect.stops else "completed_with_errors" if effect.refused else "completed"
    assert (result.event, str(job.status)) == (ends, ends)
    assert effect.stops in (job.failure_reason or "")
    told = {number: job.by_entry[ids[number]].result for number in effect.refused}
    for number, (reason, text) in effect.refused.items():
        assert told[number].failure_reason_type == reason
        assert text in (told[number].failure_reason or "")
