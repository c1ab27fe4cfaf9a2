"""The deployment files name only what there is, and parse; the page of variables is the code's."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from configparser import RawConfigParser
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from kontobro.bootstrap import open_app
from kontobro.cli.app import app
from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Tokens
from kontobro.service.config import PREFIX, ServiceConfig, read_config
from kontobro.service.reach import require_place
from scripts.docs_from_code import ROOT, stale
from tests.support.scripted_pleo import a_connection

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
KNOWN = {f"{PREFIX}{name.upper()}" for name in ServiceConfig.model_fields}
VERBS = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def sections(unit: Path) -> dict[str, list[tuple[str, str]]]:
    """A unit's settings; the same name may exist several times."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in unit.read_text().splitlines():
        if line.startswith("["):
            name = line.strip("[]")
            found[name] = []
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[name].append((key, value))
    return found


def test_the_page_of_variables_is_the_codes() -> None:
    page = "docs/service/environment.md"
    text = (ROOT / page).read_text(encoding="utf-8")
    assert stale({page: text}) == [], "run: make fix"
    assert {f"| `{name}` |" for name in KNOWN} <= set(re.findall(r"^\| `\w+` \|", text, re.MULTILINE))


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_only_known_variables_are_named(file: Path) -> None:
    assert set(re.findall(r"\bKONTOBRO_[A-Z_]+\b", file.read_text())) <= KNOWN


@pytest.mark.parametrize("doc", sorted((ROOT / "docs" / "service").glob("*.md")), ids=lambda path: path.name)
def test_the_pages_name_only_known_variables(doc: Path) -> None:
    assert set(re.findall(r"\bKONTOBRO_[A-Z_]+\b", doc.read_text())) <= KNOWN


def test_the_image_opens_nothing_by_default() -> None:
    """It listens to a network, so it starts only with a public address."""
    image = (DEPLOY / "Containerfile").read_text()
    given = dict(re.findall(r"\b(KONTOBRO_[A-Z_]+)=(\S+)", image))
    assert given["KONTOBRO_BIND"] == "0.0.0.0:8765"
    with pytest.raises(Misconfigured, match="KONTOBRO_PUBLIC_URL is not an address"):
        require_place(read_config(given))
    require_place(read_config(given | {"KONTOBRO_PUBLIC_URL": "https://books.example.com"}))


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def test_compose_starts_verbs_that_there_are_and_holds_no_secret() -> None:
    services = compose()["services"]
    assert set(services) == {"web", "worker", "db"}
    assert {services[name]["command"][0] for name in ("web", "worker")} <= VERBS
    for name in ("web", "worker"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["env_file"] == "kontobro.env"
        assert "environment" not in services[name]
    assert services["web"]["ports"] == ["127.0.0.1:8765:8765"]
    assert "ports" not in services["db"]


def test_every_volume_is_declared() -> None:
    named = {mount.split(":")[0] for service in compose()["services"].values() for mount in service["volumes"]}
    assert named == set(compose()["volumes"])


def example(name: str) -> dict[str, str]:
    lines = (DEPLOY / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_of_variables_is_read() -> None:
    given = example("kontobro.env.example")
    config = read_config(given)
    assert config.behind_proxy
    assert not config.local
    assert all(name.startswith(PREFIX) for name in given)


def test_the_database_s_container_gets_nothing_of_ours() -> None:
    assert set(example("postgres.env.example")) == {"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"}
    assert compose()["services"]["db"]["env_file"] == "postgres.env"


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_parse_and_are_hardened(unit: Path) -> None:
    parser = RawConfigParser(strict=False)
    parser.read(unit)
    assert parser.sections() == ["Unit", "Service", "Install"]
    service = sections(unit)["Service"]
    assert dict(service)["ExecStart"].split()[-1] in VERBS
    hardening = {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "User": "kontobro"}
    assert hardening.items() <= dict(service).items()


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_takes_the_units(unit: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is missing: install systemd to have the units verified")
    copy = tmp_path / unit.name
    copy.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE))
    done = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True, timeout=60, check=False)
    assert [line for line in done.stderr.splitlines() if unit.name in line] == []


def test_the_image_runs_as_nobody_special_and_is_pinned() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    assert re.search(r"^USER 10001", text, re.MULTILINE)
    assert "--require-hashes" in text
    assert "HEALTHCHECK" in text
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    names = [name for line in copied for name in line.split()]
    assert names
    assert all((DEPLOY.parent / name).exists() for name in names)


def test_a_backup_made_while_it_runs_is_restored_with_its_key(tmp_path: Path) -> None:
    """As docs/service/deploy.md says: the database by SQLite's own backup, the key apart."""
    running = open_app(tmp_path / "home")
    try:
        running.store.save_connection(a_connection())
        running.store.save_tokens(a_connection(), Tokens(access="plp_key", refresh="second"))
        running.store.save_secret(a_connection(), "password", "hunter2")
        with (
            closing(sqlite3.connect(tmp_path / "home" / "kontobro.sqlite3")) as source,
            closing(sqlite3.connect(tmp_path / "backup.sqlite3")) as copy,
        ):
            source.backup(copy)
        running.store.save_tokens(a_connection(), Tokens(access="later"))
    finally:
        running.close()
    assert b"hunter2" not in (tmp_path / "backup.sqlite3").read_bytes()
    restored = tmp_path / "restored"
    restored.mkdir(mode=0o700)
    shutil.copy(tmp_path / "backup.sqlite3", restored / "kontobro.sqlite3")
    shutil.copy(tmp_path / "home" / "kontobro.sqlite3.key", restored)
    again = open_app(restored)
    try:
        assert again.store.tokens(a_connection()) == Tokens(access="plp_key", refresh="second")
        assert again.store.secret(a_connection(), "password") == "hunter2"
        assert again.store.connection("c1") == a_connection()
    finally:
        again.close()
