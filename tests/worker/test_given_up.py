"""After work was given up because it ended its worker again and again: whose turn it is, and whose not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kontobro.worker import workflows
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
    with a_running_service(tmp_path) as town, town.at_home() as home:
        job_id = town.press_export(COMPANY)
        connection = home.store.connections()[0]
        if begun:
            job = home.ports_for(connection).pleo.job(job_id)
            home.store.begin_job(COMPANY, job, "run", home.clock.now())
        runner = GaveUp(ago)
        duty: Any = SimpleNamespace(home=home, runner=runner)
        workflows._look(duty, COMPANY)
        assert runner.asked == asked
