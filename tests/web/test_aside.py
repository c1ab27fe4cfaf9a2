"""An accounting system that does not answer stops no page: progress is shown, and one organisation has its share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from kontobro.core.model.connection import Connection
from kontobro.net.deadline import seconds_left
from kontobro.service.config import config
from kontobro.service.shares import Shares
from kontobro.web.middleware import TooManyAtOnce
from kontobro.web.models import AuditEvent, Membership, Organisation
from kontobro.web.site import aside
from tests.support.site import Site
from tests.web import tarpit
from tests.web.live import wait_for

TAR_PIT = "tests.web.tarpit:TarPit"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The pages' threads that may wait are all taken: no page waits, so that no test does."""
    monkeypatch.setenv("KONTOBRO_THREADS", "1")
    config.cache_clear()
    tarpit.answers.clear()
    with aside.thread_for("somebody else") as taken:
        assert taken
        yield
        tarpit.answers.set()
        wait_for(lambda: aside._threads.take("probe", 1, 1))  # all that ran aside has ended
        aside._threads.give_back("probe")
    monkeypatch.undo()
    config.cache_clear()


def company(site: Site, name: str = "Demo ApS") -> tuple[Client, Connection]:
    """An owner's browser, and their connection to the tar pit."""
    organisation: Organisation = site.organisation(name)
    return site.browser(site.member(organisation)), site.connection(organisation, erp=TAR_PIT, erp_options={})


def ticket_of(page: str) -> str:
    return page.partition('hx-get="/working/')[2].partition('/"')[0]


def test_a_part_of_a_page_shows_progress_and_then_its_result(site: Site, busy: None) -> None:
    browser, connection = company(site)
    answer = browser.get(f"/c/{connection.id}/settings/fitting/", headers=HTMX)
    assert (answer.status_code, "<html" in answer.text) == (202, False)
    going_on = f"/working/{ticket_of(answer.text)}/"
    assert browser.get(going_on, headers=HTMX).status_code == 202
    tarpit.answers.set()
    wait_for(lambda: browser.get(going_on, headers=HTMX).status_code == 200)
    assert "The tar pit let go." in browser.get(going_on, headers=HTMX).text


def test_a_page_leads_to_its_own_address(site: Site, busy: None) -> None:
    """Links within the result go on from there."""
    browser, connection = company(site)
    answer = browser.get(f"/c/{connection.id}/settings/fitting/?a=1")
    assert "This may take a moment" in answer.text
    ticket = ticket_of(answer.text)
    tarpit.answers.set()
    wait_for(lambda: browser.get(f"/working/{ticket}/").status_code == 302)
    assert browser.get(f"/working/{ticket}/")["Location"] == f"/c/{connection.id}/settings/fitting/?a=1&aside={ticket}"
    assert browser.get(f"/working/{ticket}/", headers=HTMX)["HX-Redirect"].endswith(ticket)
    assert "The tar pit let go." in browser.get(f"/working/{ticket}/", follow=True).text


def test_who_was_removed_meanwhile_sees_nothing_of_it(site: Site, busy: None) -> None:
    organisation: Organisation = site.organisation("Demo ApS")
    member = site.member(organisation)
    browser = site.browser(member)
    connection = site.connection(organisation, erp=TAR_PIT, erp_options={})
    going_on = f"/working/{ticket_of(browser.get(f'/c/{connection.id}/settings/fitting/', headers=HTMX).text)}/"
    tarpit.answers.set()
    wait_for(lambda: browser.get(going_on, headers=HTMX).status_code == 200)
    Membership.objects.filter(organisation=organisation).delete()
    answer = browser.get(going_on, headers=HTMX)
    assert "The tar pit let go." not in answer.text


@pytest.mark.parametrize("role", ["owner", "bookkeeper"])
def test_who_has_a_lower_role_by_now_sees_nothing_of_it(site: Site, busy: None, role: str) -> None:
    organisation: Organisation = site.organisation("Demo ApS")
    browser = site.browser(site.member(organisation, role))
    connection = site.connection(organisation, erp=TAR_PIT, erp_options={})
    ticket = ticket_of(browser.post(f"/c/{connection.id}/test/").text)
    tarpit.answers.set()
    wait_for(lambda: browser.get(f"/working/{ticket}/").status_code == 302)
    assert browser.get(f"/working/{ticket}/page/").status_code == 200
    Membership.objects.filter(organisation=organisation).update(role="readonly")
    for path in (f"/working/{ticket}/", f"/working/{ticket}/page/"):
        assert browser.get(path).status_code == 404


def test_what_waits_for_its_turn_is_not_done_for_who_was_removed_meanwhile(site: Site, busy: None) -> None:
    organisation: Organisation = site.organisation("Demo ApS")
    browser = site.browser(site.member(organisation))
    connection = site.connection(organisation, erp=TAR_PIT, erp_options={})
    with ExitStack() as turns:
        for _ in range(aside.AT_ONCE):
            turns.enter_context(aside._turns.turn(str(organisation.id)))
        browser.post(f"/c/{connection.id}/test/")
        Membership.objects.filter(organisation=organisation).delete()
        tarpit.answers.set()
    wait_for(lambda: aside._threads.take("probe", 1, 1))
    aside._threads.give_back("probe")
    assert not AuditEvent.objects.filter(action="connection tested").exists()


