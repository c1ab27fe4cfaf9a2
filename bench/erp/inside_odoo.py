"""The addon in Odoo, by Odoo's own cron, against the connector over Odoo's API."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from bench.erp.inside import compare, watched
from bench.erp.job import PAYABLE, connection, furnish, ports, run
from bench.erp.pleo import pleo_elsewhere, receipts_of
from bench.result import Result
from erp_lab.demo_odoo import entry_counts
from erp_lab.places import cloned, running, start_postgres
from tests.addons.odoo.administrator import Administrator
from tests.addons.odoo.installation import AddonServer, configuration, with_addon
from tests.erp_real.odoo.installation import TEMPLATE, Company, OdooServer


def measure(items: int) -> list[Result]:
    port = start_postgres()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with with_addon(port, configuration(place)) as template:
            inside = partial(by_cron, port, place, template, items)
            return compare("odoo", partial(by_api, port, place, items), inside, items)


def by_api(port: int, folder: Path, items: int) -> float:
    """From a process beside Odoo."""
    with cloned(port, TEMPLATE) as database, running(OdooServer(folder / "api.log")) as server:
        company = Company(server.url, database)
        furnish(company.api())
        with pleo_elsewhere(items) as (url, key):
            connected = connection(url, PAYABLE)
            with ports(connected, company.connector(), key) as opened:
                return run(connected, opened, items)


def by_cron(port: int, folder: Path, template: str, items: int) -> float:
    """From the button on, in Odoo's process."""
    with cloned(port, template) as database:
        server = AddonServer(configuration(folder, cron_threads=1), database, folder / "inside.log")
        with running(server), pleo_elsewhere(items) as (url, key):
            admin = Administrator(Company(server.url, database))
            admin.become_manager()
            furnish(admin.api)
            number = admin.connect(url, key, connection(url, PAYABLE).settings)
            admin.press(number, "action_export_now")
            seconds = watched(port, database, server.log)
            is_whole = entry_counts(admin.api)
            assert (is_whole["entries"], is_whole["duplicates"], is_whole["receipts"]) == (
                items,
                0,
                receipts_of(items),
            ), is_whole
            return seconds
