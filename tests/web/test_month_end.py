"""The month end: the equation per wallet, what blocks, closing and opening again, the firm's table, the workbooks."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.db import IntegrityError
from django.test import Client

from kontobro.core.model.connection import Tokens
from kontobro.export.tieout.month import SEARCH
from kontobro.store.read.firm import MonthCounts
from kontobro.web.models import AuditEvent, ConnectionOwner, MonthClose
from kontobro.web.month.blocks import is_blocked, known_blocks
from pleo_sandbox.company.oauth import ALL_SCOPES
from pleo_sandbox.model import Expense
from tests.support.connected_home import a_connected_home
from tests.support.pleo_company import COMPANY, a_company, an_item
from tests.support.site import Site
from tests.web.connected_site import ConnectedSite

OCTOBER = "month=2026-10"


@pytest.fixture
def equal(site: Site) -> Iterator[ConnectedSite]:
    """A company whose one expense of October can be booked, posted."""
    with a_connected_home(site.app.path, a_company(Expense(an_item(1, minor=123_450)))) as connected:
        organisation = site.organisation()
        connection = site.app.store.connections()[0]
        ConnectionOwner.objects.create(organisation=organisation, connection_id=connection.id)
        browser = site.browser(site.member(organisation, "bookkeeper", "bo@example.com"))
        yield ConnectedSite(site, connected, organisation, connection, browser)


def figures(there: ConnectedSite, month: str = OCTOBER) -> str:
    return there.page(f"month-end/figures/?{month}")


def not_exported(page: str) -> str:
    """What the page says of it, without its marks."""
    shown = page.partition("<dt>Not exported in Pleo</dt>")[2].partition("</dd>")[0]
    return " ".join(re.sub(r"<[^>]*>", "", shown).split())


def close(there: ConnectedSite, browser: Client | None = None, month: str = "2026-10") -> Any:
    return (browser or there.browser).post(f"/c/{there.connection.id}/month-end/close/", {"month": month})


def workbook(browser: Client, address: str) -> Any:
    answer = browser.get(address)
    assert answer.status_code == 200
    return openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]


def edit_entry(there: ConnectedSite) -> None:
    files = (there.connected.ledger.parent / "bookings").glob("*.beancount")
    file = next(file for file in files if "1234.50" in file.read_text())
    file.write_text(file.read_text().replace("1234.50", "1243.50"))


def test_the_equation_is_shown_and_what_failed_blocks_with_a_link(connected: ConnectedSite) -> None:
    connected.export()
    page = figures(connected)
    assert "1,284.45 DKK" in page  # Pleo: 1,234.50 booked + 49.95 failed
    assert "1,234.50 DKK" in page
    assert "49.95 DKK" in page
    assert '<span class="badge bg-green-lt">equal</span>' in page
    assert f'<a href="/c/{connected.connection.id}/jobs/">1 expense needs attention.</a>' in page
    assert "Closed, all equal" not in page
    assert not_exported(page).split()[0] == "1"  # what failed goes back to Pleo's list


def test_what_was_not_exported_is_counted_where_the_credential_may_search(equal: ConnectedSite) -> None:
    """Of this month and this company, whether or not it is in Pleo's queue; never 0 where Pleo may not be asked."""
    sandbox = equal.connected.sandbox
    days = {2: "2026-10-01T00:00:00Z", 3: "2026-10-31T22:59:59Z", 4: "2026-10-31T23:30:00Z", 5: "2026-09-30T22:30:00Z"}
    for number, at in days.items():
        sandbox.exports.add_expense(COMPANY, Expense(an_item(number, date=at), queued=number == 2))
    store, connection = equal.site.app.store, equal.connection
    copenhagen = replace(connection.settings, time_zone="Europe/Copenhagen")
    store.save_connection(replace(connection, settings=copenhagen, scopes=connection.scopes | {SEARCH}))
    page = figures(equal)
    assert not_exported(page).split()[0] == "3"  # midnight UTC is a plain day
    assert re.search(r"Not exported in Pleo</dt><dd>3\b.*?<time datetime=", page)
    state = workbook(equal.browser, f"/c/{connection.id}/month-end/month-end.xlsx?{OCTOBER}")["State"]
    assert ["Not exported in Pleo", "3"] in [[cell.value for cell in row] for row in state.rows]
    store.save_connection(replace(connection, settings=copenhagen, scopes=frozenset({"export-jobs:read"})))
    assert not_exported(figures(equal)) == "unknown (not permitted)"


def test_a_credential_whose_permissions_are_not_listed_is_told_by_pleo(equal: ConnectedSite) -> None:
    key = equal.connected.sandbox.add_api_key(COMPANY, ALL_SCOPES - {SEARCH})
    equal.site.app.store.save_tokens(equal.connection, Tokens(access=key))
    assert not equal.connection.scopes
    assert not_exported(figures(equal)) == "unknown (not permitted)"


