"""The demo company within the service: made without leaving the pages, marked on each, removed as a whole."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from django.test import Client

from kontobro.export.engine import JobResult
from kontobro.service.config import ServiceConfig, config, read_config
from kontobro.service.first_visit import is_offered
from kontobro.store.read.overview import overview_of
from kontobro.web.demo.company import folder_of, note_ended
from kontobro.web.demo.running import demo_pleo
from kontobro.web.demo.tables import DemoCompany
from kontobro.web.models import AuditEvent, ConnectionOwner, Organisation
from kontobro.worker.pieces import Result, export_open
from tests.support.site import Site
from tests.web.test_walk import ask


@pytest.fixture(autouse=True)
def _no_pleo_outlives_its_test() -> Iterator[None]:
    yield
    demo_pleo.stop()


def press(browser: Client, organisation: Organisation, what: str) -> str:
    """Press the button, and wait for where it leads."""
    answer = ask(browser, "post", f"/o/{organisation.id}/demo/{what}/")
    assert answer.status_code == 302, answer.content.decode()
    return str(browser.get(answer["Location"]).text)


@pytest.mark.slow
def test_a_demo_company_is_made_booked_marked_and_removed(site: Site) -> None:
    organisation = site.organisation()
    browser = site.browser(site.member(organisation))
    assert f'href="/o/{organisation.id}/demo/"' in browser.get(f"/o/{organisation.id}/").text
    assert "Start the demo company" in browser.get(f"/o/{organisation.id}/demo/").text

    page = press(browser, organisation, "start")
    id = DemoCompany.objects.get().connection_id
    assert f'href="/c/{id}/jobs/"' in page
    assert site.runner.asked == [("export", id, None, False)]
    found = site.app.store.connection(id)
    assert found
    assert found.status == "connected"
    done: list[Result] = []
    export_open(site.app, id, done)
    assert [result.booked > 50 for result in done if isinstance(result, JobResult)] == [True]
    installation = site.app.pleo_for(found).installation()
    assert installation
    assert installation.status == "ACTIVATED"
    assert overview_of(site.app.store).waiting_plans([id]) == []
    assert list((folder_of(site.app) / "ledger" / "bookings").rglob("*.beancount"))

    for path in (f"/c/{id}/", f"/c/{id}/jobs/", f"/c/{id}/settings/"):
        assert "Demo company: nothing here is real." in ask(browser, "get", path).content.decode(), path
    assert "Demo: " in browser.get(f"/o/{organisation.id}/").text
    assert "has a demo company" in browser.get(f"/o/{organisation.id}/members/").text

    url = demo_pleo.url
    press(browser, organisation, "remove")
    assert site.app.store.connection(id) is None
    assert not DemoCompany.objects.exists()
    assert not ConnectionOwner.objects.exists()
    assert not folder_of(site.app).exists()
    with pytest.raises(httpx2.TransportError):
        httpx2.get(url)
    actions = ["demo company started", "demo company removed"]
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == actions
    assert "demo company" not in browser.get(f"/o/{organisation.id}/members/").text


@pytest.mark.slow
def test_after_a_restart_it_is_not_asked_any_more_and_starts_from_its_beginning(site: Site) -> None:
    organisation = site.organisation()
    browser = site.browser(site.member(organisation))
    press(browser, organisation, "start")
    before = DemoCompany.objects.get().connection_id
    demo_pleo.stop()  # it ends with the service
    note_ended(site.app)
    stored = site.app.store.connection(before)
    assert stored
    assert stored.status == "disconnected"
    assert "Start the demo again" in browser.get(f"/o/{organisation.id}/demo/").text
    press(browser, organisation, "start")
    after = DemoCompany.objects.get().connection_id
    assert after != before
    assert [one.id for one in site.app.store.connections()] == [after]


def test_what_was_not_finished_can_be_removed(site: Site) -> None:
    organisation = site.organisation()
    DemoCompany.objects.create(organisation=organisation, connection_id="never-made")
    folder_of(site.app).mkdir()
    press(site.browser(site.member(organisation)), organisation, "remove")
    assert not DemoCompany.objects.exists()
    assert not folder_of(site.app).exists()


def test_one_organisation_at_a_time_has_it(site: Site) -> None:
    DemoCompany.objects.create(organisation=site.organisation("Others"), connection_id="theirs")
    mine = site.organisation()
    answer = site.browser(site.member(mine)).post(f"/o/{mine.id}/demo/start/")
    assert answer.status_code == 409
    assert DemoCompany.objects.get().connection_id == "theirs"
    assert not folder_of(site.app).exists()


@pytest.mark.parametrize("role", ["bookkeeper", "readonly"])
def test_only_an_owner_starts_and_removes_it(site: Site, role: str) -> None:
    organisation = site.organisation()
    browser = site.browser(site.member(organisation, role))
    assert "An owner of the organisation can start" in browser.get(f"/o/{organisation.id}/demo/").text
    assert browser.post(f"/o/{organisation.id}/demo/start/").status_code == 403
    assert browser.post(f"/o/{organisation.id}/demo/remove/").status_code == 403


def hosted() -> ServiceConfig:
    return read_config({"KONTOBRO_PUBLIC_URL": "https://books.example.com"})


def test_it_is_offered_on_one_s_own_machine_only() -> None:
    assert is_offered(read_config({}))
    assert not is_offered(hosted())
    assert not is_offered(read_config({"KONTOBRO_DATABASE_URL": "postgresql://u:p@127.0.0.1/x", "KONTOBRO_KEY": "x"}))


def test_a_hosted_service_has_no_such_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    organisation = site.organisation()
    browser = site.browser(site.member(organisation))
    monkeypatch.setenv("KONTOBRO_PUBLIC_URL", "https://books.example.com")
    config.cache_clear()
    for path in ("", "start/", "remove/"):
        method = browser.post if path else browser.get
        assert method(f"/o/{organisation.id}/demo/{path}").status_code == 404
    monkeypatch.undo()
    config.cache_clear()
