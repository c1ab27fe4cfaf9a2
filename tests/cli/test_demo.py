"""The demo: a checked ledger, honest counts, a clean second run, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from kontobro.cli.app import app
from kontobro.cli.demo.tally import tally_of
from kontobro.core.errors import Misconfigured
from kontobro.service.demo.sandbox_process import running_sandbox


def run_demo(folder: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["demo", "--folder", str(folder), *words])
    return result.exit_code, result.output


def test_twice_from_clean_to_a_checked_ledger(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    summaries = []
    for _ in range(2):
        code, shown = run_demo(folder)
        assert code == 0, shown
        summaries.append(json.loads((folder / "summary.json").read_text(encoding="utf-8")))
    first, second = (
        {name: value for name, value in s.items() if name not in ("seconds", "http_calls")} for s in summaries
    )
    assert first == second, "a second demo starts clean"
    assert first["bean_check"] == "ok"
    sync = first["sync"]
    kinds = {"accounts", "tax-codes", "dimensions", "vendors"}
    assert (sync["level"], sync["installation"], sync["second_run_writes"]) == (4, "ACTIVATED", 0)
    assert all(set(sync[count]) == kinds for count in ("creates", "updates", "archives", "adopted", "failed"))
    assert all(sync["creates"].values()), "each kind brought something"
    assert all(sync["adopted"].values()), "and took over what people had made by hand"
    assert not any(sync["archives"].values()), "which it never archives"
    assert "A second sync wrote nothing" in shown
    assert first["duplicates"] == 0
    assert first["items"] == first["booked"] + first["failed"]
    assert first["items"] >= 80
    assert first["failed"] > 0
    assert first["receipts"] > 0
    assert "To be fixed by a bookkeeper" in shown
    assert "Assets:Pleo:DKK" in shown
    documents = [
        path for path in (folder / "ledger" / "documents").rglob("*") if path.suffix in (".pdf", ".jpg", ".png")
    ]
    assert first["receipts"] == len(documents)
    kept = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert "plp_" not in shown, "an API key"
    assert all(b"plp_" not in content for content in kept), "the key is kept encrypted only"
    calls = summaries[0]["http_calls"]
    assert calls["POST /v3/export-job-events"] == 4, "two jobs, each started and completed"


def test_somebody_elses_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "tax-return.txt").write_text("mine", encoding="utf-8")
    code, shown = run_demo(tmp_path)
    assert code == 3
    assert "not created by the demo" in shown
    assert (tmp_path / "tax-return.txt").read_text(encoding="utf-8") == "mine"


def test_duplicates_are_counted_in_the_ledger(tmp_path: Path) -> None:
    entry = '2026-01-02 * "Shop" ""\n  kontobro: "e-1"\n  A:Bank  -5.00 DKK\n  A:Cash  5.00 DKK\n'
    ledger = tmp_path / "l.beancount"
    opened = 'option "name_assets" "A"\n2020-01-01 open A:Bank\n2020-01-01 open A:Cash\n'
    ledger.write_text(opened + entry * 3 + entry.replace("e-1", "e-2"), encoding="utf-8")
    tally = tally_of(ledger)
    assert (tally.entries, tally.duplicates) == (4, 2)
    assert {account: str(sums["DKK"]) for account, sums in tally.totals.items()} == {
        "A:Bank": "-20.00",
        "A:Cash": "20.00",
    }


def test_the_box_ends_with_its_block() -> None:
    with running_sandbox() as sandbox:
        assert sandbox.process
        running = psutil.Process(sandbox.process.pid)
        assert sandbox.calls() == {}
    assert not running.is_running()


def test_a_taken_port_is_said_plainly() -> None:
    with (
        running_sandbox() as sandbox,
        pytest.raises(Misconfigured, match="did not start"),
        running_sandbox(int(sandbox.url.rpartition(":")[2])),
    ):
        pass


def test_the_box_ends_when_its_owner_is_killed() -> None:
    code = (
        "from kontobro.service.demo.sandbox_process import running_sandbox\n"
        "with running_sandbox() as box: print(box.process.pid, flush=True); box.wait()"
    )
    source = str(Path(__file__).resolve().parents[2] / "src")
    command = [sys.executable, "-c", code]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": source}) as owner,
        ExitStack() as always,
    ):
        always.callback(owner.kill)  # else a failure in here would wait for it without end
        assert owner.stdout
        started = psutil.Process(int(owner.stdout.readline()))
        owner.send_signal(signal.SIGKILL)
    gone, alive = psutil.wait_procs([started], timeout=10)
    assert alive == []
    assert gone == [started]
