"""1,000 items inside Odoo, by the addon's own cron, beside the same job over Odoo's API: on one machine, one by one."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from bench.__main__ import show, write
from bench.erp_job import connection as posted
from bench.erp_job import export, furnish
from bench.erp_pleo import ITEMS, RECEIPTS, pleo_elsewhere
from bench.result import Result
from scripts.erp.demo_odoo import standing
from scripts.erp.places import cloned, running, sql, start_postgres
from tests.addons.odoo.desk import Desk, wait_until
from tests.addons.odoo.house import AddonServer, configuration, with_addon
from tests.erp_real.odoo.house import ABSENT, TEMPLATE, Company, OdooServer, installed

PATIENCE = 400


def measure() -> list[Result]:
    port = start_postgres()
    with tempfile.TemporaryDirectory() as folder:
        over_api = by_api(port, Path(folder))
        inside = by_cron(port, Path(folder))
    note = f"{ITEMS} items: inside {inside:.1f} s, over the API {over_api:.1f} s"
    return [Result("odoo_inside_seconds", inside / over_api, 1.0, "of the API's time", note)]


def by_api(port: int, folder: Path) -> float:
    """Seconds of the whole job from a process beside Odoo."""
    with cloned(port, TEMPLATE) as database, running(OdooServer(folder / "api.log")) as server:
        company = Company(server.url, database)
        furnish(company.api())
        with pleo_elsewhere() as (url, key):
            return export(company, url, key).total


def by_cron(port: int, folder: Path) -> float:
    """Seconds from the button to the end of the job, in Odoo's own cron; looked at once a second."""
    with with_addon(port, configuration(folder)) as template, cloned(port, template) as database:
        server = AddonServer(configuration(folder, cron_threads=1), database, folder / "inside.log")
        with running(server), pleo_elsewhere() as (url, key):
            desk = Desk(Company(server.url, database))
            desk.become_manager()
            furnish(desk.api)
            number = desk.connect(url, key, posted(url).settings)
            began = time.perf_counter()
            desk.press(number, "action_export_now")
            ended = "select 1 from kontobro_job where finished_at is not null"
            wait_until(lambda: bool(sql(port, ended, database)), lambda: server.log.read_text()[-2000:], PATIENCE, 1.0)
            seconds = time.perf_counter() - began
            stands = standing(desk.api)
            assert (stands["entries"], stands["duplicates"], stands["receipts"]) == (ITEMS, 0, RECEIPTS), stands
            return seconds


def main() -> int:
    if not installed():
        print(ABSENT, file=sys.stderr)
        return 75
    results = measure()
    show(results)
    write(results)
    return 0 if all(result.kept for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