def test_a_search_that_fails_is_said_and_the_month_is_shown(equal: ConnectedSite) -> None:
    equal.site.app.store.save_connection(replace(equal.connection, scopes=equal.connection.scopes | {SEARCH}))
    equal.connected.sandbox.break_page("POST", "/v1/accounting-entries:search", "truncated")
    assert not_exported(figures(equal)).startswith("unknown: Pleo")


def test_a_month_is_not_closed_while_something_blocks(connected: ConnectedSite) -> None:
    connected.export()
    answer = close(connected)
    assert answer.status_code == 409
    assert "1 expense needs attention." in answer.text
    assert not MonthClose.objects.exists()


def test_an_equal_month_is_closed_and_who_and_when_is_remembered(equal: ConnectedSite) -> None:
    equal.export()
    assert "Closed, all equal" in figures(equal)
    answer = close(equal)
    assert (answer.status_code, answer["Location"]) == (302, f"/c/{equal.connection.id}/month-end/?{OCTOBER}")
    kept = MonthClose.objects.get()
    assert (kept.closed_name, f"{kept.month}") == ("bo@example.com", "2026-10-01")
    assert kept.figures[0]["pleo"] == "1234.50"
    assert AuditEvent.objects.filter(action="month closed", detail="2026-10").count() == 1
    page = equal.page(f"month-end/?{OCTOBER}")
    assert "Month end October 2026" in page
    assert "bo@example.com closed this month" in page
    assert "Nothing has changed since it was closed." in figures(equal)
    assert close(equal).status_code == 409
    assert MonthClose.objects.count() == 1


def test_what_changes_after_closing_is_shown(equal: ConnectedSite) -> None:
    equal.export()
    close(equal)
    edit_entry(equal)
    page = figures(equal)
    assert "Changed since it was closed" in page
    assert '<td class="figure">1,234.50 DKK</td><td class="figure">1,243.50 DKK</td>' in page
    assert '<span class="badge bg-red-lt">differs by 9.00 DKK</span>' in page


def test_an_entry_that_was_edited_in_the_books_blocks(equal: ConnectedSite) -> None:
    equal.export()
    edit_entry(equal)
    page = figures(equal)
    assert "Pleo and the accounting system are not equal" in page
    assert "tie-out/?first=2026-10-01&amp;last=2026-10-31" in page
    assert close(equal).status_code == 409


def test_drafts_block(equal: ConnectedSite) -> None:
    drafts = replace(equal.connection, settings=replace(equal.connection.settings, posting="draft"))
    equal.site.app.store.save_connection(drafts)
    replace(equal, connection=drafts).export()
    page = figures(equal)
    assert "1 entry is a draft: post it in the accounting system." in page
    assert "of which drafts: 1,234.50 DKK" in page
    assert close(equal).status_code == 409


def test_an_export_that_was_pressed_and_waits_blocks(equal: ConnectedSite) -> None:
    page = figures(equal)
    assert "1 export has not ended." in page
    assert "Nothing was exported for this month." in page
    assert close(equal).status_code == 409


def test_pleo_that_cannot_be_asked_blocks_and_is_told(equal: ConnectedSite) -> None:
    equal.export()
    gone = replace(equal.connection, api_url="http://127.0.0.1:1")
    equal.site.app.store.save_connection(gone)
    page = figures(equal)
    assert "Pleo could not be asked for its exports" in page
    assert close(equal).status_code == 409


def test_this_month_is_not_over(equal: ConnectedSite) -> None:
    equal.export()
    month = f"{equal.site.now():%Y-%m}"
    assert "The month is not over yet." in figures(equal, f"month={month}")
    assert close(equal, month=month).status_code == 409


def test_only_an_owner_opens_a_month_again_and_says_why(equal: ConnectedSite) -> None:
    equal.export()
    close(equal)
    path = f"/c/{equal.connection.id}/month-end/reopen/"
    assert equal.browser.post(path, {"month": "2026-10", "reason": "a reason"}).status_code == 403
    owner = equal.site.browser(equal.site.member(equal.organisation, "owner", "anna@example.com"))
    assert owner.post(path, {"month": "2026-10", "reason": "  "}).status_code == 400
    assert MonthClose.objects.get().reopened_at is None
    assert owner.post(path, {"month": "2026-10", "reason": "A receipt came late"}).status_code == 302
    assert owner.post(path, {"month": "2026-10", "reason": "again"}).status_code == 400
    page = equal.page(f"month-end/?{OCTOBER}")
    assert "A receipt came late" in page
    assert "anna@example.com" in page
    assert AuditEvent.objects.get(action="month opened again").detail == "2026-10: A receipt came late"
    assert close(equal).status_code == 302
    assert MonthClose.objects.count() == 2


def test_the_database_closes_no_month_twice_and_opens_none_without_a_reason(equal: ConnectedSite) -> None:
    facts: dict[str, Any] = {
        "organisation": equal.organisation,
        "connection_id": equal.connection.id,
        "month": dt.date(2026, 10, 1),
        "closed_at": equal.site.now(),
        "closed_name": "bo@example.com",
    }
    kept = MonthClose.objects.create(**facts)
    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        MonthClose.objects.create(**facts)
    kept.reopened_at = equal.site.now()
    with pytest.raises(IntegrityError, match="kontobro_web_reopened_for_a_reason"):
        kept.save()


