"""A person's whole way in a real browser, between a real Pleo-in-a-box and a real service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.journey import Journey
from tests.browser.started_service import ROOT, StartedService, start_service
from tests.browser.visitor import SOON
from tests.support.chromium import open_window
from tests.support.page_watch import tab_to

pytestmark = pytest.mark.browser

NO_ACCOUNT = "A line has no expense account in Pleo."
CLOSED = re.compile(r"The period of .*2026.* is closed in the accounting system")
PERIOD = ("2026-09-01", "2026-09-13")
"""Only the expense without a category is wrong in these days."""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[StartedService]:
    with start_service(tmp_path) as opened:
        yield opened


@contextmanager
def told_of_failure(page: Page, started: StartedService) -> Iterator[None]:
    """What was to be seen when it failed: a picture, the page's text, the end of each log."""
    try:
        yield
    except BaseException as failure:
        picture = ROOT / "screenshots" / "failed.png"
        page.screenshot(path=picture, full_page=True)
        failure.add_note(f"{page.url}\n{page.locator('body').inner_text()[:2000]}\n{started.logs()}\n{picture}")
        raise


def test_connect_export_mend_and_tie_out(chromium: Browser, started: StartedService) -> None:
    with open_window(chromium, *started.urls) as (window, watch):
        page = window.new_page()
        with told_of_failure(page, started):
            way = Journey(page, started, watch.examine)
            way.connect()
            the_connection_is_active(way)
            the_first_export_runs_before_our_eyes(way)
            a_setting_mends_one_item(way)
            pleo_mends_the_other(way)
            the_books_are_tied_out(way)
            the_other_pages_are_as_good(way)
            keys_are_enough(way)
        assert not watch.faults, "\n".join(watch.faults)
    nothing_is_told_to_the_logs(started)


def the_connection_is_active(way: Journey) -> None:
    """Pleo says so, in its words and in its state; its Settings link opens our page of the connection."""
    way.at_pleo("/accounting")
    expect(way.page.locator(".state .badge")).to_have_attribute("data-status", "activated")
    way.page.locator("#settings").click()
    expect(way.page).to_have_url(re.compile(f"/c/{way.connection}/$"))
    assert [each["status"] for each in way.started.state()["installations"]] == ["ACTIVATED"]


def the_first_export_runs_before_our_eyes(way: Journey) -> None:
    """A webhook starts it (polling is an hour away); its page moves on on its own."""
    way.started.control("add_fault", kind="delay", method="GET", path="*items*", seconds=2, times=2)
    job = way.export()
    way.watch_job(job)
    way.await_job(job)
    way.says(re.compile(r"110\s+expenses\s+·\s+112\s+entries\s+booked\s+·\s+10\s+need\s+attention"))
    (delivery,) = way.started.state()["deliveries"]
    assert delivery["eventType"] == "v1.export-job.created"
    assert delivery["attempts"][0]["status"] == 204


def a_setting_mends_one_item(way: Journey) -> None:
    """A closed period: checked again it is still wrong, and after the setting is changed it is fine."""
    way.see_problem(CLOSED)
    item = way.page.url
    way.check_again(fine=False)
    way.stop(way.page, "item")
    way.open_closed_periods()
    way.page.goto(item)
    way.check_again(fine=True)
    way.stop(way.page, "item-mended")


def pleo_mends_the_other(way: Journey) -> None:
    """An expense without a category: not in the books, so the tie-out is red; fixed in Pleo it is booked."""
    way.tie_out(*PERIOD, "tie-out-not-booked")
    way.says("Not equal")
    way.see_problem(NO_ACCOUNT)
    way.mend_at_pleo("Papirhjørnet", "missing_configuration", "7504 Office supplies")
    job = way.export()
    way.here("Exports")
    way.page.locator(f"#job-{job}").click()
    way.await_job(job)
    expect(way.page.locator("h1 .badge")).to_have_text("completed")
    expect(way.page.locator("tbody")).to_contain_text("Papirhjørnet")


def the_books_are_tied_out(way: Journey) -> None:
    """Equal; and red once someone edited the entry in the ledger."""
    way.tie_out(*PERIOD, "tie-out-equal")
    expect(way.page.get_by_role("status").get_by_role("heading")).to_contain_text("Nothing else needs your attention")
    way.edit_entry("175.00", "185.00")
    way.tie_out(*PERIOD, "tie-out-edited")
    expect(way.page.get_by_role("alert")).to_contain_text("1 amount differs")
    expect(way.page.locator("table").filter(has_text="185.00").first).to_contain_text("Papirhjørnet")


def the_other_pages_are_as_good(way: Journey) -> None:
    for name in ("Overview", "Export jobs", "Members", "Notifications", "Audit trail"):
        way.here("")
        way.follow(name)
        way.stop(way.page, name)
    way.here("Master data")
    expect(way.page.get_by_text("Comparing Pleo with")).to_have_count(0, timeout=SOON)
    expect(way.page.get_by_text("Create it in your accounting system").first).to_be_visible()
    way.stop(way.page, "master-data")
    way.page.goto(f"{way.started.service}/c/{way.connection}/master-data/accounts/")
    way.heading("Accounts: what would change in Pleo")
    way.stop(way.page, "plan")
    way.page.goto(f"{way.started.service}/c/{way.connection}/settings/#id_contra")
    expect(way.page.get_by_label("Money in transit")).to_be_focused()
    way.page.goto(f"{way.started.service}/c/{way.connection}/privacy/")
    way.stop(way.page, "privacy")


def keys_are_enough(way: Journey) -> None:
    """Tab alone reaches what a page is for, and the skip link comes first."""
    way.here("")
    way.page.keyboard.press("Tab")
    assert way.page.evaluate("document.activeElement.textContent") == "Skip to content"
    assert tab_to(way.page, "Export now")
    way.here("Tie-out")
    assert tab_to(way.page, "Compare")
    way.here("Settings")
    assert tab_to(way.page, "Save", 200)  # behind every field


def nothing_is_told_to_the_logs(started: StartedService) -> None:
    """No fault, and no secret."""
    log = (started.folder / "service.log").read_text()
    assert "Traceback" not in log
    assert "[error" not in log
    assert started.client_secret not in log
