"""A real Tryton with Kontobro's module in it: its database, server and cron, and people who work with its screens."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import tomllib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from erp_lab.places import ROOT, Server, erp_home, free_port, sql
from kontobro.erp.tryton.api import Api, open_http
from tests.erp_real.tryton.installation import ABSENT, NEWEST, home_of, installed, password_of, template_of

MODULE = ROOT / "addons" / "tryton" / "trytond_kontobro"
SECONDS = 480.0
"""The most that a test waits for Tryton."""


class Place:
    """Where Tryton runs with the module: its configuration with a key of its own, and what its processes see."""

    def __init__(self, folder: Path, series: str = NEWEST) -> None:
        self.folder = folder
        self.series = series
        subprocess.run([ROOT / "erp_lab/tryton_addon.sh"], check=True, timeout=SECONDS)
        self.bin = home_of(series) / "venv" / "bin"
        self.conf = folder / "trytond.conf"
        own = (home_of(series) / "trytond.conf").read_text()
        self.conf.write_text(f"{own}\n[kontobro]\nkey = {Fernet.generate_key().decode()}\ndeveloper = true\n")
        self._announce()

    def _announce(self) -> None:
        """The module's entry point, as pip would write it, over the source of this checkout."""
        project = tomllib.loads((MODULE / "pyproject.toml").read_text())["project"]
        facts = self.folder / "site" / f"{project['name']}-{project['version']}.dist-info"
        facts.mkdir(parents=True)
        (facts / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        )
        (points,) = project["entry-points"].items()
        lines = [f"[{points[0]}]", *(f"{name} = {value}" for name, value in points[1].items())]
        (facts / "entry_points.txt").write_text("\n".join(lines) + "\n")

    def environment(self, **more: str) -> dict[str, str]:
        site = erp_home() / "tryton-addon" / "site"
        path = [self.folder / "site", ROOT / "src", ROOT, MODULE.parent, site]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), **more}

    def admin(self, database: str, *arguments: str) -> None:
        """trytond-admin; what it said when it fails."""
        command = [str(self.bin / "trytond-admin"), "-c", str(self.conf), "-d", database, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=SECONDS
        )
        assert done.returncode == 0, done.stderr[-3000:]

    def pytest(self, database: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The module's own tests, in Tryton's own environment."""
        env = self.environment(KONTOBRO_TRYTOND_CONF=str(self.conf), KONTOBRO_TRYTON_DATABASE=database)
        env["PYTHONSAFEPATH"] = "1"  # `tests` is the project's, here and in the processes that they start
        command = [str(self.bin / "python"), "-m", "pytest", "-q", *arguments]
        return subprocess.run(command, cwd=MODULE, env=env, capture_output=True, text=True, timeout=SECONDS)

    def cron(self, database: str, *arguments: str) -> subprocess.Popen[bytes]:
        """trytond-cron, leader of a group of processes of its own."""
        command = [str(self.bin / "trytond-cron"), "-c", str(self.conf), "-d", database, *arguments]
        if self.series == NEWEST:  # in 7.0 cron has threads in place of processes
            command += ["-n", "1"]
        log = (self.folder / "cron.log").open("ab")
        with log:
            return subprocess.Popen(
                command, cwd=self.folder, env=self.environment(), stdout=log, stderr=log, start_new_session=True
            )

    def cron_once(self, database: str) -> None:
        """Tryton's cron, once over what is due; with its warnings in the log."""
        assert self.cron(database, "--once", "-v").wait(SECONDS) == 0, (self.folder / "cron.log").read_text()[-3000:]


def due(port: int, database: str) -> None:
    """Kontobro's task of the schedule is to be run now."""
    sql(port, "update ir_cron set next_call = null where method = 'kontobro.connection|run_due'", database)


def kill(process: subprocess.Popen[bytes]) -> None:
    """The process and all that it started, at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)


def wait_for(true: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"{what} did not come"
        time.sleep(0.05)


class ModuleServer(Server):
    """trytond over one database. `more` are other settings for its environment."""

    def __init__(self, place: Place, database: str, *more: str) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        settings = [f"{name}={value}" for name, value in place.environment().items() if name == "PYTHONPATH"]
        settings.append(f"TRYTOND_WEB__LISTEN={self.url.removeprefix('http://')}")
        command = ["env", *settings, *more, str(place.bin / "trytond"), "-c", str(place.conf), "-d", database]
        super().__init__(command, place.folder, place.folder / "server.log", self._is_ready)

    def _is_ready(self) -> bool:
        try:
            return bool(Api(open_http(self.url), "", "", "").version())
        except Exception:  # noqa: BLE001 - whatever it is, the server is not ready
            return False


class Person:
    """A user of Tryton's client: forms, wizards and buttons, over the same calls."""

    def __init__(self, url: str, database: str, login: str) -> None:
        self.api = Api(open_http(url), database, login, password_of(login), 1)

    def wizard(self, name: str, *steps: tuple[str, Mapping[str, Any]], on: tuple[str, int] | None = None) -> list[Any]:
        """Go through a wizard: (button, what all its forms hold by now). What each step answered."""
        active = {"active_model": on[0], "active_id": on[1], "active_ids": [on[1]]} if on else {}
        number, start, _ = self.api.write(f"wizard.{name}.create", **active)
        told = [self.api.write(f"wizard.{name}.execute", number, {}, start, **active)]
        for state, forms in steps:
            told.append(self.api.write(f"wizard.{name}.execute", number, dict(forms), state, **active))
        return told

    def rows(self, model: str, *fields: str, domain: Sequence[object] = ()) -> list[dict[str, Any]]:
        return list(self.api.rows(model, domain, list(fields)))

    def id_of(self, model: str, code: str) -> int:
        (row,) = self.rows(model, "code", domain=[["code", "=", code]])
        return int(row["id"])


def give_groups(admin: Person, groups: Mapping[str, Sequence[str]]) -> None:
    """Put users into groups, by their names."""
    known = {row["name"]: row["id"] for row in admin.rows("res.group", "name")}
    users = {row["login"]: row["id"] for row in admin.rows("res.user", "login")}
    for login, names in groups.items():
        wanted = [["add", [known[name] for name in names]]]
        admin.api.write("model.res.user.write", [users[login]], {"groups": wanted})


def place_of(series: str, folders: pytest.TempPathFactory) -> Place:
    if not installed(series):
        pytest.skip(ABSENT)
    return Place(folders.mktemp("tryton"), series)


@contextmanager
def activated(place: Place, port: int) -> Iterator[str]:
    """The company with the module, to be cloned: the database's name."""
    name = f"kontobro_addon_{uuid.uuid4().hex[:12]}"
    try:
        sql(port, f"create database {name} template {template_of(place.series)}")
        place.admin(name, "-u", "kontobro")
        yield name
    finally:
        sql(port, f"drop database if exists {name} with (force)")
