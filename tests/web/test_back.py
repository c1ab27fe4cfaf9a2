"""Enter in the address bar after a form: no page says "method not allowed", each leads back to the page of the form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from tests.support.site import Site
from tests.web.documents_site import a_documents_site
from tests.web.test_walk import WholeSite, path_of, patterns, whole

__all__ = ["whole"]

OF_PROGRAMS = {"webhook"}
"""What no person opens."""

SAID = "the address that you opened belongs to a form on this page"


def led(browser: Client, ids: dict[str, object], part: str = "") -> Iterator[tuple[str, int, str, str]]:
    """Each address that took no GET: its name, and the status, the address and the text of where it led."""
    for name, pattern in patterns().items():
        path = path_of(pattern, ids)
        if name in OF_PROGRAMS or part not in path:
            continue
        first = browser.get(path)
        first.close()  # of a file
        assert first.status_code != 405, name
        if first.status_code == 302 and name not in ("home", "my_language"):
            there = browser.get(path, follow=True)
            yield name, there.status_code, there.request["PATH_INFO"], there.text


def test_no_address_answers_a_person_that_the_method_is_not_allowed(whole: WholeSite) -> None:
    browser = whole.site.browser(whole.site.member(whole.connected.organisation, "owner"))
    found = {name: (status, path, text) for name, status, path, text in led(browser, whole.ids)}
    home = f"/c/{whole.ids['connection']}/"
    for name, path in {
        "subscribe": home,
        "export": home,
        "settings_import": f"{home}settings/",
        "privacy_erase": f"{home}privacy/",
        "sync_approve": f"{home}master-data/",
        "change_member": f"/o/{whole.ids['organisation']}/members/",
        "invite": f"/o/{whole.ids['organisation']}/members/",
        "withdraw_invitation": f"/o/{whole.ids['organisation']}/members/",
        "hook": f"/o/{whole.ids['organisation']}/notifications/",
    }.items():
        assert found[name][:2] == (200, path), name
        assert SAID in found[name][2], name


def test_those_of_documents_lead_to_their_document(site: Site, tmp_path: Path) -> None:
    with a_documents_site(site, tmp_path) as there:
        there.export()
        browser = site.browser(site.member(there.organisation, "owner"))
        ids = {"connection": there.connection.id, "number": 1, "name": "document-0001.jsonl"}
        every = {name: one for name, one in patterns().items() if "/documents/" in str(one.pattern)}
        home = f"/c/{there.connection.id}/documents/"
        for name in ("deliver_documents", "document_imported", "deliver_document", "document_delivered"):
            answer = browser.get(path_of(every[name], ids), follow=True)
            assert answer.request["PATH_INFO"] == (home if name == "deliver_documents" else f"{home}1/")
            assert (answer.status_code, SAID in answer.text) == (200, True)


def test_whoever_is_signed_out_signs_in_and_lands_on_the_page(whole: WholeSite) -> None:
    answer = whole.site.browser().get(f"/c/{whole.ids['connection']}/settings/import/", follow=True)
    assert answer.redirect_chain[-1][0] == f"/accounts/login/?next=/c/{whole.ids['connection']}/settings/"


@pytest.mark.parametrize("method", ["put", "delete"])
def test_other_methods_and_what_programs_call_stay_refused(whole: WholeSite, method: str) -> None:
    browser = whole.site.browser(whole.site.member(whole.connected.organisation, "owner"))
    assert getattr(browser, method)(f"/c/{whole.ids['connection']}/export/").status_code == 405
    assert browser.get(f"/webhooks/pleo/{whole.ids['connection']}/").status_code == 405


def test_a_form_after_the_session_ended_is_said_to_be_unsaved(whole: WholeSite) -> None:
    answer = whole.site.browser().post(f"/c/{whole.ids['connection']}/settings/", {"posting": "draft"}, follow=True)
    assert answer.request["PATH_INFO"] == "/accounts/login/"
    assert "You were signed out, so nothing was saved." in answer.text
    looked = whole.site.browser().get(f"/c/{whole.ids['connection']}/settings/", follow=True)
    assert "nothing was saved" not in looked.text
