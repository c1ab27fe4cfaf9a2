"""Every answer of the running sandbox is one that Pleo's documents allow: Schemathesis is the judge."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from contract.box import filled_box
from contract.fuzz import command
from pleo_sandbox.server import serve

pytestmark = pytest.mark.contract

PATIENCE = 600
"""Seconds for one run; it takes about one minute."""

# Reading and writing run apart, each against a sandbox of its own: a write may end the job that a reading needs.
PARTS = {
    "reading": ["--include-method", "GET"],
    "writing": ["--exclude-method", "GET"],
}


@pytest.mark.parametrize("part", PARTS)
def test_every_answer_of_the_sandbox_is_pleos(part: str, document: dict[str, Any], tmp_path: Path) -> None:
    box = filled_box()
    with serve(box.sandbox) as url:
        run = subprocess.run(
            command(tmp_path, document, url, box, PARTS[part]),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    assert "Tested:" in run.stdout, run.stdout
