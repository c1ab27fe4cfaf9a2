"""A connector that someone else wrote, chosen and set up in the service's pages as ours are."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.journey import Journey
from tests.browser.started_service import start_service
from tests.support.chromium import open_window
from tests.support.outside import OUTSIDE

pytestmark = pytest.mark.browser


def test_every_kind_of_option_is_filled_in_and_the_company_chosen(chromium: Browser, tmp_path: Path) -> None:
    with start_service(tmp_path, OUTSIDE) as service, open_window(chromium, service) as (window, watch):
        way = Journey(window.new_page(), service, watch.examine)
        way.first_visit()
        way.press_connect()
        way.sign_up()
        way.begin()
        way.consent()
        way.page.get_by_role("radio", name="NorthBook").check()
        way.press("Continue")
        way.heading("Access to NorthBook")
        fill_in(way, token="wrong")
        way.says("The access token is refused.")
        expect(way.page.get_by_label("Server")).to_have_value("https://northbook.example.com")
        fill_in(way, token="open sesame")
        way.heading("Choose the company in NorthBook")
        way.page.get_by_role("radio", name="Bro ApS").check()
        way.press("Continue")
        way.heading("Settings suggested from your chart of accounts")
        refused = [fault for fault in watch.faults if "/access/: " in fault and fault.endswith("400 (Bad Request)")]
        assert watch.faults == refused, "\n".join(watch.faults)
        assert len(refused) == 1  # the wrong token
        assert "open sesame" not in service.logs()


def fill_in(way: Journey, token: str) -> None:
    """The form, made of what the package declares: each kind of option in its own field."""
    page = way.page
    page.get_by_label("Server").fill("https://northbook.example.com")
    expect(page.get_by_text("As in your browser, without a path.")).to_be_visible()
    page.get_by_label("Region").select_option(label="America")
    page.get_by_label("Folder for copies").fill("copies")
    page.get_by_label("Note on each entry").fill("from Pleo")
    expect(page.get_by_label("Access token")).to_have_attribute("type", "password")
    page.get_by_label("Access token").fill(token)
    way.stop(page, "connect-access")
    way.press("Test and continue")
