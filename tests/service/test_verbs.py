"""`kontobro doctor` and `kontobro rotate-keys`, and how the work goes by DBOS's own tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kontobro.bootstrap import DATABASE, open_app
from kontobro.cli.app import app
from kontobro.core.model.connection import Tokens
from kontobro.service.app import open_service_app
from kontobro.service.config import config, read_config
from kontobro.worker.queues import only_worker
from kontobro.worker.vitals import look
from tests.support.empty_store import put_empty_store
from tests.support.scripted_pleo import a_connection


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with a secret; the process's configuration is read again."""
    monkeypatch.setenv("KONTOBRO_HOME", str(tmp_path / "home"))
    put_empty_store(tmp_path / "home" / DATABASE)
    opened = open_app(tmp_path / "home")
    opened.store.save_connection(a_connection(status="reconnect"))
    opened.store.save_tokens(a_connection(), Tokens(access="plp_key"))
    opened.close()
    config.cache_clear()
    yield tmp_path / "home"
    config.cache_clear()


def run(home: Path, *words: str) -> Any:
    return CliRunner().invoke(app, ["--home", str(home), *words])


def test_doctor_tells_findings_and_ends_by_the_worst(home: Path) -> None:
    done = run(home, "doctor", "--json")
    verdicts = {each["name"]: each["verdict"] for each in json.loads(done.stdout)}
    assert done.exit_code == 0
    assert (verdicts["database"], verdicts["secrets"], verdicts["connections"]) == ("ok", "ok", "warn")
    (home / "kontobro.sqlite3.key").unlink()
    broken = run(home, "doctor")
    assert broken.exit_code == 3
    assert "✗ secrets" in broken.stdout


def test_keys_are_rotated_and_read_after(home: Path) -> None:
    before = (home / "kontobro.sqlite3.key").read_bytes()
    done = run(home, "rotate-keys", "--json")
    assert json.loads(done.stdout) == {"secrets": 1}
    assert (home / "kontobro.sqlite3.key").read_bytes() != before
    opened = open_app(home)
    try:
        assert opened.store.tokens(a_connection()) == Tokens(access="plp_key")
    finally:
        opened.close()


def test_rotating_nothing_is_told(tmp_path: Path) -> None:
    assert run(tmp_path / "none", "rotate-keys").exit_code == 3


def test_the_work_is_looked_at(home: Path) -> None:
    given = read_config({"KONTOBRO_HOME": str(home)})
    opened = open_service_app(given)
    try:
        idle = look(given, opened)
        assert (idle.workers, idle.waiting, idle.running, idle.since_look) == (0, 0, 0, None)
        with only_worker(opened):
            assert look(given, opened).workers == 1
    finally:
        opened.close()
