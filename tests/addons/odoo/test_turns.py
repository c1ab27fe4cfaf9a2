"""Two companies, and the Pleo of the first never answers: the second is exported all the same, Odoo's crons run."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from erp_lab.demo import sandbox_by_codes
from erp_lab.demo_odoo import entry_counts
from erp_lab.places import running, sql
from pleo_sandbox.server import serve
from tests.addons.odoo.administrator import Administrator, wait_until
from tests.addons.odoo.installation import AddonServer, configuration
from tests.addons.odoo.test_cron import WHOLE, is_finished
from tests.erp_real.odoo.installation import Company

pytestmark = pytest.mark.addon

OTHER_CRON = """update ir_cron set nextcall = now() at time zone 'utc', lastcall = null, priority = 9, active = true
where id = (select res_id from ir_model_data where module = 'base' and name = 'autovacuum_job')"""
"""Odoo's own daily cron is due now, and comes after ours."""

OTHER_RAN = """select lastcall from ir_cron
where id = (select res_id from ir_model_data where module = 'base' and name = 'autovacuum_job')"""


@dataclass
class Silence:
    """An address that takes every connection and never answers."""

    url: str
    heard: list[socket.socket] = field(default_factory=list)


@contextmanager
def silence() -> Iterator[Silence]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        place = Silence(f"http://127.0.0.1:{door.getsockname()[1]}")
        listener = threading.Thread(target=_listen, args=(door, place.heard), daemon=True)
        listener.start()
        try:
            yield place
        finally:
            door.shutdown(socket.SHUT_RDWR)
            listener.join(10)
            for caller in place.heard:
                caller.close()


def _listen(door: socket.socket, heard: list[socket.socket]) -> None:
    try:
        while True:
            heard.append(door.accept()[0])
    except OSError:
        return  # the door was shut


@pytest.fixture
def server(home: Path, database: str, tmp_path: Path) -> Iterator[AddonServer]:
    """One cron thread: whatever hangs is in everyone's way."""
    with running(AddonServer(configuration(home, cron_threads=1), database, tmp_path / "server.log")) as server:
        yield server


@pytest.mark.timeout(400)
def test_a_pleo_that_hangs_keeps_nobody_else_waiting(server: AddonServer, database: str, postgres: int) -> None:
    admin = Administrator(Company(server.url, database))
    admin.become_manager()
    hung, well = sandbox_by_codes(), sandbox_by_codes()
    with serve(well) as url, silence() as silent:
        with serve(hung) as first:
            hanging = admin.connect(first, hung.api_key, {}, admin.second_company())
        # both stand-ins know one Pleo company only: this one becomes another's
        moved = f"pleo_company = 'silent', name = 'Silent ApS', api_url = '{silent.url}', due_at = null"
        sql(postgres, f"update kontobro_connection set {moved} where id = {hanging}", database)
        # its credential was given for the first address: the new one gets it
        given = f"""destination = replace(destination, '"api": "{first}"', '"api": "{silent.url}"')"""
        sql(postgres, f"update kontobro_secret set {given} where connection_id = {hanging}", database)
        number = admin.connect(url, well.api_key, admin.furnish_demo())
        sql(postgres, OTHER_CRON, database)
        admin.press(number, "action_export_now")
        wait_until(lambda: is_finished(admin), lambda: server.log.read_text()[-3000:])
        assert entry_counts(admin.api) == WHOLE
        noted = f"select last_fault from kontobro_connection where id = {hanging} and due_at > last_run_at"
        assert "did not answer in time" in sql(postgres, noted, database)
        assert len(silent.heard) == 1, "one call that hangs is enough for one turn"
        wait_until(lambda: bool(sql(postgres, OTHER_RAN, database)), lambda: server.log.read_text()[-3000:])
        wait_until(lambda: bool(admin.connection(number, "last_run_at")["last_run_at"]))
        assert admin.connection(number, "last_fault")["last_fault"] is False
