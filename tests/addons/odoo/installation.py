"""A real Odoo with our addon in it: its configuration, a template with the addon installed, servers with a cron."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet

from erp_lab.places import ROOT, Server, answers, erp_home, free_port, sql
from tests.erp_real.odoo.installation import TEMPLATE

ADDONS = ROOT / "addons" / "odoo"
SECONDS = 850


def odoo_home() -> Path:
    return erp_home() / "odoo"


def python() -> str:
    return str(odoo_home() / "venv/bin/python")


def environment() -> Mapping[str, str]:
    """Kontobro within Odoo's own Python: `src` and the core's few libraries, nothing else."""
    made = subprocess.run(
        [str(ROOT / "erp_lab/addon_libs.sh")],
        check=True,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=os.environ | {"PYTHON": sys.executable},
    )
    path = os.pathsep.join([made.stdout.strip(), str(ROOT / "src"), str(ROOT)])
    return os.environ | {"PYTHONPATH": path, "KONTOBRO_TEST_TOOLS": sysconfig.get_path("purelib")}


def configuration(folder: Path, cron_threads: int = 0, *, developer: bool = True) -> Path:
    """Odoo's configuration file as a customer would have it: our addon's path, and the key for secrets. `developer`:
    Pleo-in-a-box may be connected."""
    told = (odoo_home() / "odoo.conf").read_text()
    lines = [f"{line},{ADDONS}" if line.startswith("addons_path") else line for line in told.splitlines()]
    lines = [line for line in lines if not line.startswith("max_cron_threads")]
    file = folder / "odoo.conf"
    own = [f"max_cron_threads = {cron_threads}", f"kontobro_key = {key(folder)}"]
    file.write_text("\n".join([*lines, *own, *(["kontobro_developer = True"] if developer else [])]) + "\n")
    return file


def key(folder: Path) -> str:
    """The folder's key: one for all its servers."""
    file = folder / "key"
    if not file.exists():
        file.write_bytes(Fernet.generate_key())
    return file.read_text()


def odoo(conf: Path, *arguments: str, stdin: str = "") -> str:
    """Run one command of Odoo's to its end; what it said. Raises with its log when it failed."""
    command = [python(), "-W", "ignore", str(odoo_home() / "root/usr/bin/odoo")]
    verb = [arguments[0]] if arguments[0] == "shell" else []
    # its tests open a port all the same
    command += [*verb, "-c", str(conf), "--no-http", "--http-port", str(free_port()), *arguments[len(verb) :]]
    ran = run(command, environment(), stdin)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-4000:]
    return ran.stdout + ran.stderr


def run(command: Sequence[str], variables: Mapping[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    """A command in Odoo's folder to its end."""
    return subprocess.run(
        command,
        cwd=odoo_home(),
        env=variables,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@contextmanager
def with_addon(port: int, conf: Path) -> Iterator[str]:
    """A template with the addon installed, the customer's way; dropped afterwards."""
    name = f"kontobro_addon_{uuid.uuid4().hex[:12]}"
    sql(port, f"create database {name} template {TEMPLATE}")
    try:
        odoo(conf, "-d", name, "-i", "kontobro_odoo", "--stop-after-init", "--log-level", "warn")
        yield name
    finally:
        sql(port, f"drop database if exists {name} with (force)")


class AddonServer(Server):
    """A server with its own cron threads over one database."""

    def __init__(self, conf: Path, database: str, log: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [python(), "-W", "ignore", str(odoo_home() / "root/usr/bin/odoo"), "-c", str(conf)]
        command += ["-d", database, "--db-filter", f"^{database}$", "--http-port", str(port), "--log-level", "info"]
        super().__init__(command, odoo_home(), log, lambda: answers(f"{self.url}/web/health"))
        self.log = log

    def start(self) -> None:
        """Within the environment of the addon."""
        before = dict(os.environ)
        os.environ.update(environment())
        try:
            super().start()
        finally:
            os.environ.clear()
            os.environ.update(before)

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(20)
