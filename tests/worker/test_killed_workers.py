"""Workers killed with `kill -9` at random moments while companies export: all jobs end, each item is booked once."""

from __future__ import annotations

import os
import random
import time
from functools import partial

import pytest

from tests.support.running_service import RunningService, wait_for
from tests.worker.conftest import Build
from tests.worker.test_workers import asker, dismiss

COMPANIES = int(os.environ.get("KONTOBRO_TEST_COMPANIES", "50"))
ITEMS = 4
KILLS = 6
SEED = 5


def is_at_work(service: RunningService, process_id: int) -> bool:
    """Whether that worker has begun a piece of work, or there is none left."""
    begun = f" {process_id} kontobro.worker.perform work begins" in service.said
    return begun or all(service.states(name) == ["completed"] for name in service.companies)


@pytest.mark.kill
@pytest.mark.timeout(600)  # a claim whose answer was lost is watched for two minutes
def test_killed_anywhere_with_three_workers(shared_build: Build) -> None:
    chance = random.Random(SEED)
    with shared_build(companies=COMPANIES, items=ITEMS, poll_seconds="5") as service, asker(service) as runner:
        service.sandbox.traffic.limit = None
        for connection_id in service.companies:
            service.press_export(connection_id)
            runner.export(connection_id)
        workers = [service.hire() for _ in range(3)]
        try:
            for _ in range(KILLS):
                victim = chance.randrange(len(workers))
                wait_for(partial(is_at_work, service, workers[victim].pid))
                time.sleep(chance.uniform(0, 1.5))
                workers[victim].kill()
                workers[victim].wait(10)
                workers[victim] = service.hire()
            wait_for(lambda: all(service.states(name) == ["completed"] for name in service.companies), 400, pause=0.3)
        finally:
            dismiss(workers)
        assert "taken over" in service.said
        for connection_id in service.companies:
            service.assert_whole(connection_id)