def test_who_was_removed_while_an_address_answers_slowly_changes_nothing(site: Site, busy: None) -> None:
    """The tar pit is the removed bookkeeper's own: it answers when they like."""
    organisation: Organisation = site.organisation("Demo ApS")
    browser = site.browser(site.member(organisation, "bookkeeper"))
    connection = site.connection(organisation, erp=TAR_PIT, erp_options={})
    tarpit.opens.set()
    browser.post(f"/c/{connection.id}/access/", {"a": "b"})
    Membership.objects.filter(organisation=organisation).delete()
    tarpit.answers.set()
    wait_for(lambda: aside._threads.take("probe", 1, 1))
    aside._threads.give_back("probe")
    tarpit.opens.clear()
    assert not AuditEvent.objects.filter(action="accounting system's access changed").exists()


def test_a_form_is_done_aside_and_its_page_is_shown(site: Site, busy: None) -> None:
    browser, connection = company(site)
    answer = browser.post(f"/c/{connection.id}/test/")
    ticket = ticket_of(answer.text)
    tarpit.answers.set()
    wait_for(lambda: browser.get(f"/working/{ticket}/").status_code == 302)
    assert browser.get(f"/working/{ticket}/")["Location"] == f"/working/{ticket}/page/"
    assert "The tar pit let go." in browser.get(f"/working/{ticket}/", follow=True).text


def test_a_result_is_its_reader_s_alone(site: Site, busy: None) -> None:
    browser, connection = company(site)
    stranger, _ = company(site, "Strangers")
    ticket = ticket_of(browser.get(f"/c/{connection.id}/settings/fitting/").text)
    for path in (f"/working/{ticket}/", f"/working/{ticket}/page/"):
        assert stranger.get(path).status_code == 404
        assert site.browser().get(path)["Location"].startswith("/accounts/login/")
    tarpit.answers.set()
    wait_for(lambda: browser.get(f"/working/{ticket}/").status_code == 302)
    assert stranger.get(f"/working/{ticket}/page/").status_code == 404


def test_one_organisation_has_its_share_and_leaves_the_others_theirs(site: Site, busy: None) -> None:
    greedy, connection = company(site)
    other, others = company(site, "Fjord ApS")
    path = f"/c/{connection.id}/settings/fitting/"
    answers = [greedy.get(path).status_code for _ in range(aside.MOST_OF_ONE + 1)]
    assert answers == [202] * aside.MOST_OF_ONE + [503]
    assert greedy.get(f"/c/{connection.id}/settings/").status_code == 200
    assert other.get(f"/c/{others.id}/settings/fitting/").status_code == 202


def test_downloads_leave_threads_for_pages(site: Site) -> None:
    tarpit.answers.set()
    browser, connection = company(site)
    organisation = str(Organisation.objects.get().id)
    period = "first=2026-01-01&last=2026-12-31"
    with ExitStack() as held:
        for _ in range(config().threads // 4):
            assert held.enter_context(aside.thread_for(organisation))
        for kind in ("csv", "xlsx"):
            answer = browser.get(f"/c/{connection.id}/tie-out/entries.{kind}?{period}")
            assert (answer.status_code, "Too many downloads" in answer.text) == (503, True)
        owner = site.browser(site.member(Organisation.objects.get(), "owner", "olga@example.com"))
        for answer in (
            owner.post(f"/c/{connection.id}/privacy/export/"),
            owner.get(f"/o/{organisation}/month-end/month-end.xlsx"),
        ):
            assert (answer.status_code, "Too many downloads" in answer.text) == (503, True)
        other, others = company(site, "Fjord ApS")
        assert "The tar pit let go." in other.get(f"/c/{others.id}/tie-out/entries.csv?{period}").text


def test_nobody_waits_for_a_turn_without_end() -> None:
    turns = aside.Turns(1, longest=0.01)
    with turns.turn("a"):
        with pytest.raises(TooManyAtOnce), turns.turn("a"):
            pass
        with turns.turn("b"):
            assert set(turns._turns) == {"a", "b"}
    assert not turns._turns


def test_what_is_asked_aside_has_an_end(site: Site) -> None:
    left = list[float | None]()

    def view(request: HttpRequest) -> HttpResponse:
        left.append(seconds_left())
        return HttpResponse("done")

    request = RequestFactory().get("/")
    request.user, request.session = site.user("a@example.com"), {}  # type: ignore[assignment]
    assert aside.ask(request, aside.OPERATOR, view).content == b"done"
    assert left[0] is not None
    assert 0 < left[0] <= aside.LONGEST


def test_a_download_has_an_end_too(site: Site) -> None:
    tarpit.answers.set()
    browser, connection = company(site)
    tarpit.left.clear()
    browser.get(f"/c/{connection.id}/tie-out/entries.csv?first=2026-01-01&last=2026-12-31")
    assert tarpit.left
    assert all(left is not None and 0 < left <= aside.LONGEST for left in tarpit.left)


def test_shares_are_given_back() -> None:
    shares = Shares()
    assert [shares.take("a", 2, 3) for _ in range(3)] == [True, True, False]
    assert [shares.take("b", 2, 3) for _ in range(2)] == [True, False]
    shares.give_back("a")
    assert shares.take("b", 2, 3)


def test_of_one_owner_so_many_run_and_others_are_not_held_up() -> None:
    turns, order = aside.Turns(1), list[str]()

    def work(name: str) -> None:
        with turns.turn("a"):
            order.append(name)

    with turns.turn("a"), turns.turn("b"):
        waiting = threading.Thread(target=work, args=["second"])
        waiting.start()
        order.append("first")
    waiting.join(60)
    assert order == ["first", "second"]
    with turns.turn("a"):
        assert set(turns._turns) == {"a"}
