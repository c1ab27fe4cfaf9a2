"""The first minutes of a newcomer on their own machine: what this is, an account, a demo company, and away with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.journey import EMAIL, ORGANISATION, PASSWORD, Journey
from tests.browser.started_service import start_service
from tests.browser.visitor import SOON
from tests.support.chromium import open_window

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]  # a busy machine is slow in a browser

EMPTY = (
    *("jobs", "problems", "month-end", "audit", "notifications", "notifications/preview"),
    *("members", "settings", "api"),
)
"""Pages of an organisation without any company."""


def test_a_newcomer_tries_the_demo_company(chromium: Browser, tmp_path: Path) -> None:
    with start_service(tmp_path) as service, open_window(chromium, *service.urls) as (window, watch):
        way = Journey(window.new_page(), service, watch.examine)
        organisation = arrive(way)
        for name in EMPTY:
            way.page.goto(f"{organisation}{name}/")
            watch.examine(way.page, f"{name}, empty")
        try_the_demo(way, organisation)
        choose_emails(way, organisation)
        remove_the_demo(way, organisation)
        assert not watch.faults, "\n".join(watch.faults)
        assert "Traceback" not in service.logs()


def arrive(way: Journey) -> str:
    """From the link of the first visit to the organisation's own page; its address."""
    way.page.goto((way.started.folder / "home" / "first-visit.txt").read_text().split()[0])
    way.says("books the expenses that a company exports from Pleo")
    way.press("Continue")
    way.page.get_by_label("Email").fill(EMAIL)
    way.page.get_by_label("Password", exact=True).fill(PASSWORD)
    way.page.get_by_label("Password (again)").fill(PASSWORD)
    way.page.get_by_role("button", name="Sign Up").click()
    way.heading("Create an organisation")
    way.page.get_by_label("Name of your company").fill(ORGANISATION)
    way.press("Continue")
    way.heading(ORGANISATION)
    way.stop(way.page, "overview, empty")
    return way.page.url


def try_the_demo(way: Journey, organisation: str) -> None:
    way.page.goto(organisation)
    way.follow("Try it with a demo company")
    way.heading("Demo company")
    way.stop(way.page, "demo, before")
    way.press("Start the demo company")
    way.says("The demo company is ready")
    way.stop(way.page, "demo, ready")
    way.follow("the exports")
    expect(way.page.get_by_text("completed; some expenses need attention").first).to_be_visible(timeout=SOON)
    way.says("Demo company: nothing here is real.")
    way.page.goto(organisation)
    way.says("Demo: ")
    way.stop(way.page, "overview, demo")


def choose_emails(way: Journey, organisation: str) -> None:
    way.page.goto(f"{organisation}notifications/")
    way.page.get_by_label("Expenses need attention").select_option(label="In the daily email")
    way.press("Save")
    way.says("Saved. You get emails as chosen here.")
    expect(way.page.get_by_label("Expenses need attention")).to_have_value("daily")
    way.stop(way.page, "notifications")
    way.follow("Preview of emails")
    way.says("Kontobro: your daily email, 1 company")
    way.stop(way.page, "preview of emails")


def remove_the_demo(way: Journey, organisation: str) -> None:
    way.page.goto(f"{organisation}demo/")
    way.page.on("dialog", lambda dialog: dialog.accept())
    way.press("Remove the demo company")
    way.says("The demo company was removed")
    expect(way.page.get_by_text("No company is connected yet")).to_be_visible()
    assert not (way.started.folder / "home" / "demo-company").exists()
