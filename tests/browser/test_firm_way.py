"""The firm's pages in a real browser: many companies, people, tokens, emails, the trail; and all of it in German."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.firm import Firm
from tests.browser.served_site import Visit
from tests.support.chromium import open_window

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def companies(visit: Visit) -> Locator:
    """The rows of the overview's table of companies."""
    return visit.page.locator("section").filter(has=visit.page.locator("#connections-heading")).locator("tbody tr")


def test_companies_are_found_assigned_and_filtered(firm: Firm, visit: Visit) -> None:
    visit.stops_at(firm.of, "overview")
    expect(companies(visit)).to_have_count(4)
    visit.page.get_by_label("Search").fill("schröder")
    visit.page.keyboard.press("Enter")
    expect(companies(visit)).to_have_count(1)
    visit.page.get_by_label("Tick all companies of this page").check()
    visit.page.get_by_label("Put in charge of the ticked companies").select_option(label="bo@example.com")
    visit.press("Put in charge")
    expect(companies(visit)).to_have_count(1)  # the search is still there
    expect(companies(visit)).to_contain_text("bo@example.com")
    visit.follow("Show all")
    visit.page.get_by_label("Person in charge", exact=True).select_option(label="bo@example.com")
    visit.press("Show")
    expect(companies(visit)).to_have_count(1)
    visit.stop(visit.page, "overview, filtered")


def test_settings_go_to_many_companies_after_their_differences_were_seen(firm: Firm, visit: Visit) -> None:
    visit.go(firm.of)
    visit.page.get_by_label("Tick all companies of this page").check()
    visit.press("Copy settings to the ticked companies…")
    visit.heading("Copy settings to many companies")
    visit.stop(visit.page, "settings for many")
    visit.page.get_by_label("Copy from").select_option(label="Fjord & Bro ApS")
    visit.press("Show the differences")
    visit.heading("Settings of Fjord & Bro ApS for other companies")
    expect(visit.page.get_by_role("checkbox", name="Save")).to_have_count(3)
    visit.stop(visit.page, "differences")
    visit.page.locator("section").filter(has_text="Fisk").get_by_role("checkbox", name="Save").uncheck()
    visit.press("Save for the ticked companies")
    visit.says("The settings of 2 companies were changed.")
    kept = {one.name: one.settings.description for one in firm.served.ask(firm.served.site.app.store.connections)}
    assert [name for name, text in kept.items() if text == "{note}"] == ["Fisk & Fjord AB"]


def test_the_firm_s_month_says_what_blocks_each_company(firm: Firm, visit: Visit) -> None:
    visit.stops_at(f"{firm.of}month-end/?month=2026-10", "month end of the firm")
    visit.page.get_by_label("State", exact=True).select_option(index=1)
    visit.press("Show")
    visit.stop(visit.page, "month end of the firm, filtered")
    visit.go(f"{firm.of}month-end/?month=2026-10")
    visit.follow("Fjord & Bro ApS")
    visit.heading("Month end October 2026")


def test_someone_is_invited_and_the_invitation_is_read(firm: Firm, visit: Visit, chromium: Browser) -> None:
    visit.go(f"{firm.of}members/")
    visit.page.get_by_label("Email address").fill("cleo@example.com")
    visit.press("Invite")
    visit.says("The invitation was created.")
    visit.stop(visit.page, "members, invited")
    secret = visit.page.locator("code").inner_text().rstrip("/").rpartition("/")[2]
    with open_window(chromium, firm.served.url) as (window, watch):
        guest = Visit(window.new_page(), firm.served.url, watch.examine)
        guest.stops_at(f"/invitations/{secret}/", "invitation")
        guest.says("This invitation is for cleo@example.com.")
        assert not watch.faults, "\n".join(watch.faults)
    visit.press("Withdraw")
    expect(visit.page.get_by_text("cleo@example.com")).to_have_count(0)
    visit.stops_at(f"{firm.of}audit/", "audit trail")
    visit.page.get_by_label("Search").fill("cleo@")
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("tbody tr")).to_have_count(2)


def test_a_token_is_shown_once_and_revoked(firm: Firm, visit: Visit) -> None:
    visit.stops_at(f"{firm.of}api/", "tokens, none")
    visit.page.get_by_label("What it is for").fill("Dashboard")
    visit.press("Make token")
    visit.says("Copy the token now: it is not shown again")
    visit.stop(visit.page, "token, new")
    secret = visit.page.locator("pre").first.inner_text().strip()
    asked = visit.page.request.get(f"{firm.served.url}/api/v1/companies", headers={"Authorization": f"Bearer {secret}"})
    assert asked.ok
    visit.page.once("dialog", lambda dialog: dialog.accept())
    visit.press("Revoke Dashboard")
    expect(visit.page.get_by_role("rowheader", name="Dashboard")).to_have_count(0)
    asked = visit.page.request.get(f"{firm.served.url}/api/v1/companies", headers={"Authorization": f"Bearer {secret}"})
    assert asked.status == 401


def test_emails_are_looked_at_and_stopped_from_an_email(firm: Firm, visit: Visit, chromium: Browser) -> None:
    visit.stops_at(f"{firm.of}notifications/", "notifications")
    visit.follow("Preview of emails")
    visit.stop(visit.page, "preview of emails")
    link = re.search(r"/unsubscribe/\S+", visit.page.locator("pre").first.inner_text())
    assert link
    with open_window(chromium, firm.served.url) as (window, watch):
        reader = Visit(window.new_page(), firm.served.url, watch.examine)
        reader.stops_at(link[0], "unsubscribe")
        reader.press("Stop these emails")
        reader.says("You get no more of these emails.")
        reader.stop(reader.page, "unsubscribed")
        assert not watch.faults, "\n".join(watch.faults)
    visit.go(f"{firm.of}notifications/")
    visit.press("Save")  # whoever chooses again gets them again