@pytest.mark.parametrize("month", ["2026-13", "October", "2026-1", "1999-12", "2026-10-05"])
def test_what_is_no_month_is_refused(equal: ConnectedSite, month: str) -> None:
    for page in ("", "figures/", "month-end.xlsx"):
        answer = equal.browser.get(f"/c/{equal.connection.id}/month-end/{page}?month={month}")
        assert answer.status_code == 400
        assert "is not a month" in answer.text
    assert equal.browser.get(f"/o/{equal.organisation.id}/month-end/?month={month}").status_code == 400


def test_the_workbook_has_the_equation_its_state_and_every_entry(equal: ConnectedSite) -> None:
    equal.export()
    close(equal)
    edit_entry(equal)
    book = workbook(equal.browser, f"/c/{equal.connection.id}/month-end/month-end.xlsx?{OCTOBER}")
    assert [sheet.title for sheet in book] == ["Entries", "Month end", "State"]
    assert book["Entries"].max_row == 2
    figures = dict(zip(*([cell.value for cell in row] for row in book["Month end"].rows), strict=True))
    assert (figures["Exported in Pleo"], figures["Booked"], figures["Difference"]) == (1234.5, 1243.5, 9)
    state = [[cell.value for cell in row] for row in book["State"].rows]
    assert ["Closed by", "bo@example.com"] in state
    assert ["Company", equal.connection.pleo_name] in state
    assert ["Company in the accounting system", equal.connection.books_name or None] in state
    assert ["Not exported in Pleo", "0"] in state
    assert any(name == "Changed since" and "Booked: 1234.50 → 1243.50" in words for name, words in state)


@pytest.mark.parametrize("cause", ["", "reconnect", "unsure", "sealed", "failed", "delivered"])
@pytest.mark.parametrize(
    "counts", [MonthCounts(), MonthCounts(booked=1), MonthCounts(failed=1), MonthCounts(waiting=1)]
)
@pytest.mark.parametrize("today", [dt.date(2026, 10, 31), dt.date(2026, 11, 1)])
def test_a_month_is_blocked_where_something_blocks_it(cause: str, counts: MonthCounts, today: dt.date) -> None:
    first, waits = dt.date(2026, 10, 1), {cause: 1} if cause else {}
    unready = bool(counts.failed or counts.waiting)
    assert is_blocked(first, today, waits, unready) == bool(list(known_blocks("id", first, today, waits, counts)))


def test_the_firm_sees_every_company_s_month(equal: ConnectedSite) -> None:
    site, organisation = equal.site, equal.organisation
    site.connection(organisation, "Locked out", status="reconnect")
    site.connection(organisation, "Never exported")
    site.connection(organisation, "Ended long ago", status="disconnected")
    site.connection(site.organisation("Other"), "Theirs")
    equal.export()
    close(equal)
    address = f"/o/{organisation.id}/month-end/"
    page = equal.browser.get(f"{address}?{OCTOBER}").text.partition("<tbody>")[2]
    assert page.index("Locked out") < page.index("Never exported") < page.index("bo@example.com")
    assert "Pleo no longer lets us in: connect to Pleo again." in page
    assert f'href="/c/{equal.connection.id}/month-end/?{OCTOBER}"' in page
    assert "Theirs" not in page
    assert "Ended long ago" not in page
    only = equal.browser.get(f"{address}?{OCTOBER}&state=closed").text.partition("<tbody>")[2]
    assert "bo@example.com" in only
    assert "Locked out" not in only
    sheet = workbook(equal.browser, f"{address}month-end.xlsx?{OCTOBER}").active
    rows = [[cell.value for cell in row] for row in sheet]
    assert [row[3] for row in rows[1:]] == ["open; something blocks it", "open; nothing known blocks it", "closed"]


def test_the_firm_sees_that_something_was_exported_after_closing(equal: ConnectedSite) -> None:
    equal.export()
    close(equal)
    MonthClose.objects.update(closed_at=equal.site.now() - dt.timedelta(days=1))
    page = equal.browser.get(f"/o/{equal.organisation.id}/month-end/?{OCTOBER}").text.partition("<tbody>")[2]
    assert "closed, and something was exported since" in page


def test_a_deleted_company_s_months_go_too(equal: ConnectedSite) -> None:
    equal.export()
    close(equal)
    store = equal.site.app.store
    store.save_connection(replace(equal.connection, status="disconnected"))
    owner = equal.site.browser(equal.site.member(equal.organisation, "owner"))
    assert Path(equal.connected.folder).exists()
    answer = owner.post(f"/c/{equal.connection.id}/privacy/delete/", {"name": equal.connection.pleo_name})
    assert answer.status_code == 302
    assert not MonthClose.objects.exists()
