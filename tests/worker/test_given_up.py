"""After work was given up because it ended its worker again and again: whose turn it is, and whose not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kontobro.core.model.history import Intent
from kontobro.core.model.journal import Reference
from kontobro.worker import workflows
from kontobro.worker.perform import MOST_ATTEMPTS, GivenUp, begin
from kontobro.worker.workflows import REST
from tests.support.running_service import a_running_service

COMPANY = "c000"


@dataclass
class GaveUp:
    """Asks for exports; the latest of them was given up so long ago."""

    ago: timedelta
    asked: list[str] = field(default_factory=list)

    @property
    def client(self) -> Any:
        at = (datetime.now(UTC) - self.ago).timestamp() * 1000
        row = SimpleNamespace(output={"fault": "GivenUp", "failure": "…"}, completed_at=at)
        return SimpleNamespace(list_workflows=lambda **_: [row])

    def export(self, connection_id: str) -> None:
        self.asked.append(connection_id)


@pytest.mark.parametrize(
    ("begun", "ago", "asked"),
    [
        (True, timedelta(0), []),
        (True, REST + timedelta(minutes=1), [COMPANY]),
        (False, timedelta(0), [COMPANY]),
    ],
)
def test_a_job_rests_after_it_was_given_up_and_one_that_no_run_began_does_not(
    tmp_path: Path, begun: bool, ago: timedelta, asked: list[str]
) -> None:
    with a_running_service(tmp_path) as service, service.app() as app:
        job_id = service.press_export(COMPANY)
        connection = app.store.connections()[0]
        if begun:
            job = app.ports_for(connection).pleo.job(job_id)
            app.store.begin_job(COMPANY, job, "run", app.clock.now())
        runner = GaveUp(ago)
        context: Any = SimpleNamespace(app=app, runner=runner)
        workflows._look(context, COMPANY)
        assert runner.asked == asked


@dataclass
class Row:
    """A piece of work as DBOS keeps it."""

    attributes: dict[str, Any] = field(default_factory=dict)

    def list_workflows(self, **_: object) -> list[Any]:
        now = datetime.now(UTC).timestamp() * 1000
        return [
            SimpleNamespace(
                workflow_id=f"{COMPANY}.1", name="export", attributes=self.attributes, status="PENDING", output=None,
                created_at=now, updated_at=now, completed_at=None, input=None, error=None,
            )
        ]  # fmt: skip

    def update_workflow_attributes(self, _: str, attributes: dict[str, Any]) -> None:
        self.attributes = {**self.attributes, **attributes}


def test_work_that_comes_further_each_time_may_lose_any_number_of_workers(tmp_path: Path) -> None:
    with a_running_service(tmp_path) as service, service.app() as app:
        job_id = service.press_export(COMPANY)
        connection = app.store.connections()[0]
        row = Row()
        context: Any = SimpleNamespace(app=app, runner=SimpleNamespace(client=row), listeners=())
        job = app.ports_for(connection).pleo.job(job_id)
        app.store.begin_job(COMPANY, job, "run", app.clock.now())
        for number in range(2 * MOST_ATTEMPTS):
            begin(context, "work")
            plan = Intent(reference=Reference(str(number)), kind="journal", item_type="card_purchase")
            app.store.plan(COMPANY, job_id, "run", [plan], app.clock.now())
        for _ in range(MOST_ATTEMPTS):
            begin(context, "work")
        with pytest.raises(GivenUp):
            begin(context, "work")
