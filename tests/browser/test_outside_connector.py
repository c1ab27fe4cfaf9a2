"""A connector that someone else wrote, chosen and set up in the service's pages as ours are."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.journey import Journey
from tests.browser.started_service import ROOT, start_service
from tests.support.chromium import open_window
from tests.support.outside import OUTSIDE

pytestmark = pytest.mark.browser

HLEDGER = ROOT / "connectors" / "kontobro-hledger"


def test_every_kind_of_option_is_filled_in_and_the_company_chosen(chromium: Browser, tmp_path: Path) -> None:
    with start_service(tmp_path, OUTSIDE) as service, open_window(chromium, *service.urls) as (window, watch):
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


def test_hledger_is_chosen_and_activated(chromium: Browser, tmp_path: Path) -> None:
    """From its package, as pip installs it, to an active connection; a journal that does not exist is said first."""
    if shutil.which("hledger") is None:
        pytest.skip("HLEDGER IS NOT HERE: ITS CONNECTOR IS NOT TESTED. apt-get install hledger")
    site, books = tmp_path / "site", tmp_path / "books"
    pip_install(HLEDGER, site)
    books.mkdir()
    (books / "pleo.journal").touch()
    with as_file(files("kontobro.testing") / "company.toml") as company:
        shutil.copy(company, books / "masters.toml")
    with start_service(tmp_path, site) as service, open_window(chromium, *service.urls) as (window, watch):
        way = Journey(window.new_page(), service, watch.examine)
        way.first_visit()
        way.press_connect()
        way.sign_up()
        way.begin()
        way.consent()
        way.page.get_by_role("radio", name="hledger").check()
        way.press("Continue")
        way.heading("Access to hledger")
        name_files(way, books / "missing.journal", books / "masters.toml")
        way.says("There is no journal at")
        name_files(way, books / "pleo.journal", books / "masters.toml")
        way.heading("Settings suggested from your chart of accounts")
        way.accept()
        refused = [fault for fault in watch.faults if "/access/: " in fault and fault.endswith("400 (Bad Request)")]
        assert watch.faults == refused, "\n".join(watch.faults)
        assert len(refused) == 1  # the missing journal
        assert [each["status"] for each in service.state()["installations"]] == ["ACTIVATED"]


def name_files(way: Journey, journal: Path, masters: Path) -> None:
    way.page.get_by_label("path of the journal for Pleo").fill(str(journal))
    way.page.get_by_label("path of the master data").fill(str(masters))
    way.press("Test and continue")


def pip_install(package: Path, folder: Path) -> None:
    offline = ("--no-index", "--no-build-isolation", "--no-deps", "--quiet", "--disable-pip-version-check")
    subprocess.run([sys.executable, "-m", "pip", "install", *offline, "--target", folder, package], check=True)
