"""A recording of the sandbox: `python -m tests.contract.recorded_sandbox` renews the fixture."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from contract.recorded import FOLDER
from kontobro.pleo import Ways
from kontobro.pleo.probe.recording import recording
from kontobro.pleo.probe.run import Report, Wanted, probe
from tests.pleo.probed import EXPENSES, probed

FIXTURE = FOLDER / "sandbox.json"


def recorded() -> dict[str, Any]:
    """What the probe finds in a sandbox with a history, asked all that can be asked with an API key."""
    with probed() as place:
        place.exported(range(1, 3))
        place.exported([3])
        job = place.export(range(1, EXPENSES + 1))
        wanted = Wanted(writes=True, jobs=(job.id,))
        results = tuple(probe(place.connection(), place.tokens, place.clock, Ways(), wanted))
    at = datetime(2026, 11, 29, tzinfo=UTC)
    return recording(Report(environment="sandbox", version="", at=at, writes=True, results=results))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    FIXTURE.write_text(json.dumps(recorded(), indent=1) + "\n", encoding="utf-8")
