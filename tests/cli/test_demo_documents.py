"""The demo into documents of each format, as `make demo TARGET=…` runs it: read by strangers, sums as sealed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.erp.files.judge import READERS, main
from tests.support.connected_home import ENVIRONMENT, PROJECT


@pytest.mark.parametrize("target", READERS)
def test_strangers_read_what_was_sealed(tmp_path: Path, target: str) -> None:
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "kontobro.cli", "demo", "--folder", str(folder), "--target", target, "--json"]
    done = subprocess.run(command, cwd=PROJECT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    summary = json.loads(done.stdout)
    assert summary["duplicates"] == summary["sync"]["second_run_writes"] == 0
    assert summary["booked"] + summary["failed"] == summary["items"] == 116
    assert summary["booked"] >= 85
    assert main(target, folder) == 0
