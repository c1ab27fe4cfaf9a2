"""A firm's overview: what waits first, finding companies among hundreds, who is in charge of which."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from kontobro.core.model.connection import Connection
from kontobro.core.model.history import Move
from kontobro.core.model.journal import Reference
from kontobro.web.models import AuditEvent, ConnectionOwner, Membership, Organisation
from kontobro.web.organisation.finding import ORDERS, STATES
from tests.support.site import Site
from tests.support.store_contract.case import PROBLEM, job, planned


def failing(site: Site, connection: Connection, number: int) -> Connection:
    """So many of the company's expenses failed."""
    store, now = site.app.store, site.now()
    store.begin_job(connection.id, job("job"), "run", now)
    names = [Reference(f"ref-{one}") for one in range(number)]
    store.plan(connection.id, "job", "run", [planned(name) for name in names], now)
    store.move(connection.id, [Move(reference=name, to="rejected", problems=(PROBLEM,)) for name in names], now)
    return connection


def a_firm(site: Site) -> tuple[Organisation, dict[str, Connection]]:
    organisation = site.organisation()
    companies = {
        "Calm": site.connection(organisation, "Calm"),
        "Ended": site.connection(organisation, "Ended", status="disconnected"),
        "Few": failing(site, site.connection(organisation, "Few", erp="odoo"), 1),
        "Locked out": site.connection(organisation, "Locked out", status="reconnect"),
        "Many": failing(site, site.connection(organisation, "Many", company_name="Many Schröder"), 3),
    }
    site.app.store.note_sync(companies["Calm"].id, "vendors", "in_step", "", site.now())
    return organisation, companies


def names(browser: Client, organisation: Organisation, query: str = "") -> list[str]:
    """The companies of the list, in its order."""
    answer = browser.get(f"/o/{organisation.id}/?{query}")
    assert answer.status_code == 200
    listing = answer.text.partition('id="connections-heading"')[2]
    return re.findall(r'</td> <td><a href="/c/\w+/">([^<]+)</a>', listing)


def test_what_waits_stands_first_by_urgency_across_companies(site: Site) -> None:
    organisation, companies = a_firm(site)
    browser = site.browser(site.member(organisation))
    page = browser.get(f"/o/{organisation.id}/").text.partition('id="connections-heading"')[0]
    assert page.index("Connect to Pleo again") < page.index("Expenses need attention")
    assert '?state=failed">2 companies</a></td> <td class="figure">4</td>' in page
    assert page.index(f'"/c/{companies["Many"].id}/jobs/"') < page.index(f'"/c/{companies["Few"].id}/jobs/"')
    assert "Calm" not in page
    assert names(browser, organisation) == ["Locked out", "Many Schröder", "Few", "Calm", "Ended"]


def test_a_firm_without_trouble_is_told_so(site: Site) -> None:
    organisation = site.organisation()
    site.connection(organisation, "Calm")
    assert "All clear" in site.browser(site.member(organisation)).get(f"/o/{organisation.id}/").text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=schrö", ["Many Schröder"]),
        ("q=LOCKED", ["Locked out"]),
        ("q=nowhere", []),
        ("state=waits", ["Locked out", "Many Schröder", "Few"]),
        ("state=failed&erp=odoo", ["Few"]),
        ("state=clear", ["Calm"]),
        ("state=disconnected", ["Ended"]),
        ("erp=odoo", ["Few"]),
        ("person=none&sort=name", ["Calm", "Ended", "Few", "Locked out", "Many Schröder"]),
        ("sort=failed&q=", ["Many Schröder", "Few", "Calm", "Ended", "Locked out"]),
        ("sort=nonsense&state=nonsense&erp=x&person=99", ["Locked out", "Many Schröder", "Few", "Calm", "Ended"]),
    ],
)
def test_companies_are_found(site: Site, query: str, expected: list[str]) -> None:
    organisation, _ = a_firm(site)
    assert names(site.browser(site.member(organisation)), organisation, query) == expected


def test_the_order_by_export_knows_who_never_exported(site: Site) -> None:
    organisation, _ = a_firm(site)
    browser = site.browser(site.member(organisation))
    assert names(browser, organisation, "sort=newest")[:2] == ["Many Schröder", "Few"]
    assert names(browser, organisation, "sort=oldest") == ["Calm", "Ended", "Locked out", "Few", "Many Schröder"]


