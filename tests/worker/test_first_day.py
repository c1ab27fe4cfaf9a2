"""The first day at Pleo, rehearsed: the probe finds out how this Pleo is, its answers are set, and the service exports.

`tests/pleo/test_probe.py` plays each answer alone, `tests/export/test_dialect.py` has connect, sync and export pass
under each, `test_each_answer.py` the service. Here is the way from the one to the other: the client knows nothing but
what the probe set.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.dialect import SWITCHES, Dialect
from kontobro.core.model.connection import Tokens
from kontobro.pleo.documented.news import NewsFile
from kontobro.pleo.documented.switches import keep_answers
from kontobro.pleo.probe.run import Wanted, probe
from pleo_sandbox.company.oauth import ALL_SCOPES
from pleo_sandbox.rules import ANSWERS, LENIENT
from tests.support.pleo_answers import NONE, effect_of
from tests.support.running_service import RunningService, a_running_service, wait_for

COMPANY = "c000"
ITEMS = 12
"""More than the smallest batch."""

OTHERS = {name: answers[-1] for name, answers in ANSWERS.items() if name in SWITCHES}
COPED_WITH = {
    name: answers[1]
    for name, answers in ANSWERS.items()
    if name not in (*SWITCHES, "events_take") and effect_of({name: answers[1]}) == NONE
}
"""Those under which every expense is booked; what the others do is in `test_each_answer.py`. Events that are true later
leave it to chance which question finds the job over."""
PLAYED = {
    "the first answers": {},
    "the other switches": OTHERS,
    "what is coped with": COPED_WITH,
    "lenient": dict(LENIENT),
    "all others": {**COPED_WITH, **OTHERS},
}

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("rules", PLAYED.values(), ids=PLAYED)
def test_what_the_probe_set_is_all_that_the_service_needs(tmp_path: Path, rules: dict[str, Any]) -> None:
    with a_running_service(tmp_path, items=ITEMS) as service:
        service.sandbox.set_rules(rules)
        found = ask_and_set(service, service.press_export(COMPANY))
        assert found.keys() == rules.keys() & SWITCHES.keys() - unanswered(rules)
        end_the_probes_job(service)
        job = service.press_export(COMPANY)
        with service.at_work() as worker:
            work_id = worker.runner.export(COMPANY)
            wait_for(lambda: any(work.id == work_id and work.ended_at for work in worker.runner.work(COMPANY)))
        assert {each.id: str(each.status) for each in service.sandbox.jobs}[job] == "completed"
        assert service.booked(COMPANY) == Counter(service.expenses(COMPANY))
        with service.app() as app:
            assert app.news is not None
            news = [one for one in NewsFile(app.news).read() if one.kind != "fact"]
        assert news == [] or rules.get("error_bodies") is False or rules.get("unknown_fields")


def unanswered(rules: dict[str, Any]) -> set[str]:
    """Switches that this Pleo gives no answer to: an API key has no client, a job that is over can't be asked."""
    ended = (
        {"reason_on_errors", "login_reason", "all_failed"} if rules.get("final_event_fits_items") is False else set()
    )
    unbounded = {"longest_reason"} if rules.get("texts_are_bounded") is False else set()
    return {"client_auth"} | ended | unbounded | ({"event_name"} if rules.get("subscriptions_need_scope") else set())


def ask_and_set(service: RunningService, job: str) -> dict[str, object]:
    """What a person does with `kontobro probe --write --job JOB --set`: the switches that were changed."""
    with service.app() as app:
        connection = app.store.connection(COMPANY)
        assert connection is not None
        assert app.answers is not None
        scopes = map(service.sandbox.rules.scope, ALL_SCOPES)
        app.store.save_tokens(connection, Tokens(access=service.sandbox.add_api_key(connection.company_id, scopes)))
        wanted = Wanted(writes=True, jobs=(job,))
        results = list(probe(connection, app.store, app.clock, app.ways(connection), wanted))
        found = {one.question.switch: one.sets for one in results if one.differs}
        keep_answers(app.answers, "sandbox", found)
        assert app.dialect_for("sandbox") == Dialect(**found)  # type: ignore[arg-type]
        wrong = {name: answer for name, answer in found.items() if answer != getattr(service.sandbox.rules, name)}
        assert wrong == {}
    return found


def end_the_probes_job(service: RunningService) -> None:
    """Its expenses go into Pleo's queue again, as a bookkeeper puts them there."""
    (job,) = service.sandbox.jobs
    if job.is_open:
        service.sandbox.cancel_job(job.id)
    service.sandbox.queue(service.companies[COMPANY])
