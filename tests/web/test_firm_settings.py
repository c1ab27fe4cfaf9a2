"""One company's settings for many: the differences of each are seen first, and only what fits there is saved."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from kontobro.core.model.connection import Connection
from kontobro.core.settings.catalogue import catalogue
from kontobro.web.firm.settings import MOST
from kontobro.web.models import AuditEvent, ConnectionOwner
from tests.web.connected_site import ConnectedSite


def another(there: ConnectedSite, name: str, **settings: Any) -> Connection:
    """A company over the same ledger, with some settings of its own."""
    base = replace(
        there.connection, id=name.lower().replace(" ", "-"), name=name, company_id=str(uuid.uuid4()), company_name=name
    )
    connection = replace(base, settings=replace(base.settings, **settings))
    there.site.app.store.save_connection(connection)
    ConnectionOwner.objects.create(organisation=there.organisation, connection_id=connection.id)
    return connection


def form(there: ConnectedSite, keys: Sequence[str], *targets: Connection, **other: Any) -> dict[str, Any]:
    return {"from": there.connection.id, "setting": list(keys), "company": [one.id for one in targets], **other}


def preview(there: ConnectedSite, keys: Sequence[str], *targets: Connection) -> str:
    answer = there.browser.post(f"/o/{there.organisation.id}/settings/preview/", form(there, keys, *targets))
    assert answer.status_code == 200
    return answer.text


def save(there: ConnectedSite, page: str, keys: Sequence[str], *targets: Connection) -> str:
    digests = dict(re.findall(r'name="(digest-[^"]+)" value="(\w+)"', page))
    sent = form(there, keys, *targets, **digests)
    return there.browser.post(f"/o/{there.organisation.id}/settings/save/", sent, follow=True).text


def stored(there: ConnectedSite, connection: Connection) -> Connection:
    found = there.site.app.store.connection(connection.id)
    assert found
    return found


def test_each_company_s_differences_are_shown_and_saved_where_they_fit(connected: ConnectedSite) -> None:
    fits = another(connected, "Fits", description="{note}", retention_days=90)
    same = another(connected, "Same")
    keys = ["description", "contra"]
    page = preview(connected, keys, fits, same)
    assert stored(connected, fits) == fits
    assert '<td class="text-break">{note}</td>' in page
    assert page.count('type="checkbox" name="company"') == 1
    assert "no difference" in page
    assert "The settings of 1 company were changed." in save(connected, page, keys, fits)
    assert stored(connected, fits).settings == replace(
        fits.settings, description=connected.connection.settings.description
    )
    event = AuditEvent.objects.get()
    assert (event.connection_id, event.action) == ("fits", f"settings copied from {connected.connection.pleo_name}")
    assert event.detail == f"{catalogue()['description'].label}: {{note}} → {{supplier}} · {{user}} · {{note}}"


def test_nothing_is_saved_where_it_does_not_fit_or_cannot_be_checked(connected: ConnectedSite) -> None:
    wrong = replace(connected.connection, settings=replace(connected.connection.settings, contra="9999"))
    connected.site.app.store.save_connection(wrong)
    unfit, away = another(connected, "Unfit"), another(connected, "Away")
    connected.site.app.store.save_connection(replace(away, erp_options={"ledger": "/nowhere/main.beancount"}))
    page = preview(connected, ["contra"], unfit, away)
    assert "does not fit" in page
    assert "9999" in page
    assert "could not be checked" in page
    assert 'type="checkbox" name="company"' not in page
    answer = save(connected, page, ["contra"], unfit, away)
    assert "The settings of 0 companies were changed." in answer
    assert "Away, Unfit" in answer
    assert stored(connected, unfit).settings == unfit.settings
    assert not AuditEvent.objects.exists()


def test_what_changed_since_it_was_shown_is_not_saved(connected: ConnectedSite) -> None:
    one = another(connected, "One", description="{note}")
    page = preview(connected, ["description"], one)
    connected.site.app.store.save_connection(replace(one, settings=replace(one.settings, description="{user}")))
    assert "Nothing was changed for these companies" in save(connected, page, ["description"], one)
    assert stored(connected, one).settings.description == "{user}"


def test_level_and_hook_are_never_copied(connected: ConnectedSite) -> None:
    source = replace(connected.connection.settings, sync=("vendors",), hook="json:loads", description="{note}")
    connected.site.app.store.save_connection(replace(connected.connection, settings=source))
    one = another(connected, "One")
    keys = ["sync", "hook", "description"]
    save(connected, preview(connected, keys, one), keys, one)
    assert stored(connected, one).settings == replace(one.settings, description="{note}")


def test_a_setting_that_the_source_lacks_is_taken_away(connected: ConnectedSite) -> None:
    one = another(connected, "One", time_zone="Europe/Berlin")
    save(connected, preview(connected, ["time_zone"], one), ["time_zone"], one)
    assert stored(connected, one).settings.time_zone is None


def test_only_own_companies_and_not_too_many(connected: ConnectedSite) -> None:
    theirs = connected.site.connection(connected.site.organisation("Other"), "Theirs")
    base = f"/o/{connected.organisation.id}/settings/"
    for page in ("preview/", "save/"):
        one = another(connected, f"One {page[0]}")
        post = connected.browser.post
        assert post(base + page, form(connected, ["contra"], theirs)).status_code == 404
        assert post(base + page, {**form(connected, ["contra"], one), "from": theirs.id}).status_code == 404
        assert post(base + page, form(connected, [], one)).status_code == 400
        assert post(base + page, form(connected, ["contra"])).status_code == 400
    many = [another(connected, f"Many {number}") for number in range(MOST + 1)]
    answer = connected.browser.post(base + "preview/", form(connected, ["contra"], *many))
    assert (answer.status_code, f"More than {MOST} companies" in answer.text) == (400, True)


def test_the_overview_s_ticks_come_along(connected: ConnectedSite) -> None:
    one, two = another(connected, "One"), another(connected, "Two")
    base = f"/o/{connected.organisation.id}/settings/"
    page = connected.browser.post(base, {"company": [two.id], "to": ""}).text
    assert f'value="{two.id}" checked' in page
    assert f'value="{one.id}" checked' not in page
    assert f'value="{two.id}" checked' not in connected.browser.get(base).text
    assert connected.browser.get(f"{base}preview/")["Location"] == base
    reader = connected.site.browser(connected.site.member(connected.organisation, "readonly"))
    assert reader.get(base).status_code == 403
