"""Lists: search, sort and filters in the address, totals, files of exactly that, many checked again, the way back."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import openpyxl
import pytest
from babel import Locale

from kontobro.core.model.history import Move
from kontobro.core.model.journal import Reference
from kontobro.store.schema.moves import route
from kontobro.web.lists.fields import FEW, amounts_in
from kontobro.web.lists.files import BOTH
from kontobro.web.models import AuditEvent
from kontobro.web.tenancy import Member
from tests.support.site import Site
from tests.support.store_contract.case import PROBLEM, job, planned
from tests.web.connected_site import ConnectedSite


def filled(site: Site) -> tuple[Any, Any, str]:
    """An organisation, its browser, and a connection with three bookings of three payees."""
    organisation = site.organisation()
    connection = site.connection(organisation, "Fjord ApS", erp_company_name="Fjordens bøger")
    store, now = site.app.store, site.now()
    today = now.date().isoformat()
    facts: list[dict[str, Any]] = [
        {"payee": "Anna Berg", "amount": "-12.50", "total": "12.50", "date": today},
        {"payee": "Café Ø", "amount": "-1234.50", "total": "1234.50", "date": today, "currency": "SEK"},
        {"payee": "=Refund", "amount": "2.50", "total": "2.50", "date": today, "item_type": "CARD_REFUND"},
        {"payee": "Old", "amount": "-7.00", "total": "7.00", "date": "2019-01-01"},
        {"payee": "Undated", "amount": "-9.00", "total": "9.00", "date": ""},
    ]
    for number, fact in enumerate(facts):
        store.plan(connection.id, "job-0", "run", [planned(Reference(f"ref-{number}"), **fact)], now)
    for step in route("rejected"):
        told = (PROBLEM,) if step == "rejected" else None
        store.move(connection.id, [Move(reference=Reference("ref-0"), to=step, problems=told)], now)
    return organisation, site.browser(site.member(organisation)), connection.id


def rows(page: str) -> list[str]:
    return [part.partition("/")[0] for part in page.split("/items/")[1:]]


def test_the_list_has_pleo_s_signs_its_totals_and_its_usual_days(site: Site) -> None:
    _, browser, here = filled(site)
    page = browser.get(f"/c/{here}/bookings/").text
    assert set(rows(page)) == {"ref-0", "ref-1", "ref-2"}
    assert "Total: <strong>10.00 DKK</strong> in 2 entries" in page
    assert "Total: <strong>1,234.50 SEK</strong> in 1 entry" in page
    assert "-2.50 DKK" in page
    assert "or later are shown" in page
    assert "1 expense has no date" in page
    assert rows(browser.get(f"/c/{here}/bookings/?undated=1").text) == ["ref-4"]
    assert set(rows(browser.get(f"/c/{here}/bookings/?first=").text)) == {f"ref-{n}" for n in range(5)}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=berg", ["ref-0"]),
        ("q=1.234,50", []),
        ("q=1,234.5", ["ref-1"]),
        ("q=ref-1", ["ref-1"]),
        ("state=failed", ["ref-0"]),
        ("currency=sek", ["ref-1"]),
        ("sort=amount", ["ref-2", "ref-0", "ref-1"]),
        ("sort=-payee", ["ref-1", "ref-0", "ref-2"]),
        ("sort=nonsense&state=failed", ["ref-0"]),
        ("code=no_account&field=account&value=Anna+Berg", ["ref-0"]),
        ("page=99", ["ref-2", "ref-1", "ref-0"]),
    ],
)
def test_what_is_asked_for_is_in_the_address_and_the_files_have_the_same(
    site: Site, query: str, found: list[str]
) -> None:
    _, browser, here = filled(site)
    page = browser.get(f"/c/{here}/bookings/?{query}").text
    assert rows(page) == found
    text = b"".join(browser.get(f"/c/{here}/bookings/list.csv?{query}").streaming_content).decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    assert [row["entry ID"] for row in table] == found
    assert {tuple(row[name] for name in BOTH) for row in table} <= {("Fjord ApS", "Fjordens bøger")}
    content = b"".join(browser.get(f"/c/{here}/bookings/list.xlsx?{query}").streaming_content)
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Bookings"]
    assert sheet.max_row == len(found) + 1
    if "ref-2" in found:
        (refund,) = [row for row in table if row["entry ID"] == "ref-2"]
        assert (refund["amount"], refund["payee"]) == ("-2.50", "'=Refund")


def test_a_workbook_is_in_its_reader_s_language_and_csv_the_same_for_all(site: Site) -> None:
    _, browser, here = filled(site)
    german = {"accept-language": "de"}
    content = b"".join(browser.get(f"/c/{here}/bookings/list.xlsx?q=berg", headers=german).streaming_content)
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Buchungen"]
    (heads, row) = sheet.iter_rows(values_only=True)
    found = dict(zip(heads, row, strict=True))
    assert (found["Zahlungsempfänger"], found["Status"], found["Art"]) == ("Anna Berg", "zu korrigieren", "Kartenkauf")
    text = b"".join(browser.get(f"/c/{here}/bookings/list.csv?q=berg", headers=german).streaming_content)
    (row,) = csv.DictReader(io.StringIO(text.decode("utf-8-sig")))
    assert (row["payee"], row["state"], row["type"]) == ("Anna Berg", "rejected", "CARD_PURCHASE")


def test_a_wrong_filter_is_told_and_the_rest_of_it_holds(site: Site) -> None:
    _, browser, here = filled(site)
    answer = browser.get(f"/c/{here}/bookings/?first=x&q=berg")
    assert (answer.status_code, rows(answer.text)) == (400, ["ref-0"])
    assert "Enter a valid date" in answer.text
    assert browser.get(f"/c/{here}/bookings/list.pdf").status_code == 404


def test_totals_of_a_long_list_come_after_the_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from kontobro.web.exports import bookings

    monkeypatch.setattr(bookings, "ADDED_AT_ONCE", 1)
    _, browser, here = filled(site)
    page = browser.get(f"/c/{here}/bookings/?q=e").text
    assert f'hx-get="/c/{here}/bookings/totals/?q=e"' in page
    assert "Total:" not in page
    assert "10.00 DKK" in browser.get(f"/c/{here}/bookings/totals/").text


def test_many_are_checked_again_those_that_were_ticked_or_all(connected: ConnectedSite) -> None:
    connected.export()
    store, here = connected.site.app.store, connected.connection.id
    failed = next(row for row in store.bookings(here) if row.problems)
    page = connected.page("bookings/?first=")
    assert f'name="entry" value="{failed.reference}"' in page
    path = f"/c/{here}/bookings/again/?first="
    assert connected.browser.post(path, {}).status_code == 400
    for form in ({"entry": failed.reference}, {"all": "1"}):
        answer = connected.browser.post(path, form).text
        assert "1 expense was checked" in answer
        assert "9999" in answer
    ledger = connected.connected.ledger
    ledger.write_text(ledger.read_text() + '\n2020-01-01 open Expenses:Mended DKK\n  code: "9999"\n')
    assert "1 would be booked now" in connected.browser.post(path, {"all": "1"}).text
    assert connected.browser.post(f"{path}&q=nobody", {"all": "1"}).status_code == 400
    assert connected.browser.post(path, {"entry": "of-another-company"}).status_code == 400


def test_an_expense_leads_back_to_the_list_with_its_filter(site: Site) -> None:
    _, browser, here = filled(site)

    def page(came: str) -> str:
        return browser.get(f"/c/{here}/items/ref-0/", headers={"referer": came}).text

    came = f"http://127.0.0.1:8765/c/{here}/bookings/?q=berg&sort=-amount"
    assert f'href="/c/{here}/bookings/?q=berg&amp;sort=-amount" data-back' in page(came)
    for other in ("https://evil.example/c/x/bookings/", "http://127.0.0.1:8765/nowhere/", "http://127.0.0.1:8765/", ""):
        assert "data-back" not in page(other)


def test_problems_are_searched_in_the_words_that_the_reader_sees(site: Site) -> None:
    organisation, browser, here = filled(site)
    unknown = replace(PROBLEM, code="account_unknown")
    for step in route("rejected"):
        told = (unknown,) if step == "rejected" else None
        site.app.store.move(here, [Move(reference=Reference("ref-1"), to=step, problems=told)], site.now())
    path, german = f"/o/{organisation.id}/problems/", {"accept-language": "de"}
    assert "<strong>1</strong>" in browser.get(f"{path}?q=gibt es", headers=german).text
    assert "No problems match" in browser.get(f"{path}?q=gibt es").text
    text = b"".join(browser.get(f"{path}list.csv?q=gibt es", headers=german).streaming_content).decode("utf-8-sig")
    assert [row["entry ID"] for row in csv.DictReader(io.StringIO(text))] == ["ref-1"]


def test_problems_are_searched_and_lead_to_all_expenses_of_a_cause(site: Site) -> None:
    organisation, browser, here = filled(site)
    path = f"/o/{organisation.id}/problems/"
    page = browser.get(f"{path}?q=ANNA").text
    assert "<strong>1</strong> cause stops expenses" in page
    assert f"/c/{here}/bookings/?code=no_account&amp;field=account&amp;value=Anna+Berg&amp;first=" in page
    assert "No problems match" in browser.get(f"{path}?q=100%25").text
    assert "<strong>1</strong> cause" in browser.get(f"{path}?page=7").text
    for query, number in (("q=anna", 1), ("q=nobody", 0), (f"company={here}", 1)):
        text = b"".join(browser.get(f"{path}list.csv?{query}").streaming_content).decode("utf-8-sig")
        assert len(list(csv.DictReader(io.StringIO(text)))) == number, query


def test_jobs_and_the_trail_are_searched_and_are_files(connected: ConnectedSite) -> None:
    exported = connected.export()
    organisation = f"/o/{connected.organisation.id}"
    user = connected.site.member(connected.organisation, email="eva@example.com")
    Member(user, connected.organisation, "owner").note("export requested", "job 7", connected.connection.id)
    for base, hit, miss, column in (
        (f"{organisation}/jobs/", exported[:8], "nothing", "job"),
        (f"/c/{connected.connection.id}/jobs/", exported[:8], "nothing", "job"),
        (f"{organisation}/audit/", "eva@", "nobody", "who"),
    ):
        for text, number in ((hit, 1), (miss, 0)):
            assert ("match" in connected.browser.get(f"{base}?q={text}").text) == (not number), base
            answer = connected.browser.get(f"{base}list.csv?q={text}")
            content = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
            found = list(csv.DictReader(io.StringIO(content)))
            assert [bool(row[column]) for row in found] == [True] * number
            both = {tuple(row[name] for name in BOTH) for row in found}
            assert both <= {(connected.connection.pleo_name, connected.connection.books_name)}


@pytest.mark.parametrize("path", ["jobs", "problems", "audit"])
def test_among_many_companies_a_part_of_the_name_is_typed(site: Site, path: str) -> None:
    """A list of hundreds would be sent with every page."""
    organisation, browser, here = filled(site)
    for number in range(FEW):
        site.connection(organisation, f"Company {number:03}")
    site.app.store.begin_job(here, job("job-0"), "run", site.now())
    AuditEvent.objects.create(organisation=organisation, connection_id=here, actor_name="a", action="b")
    page = browser.get(f"/o/{organisation.id}/{path}/").text
    assert "Company 050" not in page
    assert "Part of its name" in page
    shown = {text: f"/o/{organisation.id}/{path}/?company={text}" for text in ("fjord", here, "company 0")}
    told = {text: " match" not in browser.get(address).text for text, address in shown.items()}
    assert told == {"fjord": True, here: True, "company 0": False}


def test_a_stranger_gets_no_list_and_no_file(site: Site) -> None:
    organisation, _, here = filled(site)
    stranger = site.browser(site.member(site.organisation("Elsewhere")))
    of_one = [f"/c/{here}/bookings/{rest}" for rest in ("", "totals/", "list.csv", "list.xlsx")]
    of_all = [f"/o/{organisation.id}/{name}/list.csv" for name in ("jobs", "problems", "audit")]
    for path in (*of_one, *of_all, f"/c/{here}/jobs/list.csv"):
        assert stranger.get(path).status_code == 404, path
    assert stranger.post(f"/c/{here}/bookings/again/", {"all": "1"}).status_code == 404


@pytest.mark.parametrize(
    ("text", "locale", "found"),
    [
        ("1.234,5", "de", ["1234.5", "1234.50", "1234.500", "1234.5000"]),
        ("1,234.5", "en_GB", ["1234.5", "1234.50", "1234.500", "1234.5000"]),
        ("1500", "da", ["1500", "1500.0", "1500.00", "1500.000", "1500.0000"]),
        ("12.5", "de", ["12.5", "12.50", "12.500", "12.5000"]),
        ("-12.5", "en", ["12.5", "12.50", "12.500", "12.5000"]),
        ("Berg", "de", []),
        ("1e9", "en", []),
        ("9" * 40, "en", []),
        ("", "en", []),
    ],
)
def test_an_amount_is_searched_as_its_reader_writes_it(text: str, locale: str, found: list[str]) -> None:
    assert [one for one in amounts_in(text, Locale.parse(locale)) if not one.startswith("-")] == found


def test_the_trail_says_from_what_to_what(connected: ConnectedSite) -> None:
    owner = connected.site.browser(connected.site.member(connected.organisation, "owner"))
    bo = connected.site.member(connected.organisation, "bookkeeper", email="bo@example.com")
    number = bo.membership_set.get().id
    owner.post(f"/o/{connected.organisation.id}/members/{number}/", {"role": "readonly"})
    assert AuditEvent.objects.get(action="role changed").detail == "bo@example.com: Bookkeeper → Read-only"
    owner.post(f"/o/{connected.organisation.id}/members/{number}/", {"remove": "1"})
    assert AuditEvent.objects.get(action="member removed").detail == "bo@example.com: Read-only → –"
    german = owner.get(f"/o/{connected.organisation.id}/audit/", headers={"accept-language": "de"}).text
    assert "bo@example.com: Buchhalter → Nur Lesen" in german
    text = b"".join(owner.get(f"/o/{connected.organisation.id}/audit/list.csv").streaming_content).decode("utf-8-sig")
    assert "bo@example.com: Bookkeeper → Read-only" in text
