"""The whole way of a person, in a browser: Connect at Pleo, first sync, exports, fixing, tie-out.

The browser test walks it and examines each page; `make screenshots` walks it and takes pictures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.started_service import StartedService
from tests.browser.visitor import SOON, Stop, Visitor, pass_by

EMAIL = "anna@example.com"
PASSWORD = "correct horse battery staple"
ORGANISATION = "Nordlys ApS"


@dataclass
class Journey(Visitor):
    """One person's browser on the way."""

    page: Page
    started: StartedService
    stop: Stop = pass_by
    connection: str = ""

    def at_pleo(self, path: str) -> None:
        self.page.goto(f"{self.started.pleo}/companies/{self.started.company_id}{path}")

    def here(self, tab: str) -> None:
        """A page of the connection."""
        self.page.goto(f"{self.started.service}/c/{self.connection}/")
        if tab:
            self.follow(tab)

    # ---- connect

    def press_connect(self) -> None:
        """In Pleo: Connect leads to our start page."""
        self.at_pleo("/accounting")
        self.stop(self.page, "pleo-accounting")
        self.page.locator(".integration button.connect").click()
        self.heading("Connect Pleo to your accounting system")
        self.stop(self.page, "connect-welcome")

    def first_visit(self) -> None:
        """Open the link that the service wrote for its owner."""
        self.page.goto((self.started.folder / "home" / "first-visit.txt").read_text().split()[0])
        self.stop(self.page, "first-visit")
        self.press("Continue")
        expect(self.page.get_by_label("Password (again)")).to_be_visible(timeout=SOON)

    def sign_up(self) -> None:
        self.follow("Sign up")
        self.stop(self.page, "sign-up")
        self.page.get_by_label("Email").fill(EMAIL)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_label("Password (again)").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign Up").click()
        self.heading("Connect Pleo")

    def begin(self) -> None:
        """Name the organisation, choose the level, say yes at Pleo."""
        self.page.get_by_label("Name of your company").fill(ORGANISATION)
        self.stop(self.page, "connect-start")
        self.press("Continue")
        self.heading("What should Kontobro do?")
        self.page.get_by_role("radio", name=re.compile("Level 4")).check()
        self.stop(self.page, "connect-level")
        self.press("Continue")
        self.heading("Allow access in Pleo")
        self.stop(self.page, "connect-consent")

    def consent(self) -> None:
        self.follow("Go to Pleo")
        self.stop(self.page, "pleo-consent")
        self.page.locator("#allow").click()
        self.heading("Your accounting system")

    def choose_books(self) -> None:
        """Beancount, with the ledger's path."""
        self.page.get_by_role("radio", name="Beancount").check()
        self.stop(self.page, "connect-erp")
        self.press("Continue")
        self.heading("Access to Beancount")
        self.page.get_by_label(re.compile("ledger", re.IGNORECASE)).first.fill(str(self.started.ledger))
        self.stop(self.page, "connect-access")
        self.press("Test and continue")
        self.heading("Settings suggested from your chart of accounts")

    def accept(self) -> None:
        """Settings as suggested; the first sync as shown."""
        self.stop(self.page, "connect-settings")
        self.press("Accept these settings")
        self.heading("The first sync")
        self.stop(self.page, "connect-plan")
        self.press("Approve and activate")
        self.says("Connected and activated")
        self.connection = self.page.url.rstrip("/").rpartition("/")[2]
        self.stop(self.page, "connection")

    def connect(self) -> None:
        """From Pleo's Connect to an active connection."""
        self.first_visit()
        self.press_connect()
        self.sign_up()
        self.begin()
        self.consent()
        self.choose_books()
        self.accept()

    # ---- export

    def export(self) -> str:
        """In Pleo: press Export. Gives the job's id."""
        self.at_pleo("")
        self.stop(self.page, "pleo-expenses")
        self.page.locator("#export").click()
        expect(self.page.locator("#export-status")).to_be_visible()
        return self.page.url.partition("?")[0].rpartition("/")[2]

    def watch_job(self, job: str) -> None:
        """The job shows among the exports without being asked for, runs before our eyes, and says when it is done."""
        self.here("Exports")
        self.stop(self.page, "exports")
        self.page.locator(f"a[href$='/jobs/{job}/']").click(timeout=SOON)
        expect(self.page.get_by_role("progressbar", name="Expenses done")).to_be_visible()
        self.stop(self.page, "job-running")

    def await_job(self, job: str) -> None:
        """Until the job's page says on its own that it has ended."""
        expect(self.page.get_by_role("progressbar")).to_have_count(0, timeout=SOON)
        expect(self.page.locator("h1 .badge")).to_contain_text("completed", timeout=SOON)
        self.stop(self.page, "job")

    # ---- fixing

    def see_problem(self, message: str | re.Pattern[str]) -> None:
        """From the page of problems to the item with this one, and its remedy."""
        self.follow("Problems")
        self.heading("Problems")
        self.stop(self.page, "problems")
        cause = self.page.locator("section.card").filter(has=self.page.get_by_role("heading", name=message))
        cause.get_by_role("listitem").first.get_by_role("link").click()
        expect(self.page.get_by_role("alert").first).to_contain_text(message)
        expect(self.page.get_by_role("alert").first).to_contain_text("What to do:")

    def check_again(self, *, fine: bool) -> None:
        """The stored item under today's settings."""
        self.press("Check again")
        again = self.page.locator("#again")
        expect(again.get_by_role("heading").first).to_be_visible(timeout=SOON)
        expect(again.get_by_text("It would be booked now")).to_have_count(1 if fine else 0)

    def open_closed_periods(self) -> None:
        """In the settings: what lies in a closed period is booked on the first open day."""
        self.here("Settings")
        self.heading("Settings")
        expect(self.page.get_by_text("Checking these settings")).to_have_count(0, timeout=SOON)
        self.stop(self.page, "settings")
        self.page.get_by_label("If the period is closed").select_option("next_open")
        self.press("Save")
        self.says(re.compile("saved|stored|changed", re.IGNORECASE))

    def mend_at_pleo(self, supplier: str, reason: str, account: str) -> None:
        """In Pleo: open the expense that failed, see why, give it a category, put it in the queue again."""
        self.at_pleo("?status=failed")
        self.stop(self.page, "pleo-failed")
        self.follow(supplier)
        expect(self.page.locator("#failure")).to_have_attribute("data-reason", reason)
        self.stop(self.page, "pleo-expense")
        self.page.locator("#line-0-account").select_option(label=account)
        self.page.locator("#save-and-queue").click()
        expect(self.page.locator("#notice")).to_contain_text("added to the queue")

    # ---- tie-out

    def tie_out(self, first: str, last: str, name: str) -> None:
        """Compare what both sides hold of these days."""
        self.here("Tie-out")
        self.page.get_by_label("From").fill(first)
        self.page.get_by_label("To").fill(last)
        self.press("Compare")
        expect(self.page.get_by_role("heading", level=2).first).to_be_visible(timeout=SOON)
        self.stop(self.page, name)

    def edit_entry(self, before: str, after: str) -> None:
        """Someone edits the newest bookings in the ledger by hand."""
        newest = max(self.started.ledger.parent.glob("bookings/*.beancount"))
        text = newest.read_text()
        assert before in text
        newest.write_text(text.replace(before, after))
