"""Every page once, in the order in which a person may come to it: for pictures."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.journey import Journey
from tests.browser.visitor import SOON

ONE_DAY = ("2026-09-01", "2026-09-12")
"""A period in which everything is booked."""


def see_all(way: Journey) -> None:
    """The whole way with every page beside it."""
    strangers(way)
    way.connect()
    before_any_export(way)
    exports(way)
    problems(way)
    books(way)
    people(way)
    the_end(way)


def strangers(way: Journey) -> None:
    page, service = way.page, way.started.service
    page.goto(f"{way.started.pleo}/")
    way.stop(page, "pleo-companies")
    for name, path in {"sign-in": "/accounts/login/", "password-reset": "/accounts/password/reset/"}.items():
        page.goto(service + path)
        way.stop(page, name)


def before_any_export(way: Journey) -> None:
    for tab, name in {"Exports": "exports-none", "Master data": "master-data"}.items():
        way.here(tab)
        _settled(way)
        way.stop(way.page, name)
    way.here("")
    way.follow("Overview")
    way.stop(way.page, "overview-new")
    way.follow("Problems")
    way.stop(way.page, "problems-none")
    way.here("")
    way.press("Test")
    expect(way.page.locator("#test")).to_be_visible(timeout=SOON)
    way.stop(way.page, "connection-tested")


def exports(way: Journey) -> None:
    """A job that waits and is looked at first; then it runs, and is done."""
    way.started.control("add_delivery_fault", kind="lose", times=1)
    job = way.export()
    way.here("Exports")
    _settled(way)
    way.stop(way.page, "exports-waiting")
    way.follow("Preview")
    way.heading("What this export would book")
    way.stop(way.page, "preview")
    way.here("Exports")
    _settled(way)
    way.started.control("add_fault", kind="delay", method="GET", path="*items*", seconds=3, times=2)
    way.page.get_by_role("button", name="Export", exact=True).click()
    expect(way.page.get_by_role("progressbar", name="Expenses done")).to_be_visible(timeout=SOON)
    way.stop(way.page, "job-running")
    way.await_job(job)
    way.follow("Needs attention")
    way.stop(way.page, "job-to-mend")
    way.at_pleo(f"/exports/{job}")
    way.stop(way.page, "pleo-export")
    way.here("Exports")
    _settled(way)
    way.stop(way.page, "exports")
    way.follow("Export jobs")
    way.stop(way.page, "jobs")
    way.follow("Overview")
    way.page.wait_for_timeout(1500)  # the chart draws itself
    way.stop(way.page, "overview")


def problems(way: Journey) -> None:
    way.see_problem("The period of 2026-08-27 is closed in the accounting system.")
    item = way.page.url
    _settled(way)
    way.stop(way.page, "item")
    way.check_again(fine=False)
    way.stop(way.page, "item-checked")
    way.open_closed_periods()
    way.page.goto(item)
    way.check_again(fine=True)
    way.stop(way.page, "item-mended")
    way.mend_at_pleo("Papirhjørnet", "missing_configuration", "7504 Office supplies")


def books(way: Journey) -> None:
    way.tie_out("2026-08-01", "2026-10-31", "tie-out-red")
    way.tie_out(*ONE_DAY, "tie-out-equal")
    way.page.goto(f"{way.started.service}/c/{way.connection}/jobs/")
    way.page.locator("#here a").first.click()
    way.page.get_by_role("link", name="Blåbær Catering ApS").first.click()
    _settled(way)
    way.stop(way.page, "item-booked")


def people(way: Journey) -> None:
    for name in ("Members", "Notifications", "Audit trail"):
        way.here("")
        way.follow(name)
        way.stop(way.page, name.lower().replace(" ", "-"))
    for name, path in {
        "privacy": f"/c/{way.connection}/privacy/",
        "doctor": "/doctor/",
        "organisation-new": "/o/new/",
        "connect-another": "/connect/pleo/start",
        "password": "/accounts/password/change/",
        "mail-address": "/accounts/email/",
        "two-factor": "/accounts/2fa/",
        "not-found": "/nowhere/",
    }.items():
        way.page.goto(way.started.service + path)
        way.stop(way.page, name)


def the_end(way: Journey) -> None:
    way.here("")
    way.follow("Change access")
    way.stop(way.page, "change-access")
    way.here("")
    way.follow("Disconnect")
    way.stop(way.page, "disconnect")
    way.press("Disconnect")
    way.says("Disconnected.")
    way.stop(way.page, "connection-disconnected")


def _settled(way: Journey) -> None:
    """Until nothing on the page says that it still asks someone."""
    expect(way.page.get_by_text(re.compile("^(Asking|Comparing|Reading)"))).to_have_count(0, timeout=SOON)
