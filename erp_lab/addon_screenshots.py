"""Pictures of the Odoo addon's main screens, in Chromium: `make addon-screenshots` writes screenshots/odoo/*.png.

A real Odoo with the demo company's first export booked by its own cron. Exits 75 where Odoo or Chromium is missing.
"""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from erp_lab.demo import sandbox_by_codes
from erp_lab.places import ROOT, cloned, running, start_postgres
from pleo_sandbox.server import serve
from tests.addons.odoo.administrator import Administrator, wait_until
from tests.addons.odoo.installation import AddonServer, configuration, with_addon
from tests.erp_real.odoo.installation import ABSENT, Company, installed

FOLDER = ROOT / "screenshots" / "odoo"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ROWS = [
    {"type": "cashback", "line_account": "7580"},
    {"type": "chargeback", "sign": "follow"},
    {"type": "external_reimbursement", "method": "journal", "use_line_account": False},
]
"""Changes in the posting table, to be seen in their list."""

LOADED = ".o_form_view, .o_list_view"


def main() -> int:
    chromium = shutil.which("chromium")
    if not installed() or not chromium:
        print(ABSENT if chromium else "Chromium is missing: apt-get install chromium", file=sys.stderr)
        return 75
    FOLDER.mkdir(parents=True, exist_ok=True)
    port = start_postgres()
    with tempfile.TemporaryDirectory() as made, with_addon(port, configuration(Path(made))) as template:
        folder = Path(made)
        with cloned(port, template) as database:
            server = AddonServer(configuration(folder, cron_threads=1), database, folder / "server.log")
            with running(server):
                photograph(Administrator(Company(server.url, database)), server.url, chromium)
    return 0


def photograph(admin: Administrator, url: str, chromium: str) -> None:
    """Connect, export, sign in, go through the screens."""
    admin.become_manager()
    password = secrets.token_urlsafe(12)
    admin.api.write("res.users", "write", ids=[admin.user("bookkeeper")], vals={"password": password})
    sandbox = sandbox_by_codes()
    settings = {**admin.furnish_demo(), "sync": ["dimensions"], "sync_dimensions": ["PROJECT"], "rows": ROWS}
    with serve(sandbox) as pleo, sync_playwright() as playwright:
        number = admin.connect(pleo, sandbox.api_key, settings)
        admin.press(number, "action_export_now")
        wait_until(lambda: any(job["finished_at"] for job in admin.jobs()))
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(60_000)
        sign_in(page, url, password)
        screens(page, url, admin, number)
        browser.close()


def sign_in(page: Page, url: str, password: str) -> None:
    page.goto(f"{url}/web/login")
    page.fill("input[name=login]", "bookkeeper")
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_selector(".o_web_client")


def screens(page: Page, url: str, admin: Administrator, number: int) -> None:
    job = admin.jobs()[0]["id"]
    (failed, *_) = admin.api.rows("kontobro.booking", [["outcome", "=", "failed"]], ["reference"])
    (booked, *_) = admin.api.rows("kontobro.booking", [["outcome", "=", "booked"]], ["erp_id"])
    shots = {
        "jobs": "action-kontobro_odoo.job_action",
        "job": f"action-kontobro_odoo.job_action/{job}",
        "to-mend": "action-kontobro_odoo.problem_action",
        "expense": f"action-kontobro_odoo.booking_action/{failed['id']}",
        "connections": "action-kontobro_odoo.connection_action",
        "connection": f"action-kontobro_odoo.connection_action/{number}",
        "journal-entry": f"action-account.action_move_journal_line/{booked['erp_id']}",
    }
    for name, path in shots.items():
        page.goto(f"{url}/odoo/{path}")
        page.wait_for_selector(LOADED)
        take(page, name)
    page.goto(f"{url}/odoo/{shots['connection']}")
    page.click("button[name=action_plan_sync]")
    page.wait_for_selector(".o_list_view")
    take(page, "sync-plans")
    page.click(".o_data_row .o_data_cell")
    page.wait_for_selector(".o_form_view")
    take(page, "sync-plan")
    lists(page, f"{url}/odoo/{shots['connection']}")
    page.goto(f"{url}/odoo/{shots['connections']}")
    page.click("button:has-text('Connect')")
    page.wait_for_selector(".modal .o_form_view")
    take(page, "connect")
    page.click(".modal [name=way] >> text=OAuth")
    take(page, "connect-oauth")


def lists(page: Page, connection: str) -> None:
    """The rest of the connection's form, then the window with the lists of its settings."""
    page.goto(connection)
    for name in ("texts", "sync"):
        page.click(f".o_notebook a[name={name}]")
        take(page, f"connection-{name}")
    page.click("button[name=action_lines]")
    page.wait_for_selector(".modal .o_form_view")
    for name in ("wallets", "tags", "rows"):
        page.click(f".modal .o_notebook a[name={name}]")
        take(page, f"lists-{name}")
    page.click(".modal .o_field_x2many_list_row_add a")
    page.click(".modal button[name=action_save]")
    page.wait_for_selector(".modal:has-text('Posting rows, line')")
    take(page, "lists-refused")


def take(page: Page, name: str) -> None:
    page.mouse.move(0, 0)  # no tooltip
    page.wait_for_timeout(600)  # what fades in has faded in
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
