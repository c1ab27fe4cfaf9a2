"""Pictures of the Tryton module's main screens in Tryton's web client: writes screenshots/tryton/*.png.

A real Tryton that serves its own web client, with the demo company's first export booked. Exits 75 where Tryton, its
web client or Chromium is missing.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from erp_lab.places import ROOT, erp_home, running, start_postgres
from tests.addons.tryton.harness import TrytonHarness, a_harness
from tests.addons.tryton.installation import ModuleServer, Person, Place, activated, give_groups, wait_for
from tests.erp_real.tryton.installation import ABSENT, installed, password_of

FOLDER = ROOT / "screenshots" / "tryton"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SAO = "Tryton's web client is missing: run erp_lab/sao.sh"
LOADED = ".tab-form .screen-container"


def main() -> int:
    chromium, client = shutil.which("chromium"), erp_home() / "sao" / "site"
    if not installed() or not chromium or not client.is_dir():
        lacks = "Chromium is missing: apt-get install chromium" if client.is_dir() else SAO
        sys.stderr.write(f"{lacks if installed() else ABSENT}\n")
        return 75
    FOLDER.mkdir(parents=True, exist_ok=True)
    port = start_postgres()
    with tempfile.TemporaryDirectory() as made:
        place = Place(Path(made))
        with (
            activated(place, port) as name,
            running(ModuleServer(place, name, f"TRYTOND_WEB__ROOT={client}")) as server,
        ):
            photograph(server.url, name, chromium)
    return 0


def photograph(url: str, database: str, chromium: str) -> None:
    """Connect, set up and export over the calls of the client; then go through the screens."""
    admin = Person(url, database, "admin")
    give_groups(admin, {"bookkeeper": ["Pleo Administration"]})
    bookkeeper = Person(url, database, "bookkeeper")
    with a_harness(admin, bookkeeper) as harness, sync_playwright() as playwright:
        harness.connect()
        root = admin.id_of("analytic_account.account", "PROJECT")
        harness.set_up(dimensions=[{"group": "PROJ", "root": root, "send": True}], sync_dimensions_=True)
        bookkeeper.api.write("model.kontobro.connection.export_now", [harness.connection["id"]])
        wait_for(lambda: all(row["finished_at"] for row in jobs(bookkeeper)), "the job's end")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(60_000)
        sign_in(page, url, database)
        screens(page, f"{url}/#{database}", harness)
        browser.close()


def jobs(bookkeeper: Person) -> list[dict[str, object]]:
    return bookkeeper.rows("kontobro.job", "finished_at")


def sign_in(page: Page, url: str, database: str) -> None:
    page.goto(f"{url}/#{database}")
    page.fill("input[name=database]", database)
    page.fill("input[name=login]", "bookkeeper")
    page.click(".login-dialog button[type=submit]")
    page.fill(".modal.in input[type=password]", password_of("bookkeeper"))
    page.press(".modal.in input[type=password]", "Enter")
    page.wait_for_selector("#menu .treeview")


def screens(page: Page, address: str, harness: TrytonHarness) -> None:
    rows = harness.bookkeeper.rows
    (job,) = rows("kontobro.job", "items")
    failed = rows("kontobro.booking", "document", domain=[["outcome", "=", "failed"]])[0]
    booked = next(row["document"] for row in rows("kontobro.booking", "document") if row["document"])
    connection = f"model/kontobro.connection/{harness.connection['id']}"
    shots = {
        "jobs": "model/kontobro.job",
        "job": f"model/kontobro.job/{job['id']}",
        "expenses": "model/kontobro.booking",
        "expense": f"model/kontobro.booking/{failed['id']}",
        "connections": "model/kontobro.connection",
        "connection": connection,
        "entry": f"model/{booked.replace(',', '/')}",
    }
    for name, path in shots.items():
        look_at(page, f"{address}/{path}")
        take(page, name)
    for name in ("Check", "Settings", "Master Data"):
        look_at(page, f"{address}/{connection}")
        open_wizard(page, name)
        take(page, name.lower().replace(" ", "-"))
        if name == "Settings":
            pages(page)
    page.goto("about:blank")
    page.goto(f"{address}/wizard/kontobro.connect")
    page.wait_for_selector(".wizard-form, .wizard-dialog")
    take(page, "connect")


def look_at(page: Page, address: str) -> None:
    """An address of the client; another hash alone does not load it again."""
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector(LOADED)


def open_wizard(page: Page, name: str) -> None:
    """From the menu of actions of the record."""
    page.click("button#action")
    page.click(f".dropdown-menu[aria-labelledby=action] >> text='{name}'")
    page.wait_for_selector(".wizard-dialog .screen-container")


def pages(page: Page) -> None:
    """Each page of the settings' notebook."""
    for number, tab in enumerate(page.locator(".wizard-dialog .nav-tabs a").all()):
        tab.click()
        take(page, f"settings-{number + 1}")


def take(page: Page, name: str) -> None:
    page.wait_for_timeout(2500)  # rows have come, what fades in has faded in
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
