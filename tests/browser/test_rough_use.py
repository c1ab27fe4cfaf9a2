"""What people do that no page plans for: two tabs, double clicks, a session that ends, the back button, Enter in the
address bar; nothing at all, five thousand of it, and names as long as a name may be."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Request, expect

import tests.support.pages_ready  # noqa: F401 - before what is of Django
from kontobro.web.models import ApiToken, Invitation, MonthClose, Organisation
from tests.browser.firm import LONG, UNBROKEN, Firm
from tests.browser.served_site import Visit
from tests.browser.test_firm_way import companies
from tests.support.big_store import fill_one
from tests.support.page_watch import WIDER

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

REFUSED = re.compile(r"/settings/: .*400 \(Bad Request\)$")
"""What the browser itself notes of a form that was answered with a question."""


def test_two_tabs_change_the_same_settings(firm: Firm, visit: Visit, watched: list[str]) -> None:
    visit.go("/c/desk/settings/")
    other = Visit(visit.page.context.new_page(), visit.url)
    other.go("/c/desk/settings/")
    other.page.get_by_label("Days to keep").or_(other.page.locator("#id_retention_days")).first.fill("90")
    other.press("Save")
    other.says("Settings saved.")
    visit.page.locator("#id_description").fill("{supplier}")
    visit.press("Save")
    visit.says("These settings were changed after you opened this page, so nothing was saved.")
    visit.settled()
    visit.stop(visit.page, "settings, changed meanwhile")
    assert firm.desk.settings.retention_days == 90
    visit.press("Save")
    visit.says("Settings saved.")
    watched[:] = [fault for fault in watched if not REFUSED.search(fault)]


def test_a_form_after_the_session_ended_says_that_nothing_was_saved(visit: Visit) -> None:
    visit.go("/my/language/")
    visit.page.context.clear_cookies(name="sessionid")
    visit.press("Save")
    visit.says("You were signed out, so nothing was saved.")
    visit.stop(visit.page, "signed out")


def test_back_after_a_form_shows_its_page_again(firm: Firm, visit: Visit) -> None:
    visit.go(f"{firm.of}notifications/")
    visit.page.get_by_label("Expenses need attention").select_option(label="In the daily email")
    visit.press("Save")
    visit.says("Saved.")
    visit.page.go_back()
    visit.heading("Notifications")
    visit.page.get_by_label("Expenses need attention").select_option(label="In the daily email")
    visit.press("Save")  # the page that the browser kept can be sent again
    visit.says("Saved.")


def test_enter_in_the_address_bar_after_a_form_leads_to_its_page(firm: Firm, visit: Visit) -> None:
    visit.go(f"{firm.of}members/")
    visit.page.get_by_label("Email address").fill("dora@example.com")
    visit.press("Invite")
    visit.says("The invitation was created.")
    assert visit.page.url.endswith("/invitations/")  # which takes forms alone
    visit.go(urlsplit(visit.page.url).path)
    visit.heading("Members of Nordlys Bogholderi ApS")
    visit.says("Nothing was done")


# ---------------------------------------------------------------------------------- double clicks


def twice(visit: Visit, words: str) -> list[str]:
    """Click twice as fast as a person does; the forms that the browser sent, by their paths."""
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            sent.append(urlsplit(request.url).path)

    visit.page.on("request", note)
    visit.page.get_by_role("button", name=words, exact=True).dblclick()
    visit.page.wait_for_load_state("networkidle")
    visit.page.remove_listener("request", note)
    return sent


def test_a_double_click_makes_one_of_each(firm: Firm, visit: Visit) -> None:
    """One organisation, token, invitation, export, closed month: each kind of button that makes something."""
    made: dict[str, tuple[Callable[[], None], str, Callable[[], int]]] = {
        "/o/new/": (
            lambda: visit.page.get_by_label("Name of your company").fill("Twice ApS"),
            "Continue",
            lambda: Organisation.objects.filter(name="Twice ApS").count(),
        ),
        f"{firm.of}api/": (
            lambda: visit.page.get_by_label("What it is for").fill("Twice"),
            "Make token",
            lambda: ApiToken.objects.filter(name="Twice").count(),
        ),
        f"{firm.of}members/": (
            lambda: visit.page.get_by_label("Email address").fill("twice@example.com"),
            "Invite",
            lambda: Invitation.objects.filter(email="twice@example.com").count(),
        ),
        "/c/desk/": (visit.settled, "Export now", lambda: len(firm.served.site.runner.asked)),
        "/c/desk/month-end/?month=2026-09": (visit.settled, "Closed, all equal", MonthClose.objects.count),
    }
    for path, (fill, words, count) in made.items():
        visit.go(path)
        fill()
        sent = twice(visit, words)
        assert len(sent) == 1, (path, sent)
        assert firm.served.ask(count) == 1, path


# ---------------------------------------------------------------------------------- sizes


OF_FIRM = ("", "jobs/", "problems/", "month-end/?month=2026-10", "members/", "notifications/", "audit/", "settings/")
OF_COMPANY = (
    "",
    "jobs/",
    "bookings/?first=",
    "tie-out/",
    "month-end/?month=2026-10",
    "settings/",
    "privacy/",
    "disconnect/",
    "access/",
)


@pytest.mark.parametrize("name", [LONG, UNBROKEN[:300]], ids=["words", "one word"])
def test_names_of_any_length_fit(firm: Firm, visit: Visit, name: str) -> None:
    """At a desk's and at a phone's width, on the pages of the firm and on those of the company."""
    company = firm.add(name)
    firm.served.ask(fill_one, firm.served.site.app.store, company.id, 20)
    for path in (*OF_FIRM, *(f"/c/{company.id}/{part}" for part in OF_COMPANY)):
        visit.go(path if path.startswith("/") else f"{firm.of}{path}")
        visit.settled()
        assert visit.page.evaluate(WIDER) <= 0, f"wider than a desk: {path}"
        visit.stop(visit.page, f"a long name at {path}")


def test_a_company_with_nothing_says_what_comes_next(firm: Firm, visit: Visit) -> None:
    """Each page has its words for nothing; the browser has nothing to complain of."""
    empty = firm.others[0]
    said = {
        "": "none yet: press Export in Pleo",
        "jobs/": "No export has run yet. Press Export in Pleo",
        "bookings/?first=": "Press Export in Pleo.",
        "tie-out/": "",
        "month-end/?month=2026-08": "",
        "master-data/": "",
        "settings/": "",
        "privacy/": "",
    }
    for path, words in said.items():
        visit.stops_at(f"/c/{empty.id}/{path}", f"nothing at {path}")
        visit.says(words)


MANY = 5_000
BOOKED = sum(1 for number in range(MANY) if number % 501 and number % 19)
"""Of the bookings that `fill_one` makes."""


@pytest.fixture(scope="module")
def many(firm: Firm) -> str:
    """The id of a company with MANY bookings."""
    company = firm.add("Fem Tusind ApS")
    firm.served.ask(fill_one, firm.served.site.app.store, company.id, MANY)
    return company.id


def test_five_thousand_bookings_are_paged_totalled_and_exported(many: str, visit: Visit) -> None:
    visit.stops_at(f"/c/{many}/bookings/?first=&state=booked", "thousands of bookings")
    visit.says(f"Total: {BOOKED * 100.5:,.2f} DKK in {BOOKED} entries")
    following = visit.page.get_by_role("navigation", name="Pages").get_by_role("link", name="Next")
    seen: list[str] = []
    while True:  # by the way that a person goes
        assert "state=booked" in visit.page.url
        seen += visit.page.locator("[data-list] a[data-row]").evaluate_all("all => all.map(one => one.pathname)")
        if not following.count():
            break
        following.click()
    assert len(seen) == len(set(seen)) == BOOKED
    address = visit.page.get_by_role("link", name="CSV", exact=True).get_attribute("href")
    assert address
    rows = visit.page.request.get(f"{visit.url}{address}").text().splitlines()
    assert len(rows) == BOOKED + 1


def test_one_of_five_thousand_is_found_by_keys_alone(many: str, visit: Visit) -> None:
    visit.go(f"/c/{many}/bookings/?first=")
    visit.page.keyboard.press("/")
    expect(visit.page.get_by_label("Search")).to_be_focused()
    visit.page.keyboard.type("Payee 4321")
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("[data-list] tbody tr")).to_have_count(1)
    visit.page.keyboard.press("/")
    visit.page.keyboard.press("ArrowDown")
    visit.page.keyboard.press("Enter")
    visit.heading(re.compile("Payee 4321"))
    visit.page.keyboard.press("Escape")
    expect(visit.page.get_by_label("Search")).to_have_value("Payee 4321")


def test_a_company_with_a_long_name_is_found(firm: Firm, visit: Visit) -> None:
    visit.go(firm.of)
    visit.page.get_by_label("Search for a company").fill(LONG[:100])
    visit.page.keyboard.press("Enter")
    expect(companies(visit).first).to_contain_text(LONG[:50])
