"""Every answer of the running sandbox is one that Pleo's documents allow: Schemathesis is the judge."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract.fuzz import command, never_accepted
from contract.known import KnownCompany, known_for_reading, known_for_writing
from pleo_sandbox.server import serve

pytestmark = pytest.mark.contract

PATIENCE = 600
"""Seconds for one run; it takes about one minute."""

# Reading and writing run apart, each against a sandbox of its own: a write may end the job that a reading needs.
PARTS = {
    "reading": (known_for_reading, ["--include-method", "GET"]),
    "writing": (known_for_writing, ["--exclude-method", "GET"]),
}


@pytest.mark.parametrize(("make_known", "only"), PARTS.values(), ids=PARTS)
def test_every_answer_of_the_sandbox_is_pleos(
    make_known: Callable[[], KnownCompany], only: list[str], document: dict[str, Any], tmp_path: Path
) -> None:
    known = make_known()
    with serve(known.sandbox) as url:
        run = subprocess.run(
            command(tmp_path, document, url, known, only),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["operations"]["tested"] == report["operations"]["selected"] > 0
    assert never_accepted(report) == []
