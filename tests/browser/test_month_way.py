"""A company's month in a real browser: what failed is checked again, an equal month is closed; whose company it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

import tests.support.pages_ready  # noqa: F401 - before what is of Django
from kontobro.web.models import ConnectionOwner
from tests.browser.firm import Firm
from tests.browser.served_site import ServedSite, Visit, serve_site
from tests.support.chromium import open_window
from tests.web.connecting import PleoServer, serve_pleo, traveller
from tests.web.test_whose import allow_all, begun, nameless

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_an_equal_month_is_closed_and_opened_again(firm: Firm, visit: Visit) -> None:
    visit.go("/c/desk/month-end/?month=2026-09")
    visit.says("Nothing blocks closing")
    visit.stop(visit.page, "month end, equal")
    visit.press("Closed, all equal")
    visit.says("anna@example.com closed this month")
    visit.says("Nothing has changed since it was closed.")
    visit.stop(visit.page, "month end, closed")
    with visit.page.expect_download() as download:
        visit.follow("XLSX for the file")
    assert download.value.suggested_filename.endswith(".xlsx")
    visit.go(f"{firm.of}month-end/?month=2026-09")
    row = visit.page.get_by_role("row").filter(has_text="Fjord & Bro ApS")
    expect(row).to_contain_text("anna@example.com")
    visit.go("/c/desk/month-end/?month=2026-09")
    visit.page.get_by_label("Reason").fill("A receipt came late")
    visit.press("Open again")
    visit.says("A receipt came late")
    visit.settled()
    visit.stop(visit.page, "month end, opened again")


def test_a_month_with_something_failed_leads_to_it(firm: Firm, visit: Visit) -> None:
    visit.go("/c/desk/month-end/?month=2026-10")
    visit.says("What blocks closing")
    visit.stop(visit.page, "month end, blocked")
    visit.follow("1 expense needs attention.")
    visit.heading("Exports")


def test_all_of_one_cause_are_ticked_and_checked_again(firm: Firm, visit: Visit) -> None:
    visit.stops_at(f"{firm.of}problems/", "problems")
    visit.follow("All expenses of this cause")
    visit.settled()
    visit.stop(visit.page, "bookings of a cause")
    visit.page.get_by_label("Select all on this page").check()
    visit.press("Check selected again")
    visit.heading("Checked again")
    visit.says("1 expense was checked with today's settings.")
    visit.stop(visit.page, "checked again")


# ---------------------------------------------------------------------------------- whose company it is


@pytest.fixture(scope="module")
def served(empty_home: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[ServedSite]:
    """A site without any organisation."""
    home = tmp_path_factory.mktemp("whose") / "home"
    shutil.copytree(empty_home, home)
    with serve_site(home) as opened:
        yield opened


@pytest.fixture(scope="module")
def pleo(served: ServedSite) -> PleoServer:
    """One Pleo company; the service may not ask what it is called."""
    opened = served.enter(serve_pleo())
    nameless(opened)
    return opened


def test_a_company_is_named_and_books_of_another_name_are_asked_about(
    served: ServedSite, pleo: PleoServer, tmp_path: Path, chromium: Browser
) -> None:
    anna = served.ask(traveller, served.site, pleo, tmp_path / "anna", "owner")
    served.ask(anna.begin)
    served.ask(allow_all, anna)
    with open_window(chromium, served.url) as (window, watch):
        served.sign_in(window, anna.user)
        visit = Visit(window.new_page(), served.url, watch.examine)
        visit.stops_at(served.ask(anna.at, ""), "what it is called")
        visit.page.get_by_label("Name of the company in Pleo").fill("Bäckerei Schröder")
        visit.press("Continue")
        visit.page.get_by_role("radio", name="Beancount").check()
        visit.press("Continue")
        visit.page.get_by_label("Path of the ledger").fill(str(anna.ledger))
        visit.press("Test and continue")
        visit.heading("Are these the right books?")
        visit.says("Bäckerei Schröder → books of Fjord & Bro ApS: is that right?")
        visit.stop(visit.page, "other books")
        visit.press("Yes, these are its books")
        visit.heading("Settings suggested from your chart of accounts")
        assert not watch.faults, "\n".join(watch.faults)


def test_a_company_of_another_organisation_is_asked_for_and_let_go(
    served: ServedSite, pleo: PleoServer, tmp_path: Path, chromium: Browser
) -> None:
    """After the test before, which connected it."""
    bo = served.ask(traveller, served.site, pleo, tmp_path / "bo", "owner", "Rival ApS")
    served.ask(bo.begin)
    served.ask(allow_all, bo)
    served.ask(lambda: bo.post("name", name="Bäckerei Schröder"))
    (held,) = served.ask(served.site.app.store.connections)
    with open_window(chromium, served.url) as (window, watch):
        served.sign_in(window, bo.user)
        visit = Visit(window.new_page(), served.url, watch.examine)
        visit.stops_at(served.ask(bo.at, ""), "taken")
        visit.says("It is already connected elsewhere in this service.")
        served.ask(begun, bo, held.id)  # its email: tests/web/test_whose.py
        visit.stops_at(served.ask(bo.at, ""), "taken, waits")
        visit.says("got an email")
        let_go(served, held.id, chromium)
        visit.follow("Check again")
        visit.heading("Your accounting system")
        assert not watch.faults, "\n".join(watch.faults)


def let_go(served: ServedSite, connection_id: str, chromium: Browser) -> None:
    """The former owner confirms."""
    owner = served.ask(
        lambda: ConnectionOwner.objects.get(connection_id=connection_id).organisation.membership_set.get().user
    )
    with open_window(chromium, served.url) as (window, watch):
        served.sign_in(window, owner)
        visit = Visit(window.new_page(), served.url, watch.examine)
        visit.stops_at(f"/c/{connection_id}/", "takeover asked for")
        visit.press("Confirm the takeover")
        visit.says("Confirmed. The connection ends when the other organisation continues its setup.")
        assert not watch.faults, "\n".join(watch.faults)
