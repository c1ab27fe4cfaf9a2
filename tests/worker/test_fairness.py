"""One organisation with many companies on an accounting system that does not answer leaves places for the others."""

from __future__ import annotations

from dataclasses import replace

from kontobro.worker.serving import Worker
from tests.support.running_service import RunningService, wait_for
from tests.worker import tarpit
from tests.worker.conftest import Build

GREEDY = 8
OTHER = f"c{GREEDY:03}"


def owner(connection_id: str) -> str:
    return "other" if connection_id == OTHER else "greedy"


def test_one_organisation_never_holds_all_places(build: Build) -> None:
    """Eight exports that hang, on a worker with four places: the ninth, of another organisation, is done meanwhile."""
    tarpit.answers.clear()
    with build(companies=GREEDY + 1) as service:
        with service.app() as app:
            for connection in app.store.connections():
                if connection.id != OTHER:
                    app.store.save_connection(replace(connection, erp="tests.worker.tarpit:TarPit"))
        for connection_id in service.companies:
            service.press_export(connection_id)
        with service.at_work(owner=owner) as worker:
            try:
                for connection_id in service.companies:
                    worker.runner.export(connection_id)
                wait_for(lambda: service.states(OTHER) == ["completed"], 90)
                stuck = [worker.runner.work(name)[0].state for name in service.companies if name != OTHER]
                assert set(stuck) <= {"waiting", "running"}
            finally:
                tarpit.answers.set()
            wait_for(lambda: not unfinished(worker, service))
        service.assert_whole(OTHER)


def unfinished(worker: Worker, service: RunningService) -> list[str]:
    """The states of what waits or runs still."""
    works = [work for name in service.companies for work in worker.runner.work(name)]
    return [work.state for work in works if work.state in ("waiting", "running")]
