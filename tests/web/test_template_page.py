"""The page that edits a template: what it would write, all that is wrong with it, and the file to download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kontobro.erp.files.template.target import ready_text
from kontobro.web.models import AuditEvent
from tests.support.site import Site

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


def test_it_is_for_bookkeepers_of_connections_with_a_template(connection: Any) -> None:
    site, organisation, _ = connection
    reader = site.browser(site.member(organisation, "readonly"))
    assert reader.get(page(connection)).status_code == 403
    assert reader.post(f"{page(connection)}preview/").status_code == 403
    stranger = site.browser(site.member(site.organisation("Strangers"), "owner"))
    assert stranger.get(page(connection)).status_code == 404
    other = site.connection(organisation, "Other", erp="sie", erp_options={})
    browser = site.browser(site.member(organisation, "owner"))
    assert browser.get(f"/c/{other.id}/documents/template/").status_code == 404
