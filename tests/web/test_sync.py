"""Master data: the plan is shown, approved by its digest and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.template.loader import render_to_string

from kontobro.core.level import KINDS_OF
from kontobro.sync.shown import ChangeRow, Shown
from kontobro.web.models import AuditEvent
from tests.web.connected_site import ConnectedSite


@pytest.fixture
def synced(connected: ConnectedSite) -> ConnectedSite:
    settings = replace(connected.connection.settings, sync=KINDS_OF[4])
    connected.connection = replace(connected.connection, settings=settings)
    connected.site.app.store.save_connection(connected.connection)
    return connected


def test_a_connection_at_level_1_keeps_nothing_in_step(connected: ConnectedSite) -> None:
    assert "No master data is synced" in connected.page("master-data/")


def test_a_plan_is_shown_before_anything_is_written(synced: ConnectedSite) -> None:
    page = synced.page("master-data/accounts/")
    assert "is new in Pleo" in page
    assert "Approve this plan" in page
    assert synced.site.runner.asked == []


def test_approving_asks_for_exactly_the_plan_that_was_shown(synced: ConnectedSite) -> None:
    found = re.search(r'name="digest" value="([^"]+)"', synced.page("master-data/accounts/"))
    assert found
    path = f"/c/{synced.connection.id}/master-data/accounts/approve/"
    synced.browser.post(path, {"digest": found[1]})
    assert synced.site.runner.asked == [("sync", synced.connection.id, ("accounts",), found[1])]
    assert AuditEvent.objects.get().detail == f"accounts {found[1]}"


@pytest.mark.parametrize("kind", ["accounts", "nonsense"])
def test_what_is_not_kept_in_step_can_t_be_approved(connected: ConnectedSite, kind: str) -> None:
    answer = connected.browser.post(f"/c/{connected.connection.id}/master-data/{kind}/approve/", {"digest": "x"})
    assert answer.status_code == 400
    assert connected.site.runner.asked == []


def test_an_approval_without_a_plan_is_refused(synced: ConnectedSite) -> None:
    answer = synced.browser.post(f"/c/{synced.connection.id}/master-data/accounts/approve/", {})
    assert answer.status_code == 400
    assert synced.site.runner.asked == []


def test_of_a_long_plan_the_page_shows_the_first_and_counts_all() -> None:
    row = ChangeRow("create", "accounts", "4711", "Ink <b>", "", (("external_id", "", "e-1"),), "", None, None)
    plan = Shown("accounts", "accounts-1", (row,) * 203)
    page = render_to_string("site/changes.html", {"plan": plan})
    assert page.count("4711") == 200
    assert "… and 3 more" in page
    assert "id in the accounting system: <ins>e-1</ins>" in page
    assert "<b>" not in page
    assert plan.counted == [(203, "is new in Pleo")]
