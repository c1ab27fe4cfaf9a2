"""The page that edits a template: what it would write, all that is wrong with it, and the file to download."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kontobro.erp.files.template.own.texts import ready_text
from kontobro.install.connect import settled_identity
from kontobro.web.models import AuditEvent
from tests.support.sealed_documents import seal_documents
from tests.support.site import Site

GERMAN = {"accept-language": "de"}
WRONG = 'name = "Mine"\n\n[[columns]]\ntitle = "A"\nvalue = "{no_such_point}"\n'


@pytest.fixture
def connection(site: Site, tmp_path: Path) -> Any:
    organisation = site.organisation()
    made = site.connection(organisation, erp="csv", erp_options={"template": "banana", "company_name": "Fjord & Bro"})
    return site, organisation, made


def page(connection: Any) -> str:
    return f"/c/{connection[2].id}/documents/template/"


def test_it_begins_with_the_template_in_use_or_another(connection: Any) -> None:
    site, organisation, _ = connection
    browser = site.browser(site.member(organisation, "bookkeeper"))
    text = browser.get(page(connection)).content.decode()
    assert "SpeedBalance" in text or "AccountDebit" in text
    assert "Entries of a small company" in text
    other = browser.get(page(connection), {"from": "xero"}).content.decode()
    assert "Narration" in other


def test_the_preview_shows_rows_or_all_faults(connection: Any) -> None:
    site, organisation, _ = connection
    browser = site.browser(site.member(organisation, "bookkeeper"))
    good = browser.post(
        f"{page(connection)}preview/", {"text": ready_text("generic-lines")}, headers={"HX-Request": "true"}
    )
    assert (good.status_code, "<table" in good.content.decode(), "<textarea" in good.content.decode()) == (
        200,
        True,
        False,
    )
    bad = browser.post(f"{page(connection)}preview/", {"text": WRONG}).content.decode()
    assert "can't be used yet" in bad or "can&#x27;t be used yet" in bad
    assert "no_such_point" in bad
    assert "<textarea" in bad


def test_what_was_typed_is_never_markup(connection: Any) -> None:
    site, organisation, _ = connection
    browser = site.browser(site.member(organisation, "bookkeeper"))
    text = WRONG.replace("no_such_point", "<script>alert(1)</script>")
    assert "<script>alert" not in browser.post(f"{page(connection)}preview/", {"text": text}).content.decode()


def test_it_is_downloaded_as_it_was_typed(connection: Any) -> None:
    site, organisation, _ = connection
    browser = site.browser(site.member(organisation, "bookkeeper"))
    answer = browser.post(f"{page(connection)}preview/", {"text": "a\r\nb\r\n", "download": "1"})
    assert answer.content == b"a\nb\n"
    assert answer["Content-Disposition"] == 'attachment; filename="template.toml"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert AuditEvent.objects.filter(action="template downloaded").count() == 1


def save(connection: Any, browser: Any, text: str, base: str | None = None) -> Any:
    """Press Save on the page as it was opened, or with what an older one had."""
    opened = browser.get(page(connection)).content.decode()
    held = re.search(r'name="base" value="(\w+)"', opened)
    assert held
    return browser.post(f"{page(connection)}save/", {"text": text, "base": base or held[1]}, follow=True)


def kept(connection: Any) -> Any:
    site, _, made = connection
    return site.app.store.connection(made.id).erp_options


OWN = "\n".join(
    [
        'name = "Ours"',
        *("", "[[columns]]", 'title = "Who"', 'value = "{payee}"'),
        *("", "[[columns]]", 'title = "What"', 'value = "{amount}"'),
        *("", "[[columns]]", 'title = "Where"', 'value = "{account_number}"', ""),
    ]
)


def test_what_is_saved_is_written_by_the_next_export_and_audited(connection: Any) -> None:
    site, organisation, made = connection
    browser = site.browser(site.member(organisation, "bookkeeper"))
    first = save(connection, browser, OWN.replace("\n", "\r\n"))
    assert "The template is saved" in first.text
    assert 'In use: <strong translate="no">Ours</strong>' in first.text
    assert kept(connection)["template_text"] == OWN
    target = site.app.registry.load_target("csv", kept(connection))
    assert [column.title for column in target._target.layout.columns] == ["Who", "What", "Where"]
    save(connection, browser, OWN.replace('"Who"\n', '"Who"\nlongest = 30\n').replace("What", "Sum"))
    first_event, event = AuditEvent.objects.filter(action="template changed").order_by("at")
    assert 'column "Who" added' in first_event.detail
    assert event.detail == 'column "What" removed, column "Sum" added, column "Who".longest: none → 30'
    trail = site.browser(site.member(organisation, "owner")).get(f"/o/{organisation.id}/audit/", headers=GERMAN).text
    assert "Spalte &quot;What&quot; entfernt" in trail
    assert "removed" not in trail
    assert "your own, kept with this connection" in browser.get(f"/c/{made.id}/").text


def test_what_can_not_be_used_is_not_saved(connection: Any) -> None:
    site, organisation, _ = connection
    browser = site.browser(site.member(organisation, "bookkeeper"))
    for text, said in ((WRONG, "no_such_point"), (OWN.replace("\n\n[[", '\n[file]\nformat = "xlsx"\n[[', 1), "xlsx")):
        answer = save(connection, browser, text)
        assert (answer.status_code, "was not saved" in answer.text, said in answer.text) == (400, True, True)
    assert save(connection, browser, OWN + "#" * 200_000).status_code == 400
    assert dict(kept(connection)) == dict(connection[2].erp_options)
    assert not AuditEvent.objects.exists()


def test_what_another_saved_meanwhile_is_not_replaced_unseen(connection: Any) -> None:
    site, organisation, _ = connection
    browser = site.browser(site.member(organisation, "bookkeeper"))
    save(connection, browser, OWN)
    late = save(connection, browser, OWN.replace("Who", "Whom"), base="of another time")
    assert (late.status_code, "another one has been saved" in late.text) == (409, True)
    assert "column &quot;Whom&quot; added" in late.text
    assert kept(connection)["template_text"] == OWN
    held = re.search(r'name="base" value="(\w+)"', late.text)
    assert held
    browser.post(f"{page(connection)}save/", {"text": OWN.replace("Who", "Whom"), "base": held[1]})
    assert "Whom" in kept(connection)["template_text"]


def test_the_previous_one_is_restored_or_downloaded(connection: Any) -> None:
    site, organisation, _ = connection
    browser = site.browser(site.member(organisation, "bookkeeper"))
    assert browser.get(f"{page(connection)}previous/").status_code == 404
    assert "no previous template" in browser.post(f"{page(connection)}restore/", follow=True).text
    save(connection, browser, OWN)
    assert browser.get(f"{page(connection)}previous/").content.decode() == ready_text("banana")
    assert "AccountDebit" in browser.get(page(connection), {"from": "before"}).text
    assert "Banana" in browser.post(f"{page(connection)}restore/", follow=True).text
    assert kept(connection)["template_text"] == ready_text("banana")
    browser.post(f"{page(connection)}restore/")
    assert kept(connection)["template_text"] == OWN
    assert AuditEvent.objects.filter(action="template restored").count() == 2


def test_changing_the_access_or_connecting_again_leaves_the_template(connection: Any) -> None:
    site, organisation, made = connection
    browser = site.browser(site.member(organisation, "bookkeeper"))
    save(connection, browser, OWN)
    form = browser.get(f"/c/{made.id}/access/").text
    assert "template_text" not in form
    browser.post(f"/c/{made.id}/access/", {"company_name": "Bro ApS", "currency": "DKK", "template": ""})
    assert (kept(connection)["company_name"], kept(connection)["template_text"]) == ("Bro ApS", OWN)
    stored = site.app.store.connection(made.id)
    again, is_again = settled_identity(replace(stored, id="", erp_options={"company_name": "Ny"}), [stored])
    assert (is_again, again.erp_options["template_text"], again.erp_options["company_name"]) == (True, OWN, "Ny")


def test_a_choice_made_later_wins_over_the_kept_text(connection: Any) -> None:
    site, organisation, made = connection
    browser = site.browser(site.member(organisation, "bookkeeper"))
    save(connection, browser, OWN)
    browser.post(f"/c/{made.id}/access/", {"company_name": "Bro ApS", "currency": "DKK", "template": "xero"})
    assert 'In use: <strong translate="no">Xero manual journals</strong>' in browser.get(page(connection)).text
    assert "your own, kept" not in browser.get(f"/c/{made.id}/").text


def test_documents_that_wait_are_told_of(connection: Any) -> None:
    site, organisation, made = connection
    seal_documents(site.app.document_store_for(made), made.id)
    browser = site.browser(site.member(organisation, "bookkeeper"))
    answer = save(connection, browser, OWN).text
    assert "1 document is not marked as imported yet. It stays as it was sealed" in answer


def test_it_is_for_bookkeepers_of_connections_with_a_template(connection: Any) -> None:
    site, organisation, _ = connection
    reader = site.browser(site.member(organisation, "readonly"))
    assert reader.get(page(connection)).status_code == 403
    assert reader.post(f"{page(connection)}preview/").status_code == 403
    for verb in ("save/", "restore/"):
        assert reader.post(f"{page(connection)}{verb}").status_code == 403
    assert reader.get(f"{page(connection)}previous/").status_code == 403
    stranger = site.browser(site.member(site.organisation("Strangers"), "owner"))
    assert stranger.get(page(connection)).status_code == 404
    other = site.connection(organisation, "Other", erp="sie", erp_options={})
    browser = site.browser(site.member(organisation, "owner"))
    assert browser.get(f"/c/{other.id}/documents/template/").status_code == 404
