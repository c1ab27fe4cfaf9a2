"""Connect from Pleo: the whole way in process, and every way of leaving it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kontobro.core.level import level_of, scopes_of
from kontobro.web.models import ConnectionOwner, Setup
from tests.web.connecting import Box, Traveller, demo_ledger, open_box, query_of
from tests.web.site import Site


@pytest.fixture
def box() -> Iterator[Box]:
    with open_box() as opened:
        yield opened


@pytest.fixture
def anna(site: Site, box: Box, tmp_path: Path) -> Traveller:
    return traveller(site, box, tmp_path / "ledger")


def traveller(site: Site, box: Box, ledger: Path, role: str = "bookkeeper") -> Traveller:
    organisation = site.organisation()
    user = site.member(organisation, role)
    path = demo_ledger(ledger) if not ledger.exists() else ledger / "ledger.beancount"
    return Traveller(site, box, path, organisation, user, site.browser(user))


def test_the_whole_way_ends_activated_at_pleo(anna: Traveller, box: Box) -> None:
    anna.begin()
    assert "Choose the level" in anna.page()
    page = anna.post("level", level=4)
    assert "keep the vendors in Pleo in step" in page.text
    address = anna.leave()
    asked = query_of(address)
    assert set(asked["scope"].split()) == scopes_of(4)
    assert asked["code_challenge_method"] == "S256"
    page = anna.browser.get(box.consent(address), follow=True)
    assert "Where should expenses be booked?" in page.text
    assert "Path of the ledger" in anna.post("erp", erp="beancount").text
    page = anna.post("access", ledger=str(anna.ledger))
    assert "Accounts payable" in page.text
    page = anna.accept()
    assert "This is what would change in Pleo" in page.text
    assert box.sandbox.installations.all()[0].status != "ACTIVATED"
    page = anna.approve()
    assert "Connected and activated" in page.text
    assert box.sandbox.installations.all()[0].status == "ACTIVATED"
    (connection,) = anna.site.home.store.connections()
    assert level_of(connection.settings) == 4
    assert ConnectionOwner.objects.get().organisation == anna.organisation
    assert not Setup.objects.exists()
    assert anna.browser.get(f"/c/{connection.id}/").status_code == 200
