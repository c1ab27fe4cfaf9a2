"""Local mode's link: a private file, once, for 15 minutes; never in a log."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kontobro.cli.app import app
from kontobro.service.config import ServiceConfig, config, read_config
from kontobro.service.first_visit import is_valid, link_file, new_link, redeem

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def given(tmp_path: Path) -> ServiceConfig:
    return read_config({"KONTOBRO_HOME": str(tmp_path / "home")})


def secret_of(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


def test_the_link_is_for_its_owner_alone(given: ServiceConfig) -> None:
    given.home.mkdir()
    link_file(given).touch(0o644)
    link = new_link(given, NOW)
    assert link.startswith("http://127.0.0.1:8765/first-visit/")
    assert stat.S_IMODE(link_file(given).stat().st_mode) == 0o600
    assert link_file(given).read_text().startswith(link)


def test_it_works_once_and_looking_does_not_use_it_up(given: ServiceConfig) -> None:
    secret = secret_of(new_link(given, NOW))
    assert is_valid(given, secret, NOW)
    assert not redeem(given, "guessed", NOW)
    assert redeem(given, secret, NOW)
    assert not redeem(given, secret, NOW)
    assert list(given.home.iterdir()) == []


def test_it_ends_after_15_minutes_and_with_the_next(given: ServiceConfig) -> None:
    first = secret_of(new_link(given, NOW))
    assert is_valid(given, first, NOW + timedelta(minutes=14, seconds=59))
    assert not redeem(given, first, NOW + timedelta(minutes=15))
    second = secret_of(new_link(given, NOW))
    assert not redeem(given, first, NOW)
    assert redeem(given, second, NOW)


def test_of_many_at_once_one_gets_it(given: ServiceConfig) -> None:
    secret = secret_of(new_link(given, NOW))
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: redeem(given, secret, NOW), range(32))) == 1


def test_a_new_one_is_made_by_command_and_not_printed_into_a_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KONTOBRO_HOME", str(tmp_path / "home"))
    config.cache_clear()
    try:
        done = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "serve", "--new-link"])
        written = (tmp_path / "home" / "first-visit.txt").read_text()
        assert (done.exit_code, secret_of(written.split()[0]) in done.output) == (0, False)
        assert "first-visit.txt" in done.output
    finally:
        config.cache_clear()


def test_a_hosted_service_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONTOBRO_PUBLIC_URL", "https://books.example.com")
    config.cache_clear()
    try:
        done = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "serve", "--new-link"])
        assert done.exit_code == 3
        assert "local mode only" in done.output
    finally:
        monkeypatch.undo()
        config.cache_clear()
