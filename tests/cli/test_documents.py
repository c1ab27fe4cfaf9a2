"""The verbs over a connection of documents, after the demo exported into DATEV files and its Pleo is gone."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.connected_home import ENVIRONMENT, PROJECT


def types(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kontobro.cli", "--home", str(folder / "home"), *words]
    return subprocess.run(command, cwd=PROJECT, env=ENVIRONMENT, capture_output=True, text=True, check=False)


def reads(folder: Path, *words: str) -> Any:
    done = types(folder, *words, "--json")
    assert done.stdout, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents") / "demo"
    done = types(folder, "demo", "--folder", str(folder), "--target", "datev", "--json")
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def test_check_says_the_masters_the_place_and_a_missing_manifest(demo: Path) -> None:
    said = [(one["subject"], one["message"]) for one in reads(demo, "check")["findings"]]
    assert any(subject == "master data" and message.startswith("masters.toml of ") for subject, message in said)
    assert any(subject == "delivery" and str(demo / "documents") in message for subject, message in said)
    assert any("is the last; last vouchers: P " in message for _, message in said)
    (manifest, *_) = sorted((demo / "documents").glob("*.manifest.json"))
    content = manifest.read_bytes()
    manifest.unlink()
    found = reads(demo, "check")["findings"]
    manifest.write_bytes(content)
    assert any("document 1: the manifest is not beside" in one["message"] for one in found)


def test_compare_reads_what_datev_gives_back(demo: Path) -> None:
    """A month as it was imported: its document is there whole. With one row less it says which entry differs."""
    path = max((demo / "documents").glob("EXTF_Buchungsstapel_*.csv"), key=lambda one: one.stat().st_size)
    number = int(path.stem.rpartition("_")[2])
    assert number in reads(demo, "documents", "compare", str(path), "--mark")["marked"]
    assert reads(demo, "documents", "show", str(number))["imported_at"]
    lines = path.read_bytes().decode("cp1252").split("\r\n")
    less = demo / "less.csv"
    less.write_bytes("\r\n".join([*lines[:2], *lines[3:]]).encode("cp1252"))
    gone = next(csv.reader(io.StringIO(lines[2]), delimiter=";"))[48]
    found = reads(demo, "documents", "compare", str(less))
    assert gone in json.dumps([found["missing"], found["different"]])


def test_the_doctor_says_that_no_document_waits(demo: Path) -> None:
    found = reads(demo, "doctor")
    assert any(one["name"] == "documents" and one["verdict"] == "ok" for one in found)