def test_every_filter_and_order_can_be_chosen_and_is_kept_in_links(site: Site) -> None:
    organisation = site.organisation()
    for number in range(101):
        site.connection(organisation, f"Quiet {number:03}")
    page = site.browser(site.member(organisation)).get(f"/o/{organisation.id}/?state=clear&sort=name&q=quiet").text
    assert 'href="?state=clear&amp;sort=name&amp;q=quiet&amp;page=2"' in page
    assert '<option value="clear" selected>' in page
    assert "101 of 101 companies match." in page
    for value in (*STATES, *ORDERS):
        assert f'<option value="{value}"' in page


def put(browser: Client, organisation: Organisation, to: object, *those: Connection, **other: str) -> Any:
    form = {"company": [one.id for one in those], "to": to, **other}
    return browser.post(f"/o/{organisation.id}/assign/", form)


def test_many_companies_are_put_in_charge_of_a_colleague_with_a_trail(site: Site) -> None:
    organisation, companies = a_firm(site)
    browser = site.browser(site.member(organisation, "bookkeeper"))
    bo = Membership.objects.get(user=site.member(organisation, "readonly", "bo@example.com"))
    answer = put(browser, organisation, bo.id, companies["Few"], companies["Many"], back="state=failed&evil=1")
    assert answer["Location"] == f"/o/{organisation.id}/?state=failed"
    assert "bo@example.com is now in charge of 2 companies." in browser.get(answer["Location"]).text
    assert names(browser, organisation, f"person={bo.id}") == ["Many Schröder", "Few"]
    put(browser, organisation, "", companies["Few"], companies["Calm"])
    assert names(browser, organisation, f"person={bo.id}") == ["Many Schröder"]
    trail = AuditEvent.objects.order_by("id").values_list("connection_id", "detail")
    few, many = companies["Few"].id, companies["Many"].id
    assert set(trail[:2]) == {(few, "no one → bo@example.com"), (many, "no one → bo@example.com")}
    assert list(trail[2:]) == [(few, "bo@example.com → no one")]


def test_who_leaves_is_in_charge_of_nothing(site: Site) -> None:
    organisation, companies = a_firm(site)
    owner = site.browser(site.member(organisation))
    bo = Membership.objects.get(user=site.member(organisation, "bookkeeper"))
    put(owner, organisation, bo.id, companies["Few"])
    owner.post(f"/o/{organisation.id}/members/{bo.id}/", {"remove": "1"})
    assert names(owner, organisation, "person=none&erp=odoo") == ["Few"]
    assert ConnectionOwner.objects.get(connection_id=companies["Few"].id).in_charge is None


def test_only_the_organisation_s_own_are_put_together(site: Site) -> None:
    organisation, companies = a_firm(site)
    other = site.organisation("Other")
    theirs = site.connection(other, "Theirs")
    stranger = Membership.objects.get(user=site.member(other))
    browser = site.browser(site.member(organisation))
    mine = Membership.objects.get(organisation=organisation)
    assert put(browser, organisation, stranger.id, companies["Few"]).status_code == 404
    assert put(browser, organisation, "9" * 30, companies["Few"]).status_code == 404
    assert put(browser, organisation, mine.id, companies["Few"], theirs).status_code == 404
    assert put(browser, organisation, mine.id).status_code == 400
    assert put(browser, organisation, mine.id, replace(theirs, id="none such")).status_code == 404
    assert not ConnectionOwner.objects.exclude(in_charge=None).exists()
    assert not AuditEvent.objects.exists()


def test_a_charge_does_not_follow_a_company_into_another_organisation(site: Site) -> None:
    """Whoever moves it leaves the old charge behind, whatever the row says."""
    organisation, companies = a_firm(site)
    other = site.organisation("Other")
    mine = Membership.objects.get(user=site.member(organisation, email="anna@example.com"))
    ConnectionOwner.objects.filter(connection_id=companies["Few"].id).update(organisation=other, in_charge=mine)
    page = site.browser(site.member(other)).get(f"/o/{other.id}/").text
    assert "Few" in page
    assert "anna@example.com" not in page


def test_who_only_reads_assigns_nothing(site: Site) -> None:
    organisation, companies = a_firm(site)
    browser = site.browser(site.member(organisation, "readonly"))
    page = browser.get(f"/o/{organisation.id}/").text
    assert "Put in charge" not in page
    assert 'type="checkbox"' not in page
    assert put(browser, organisation, "", companies["Few"]).status_code == 403
