"""Every page that the service has, in a real browser: in order for axe, no wider than a phone, whole in German."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

import tests.support.pages_ready  # noqa: F401 - before what is of Django
from tests.browser.left_in_english import left_in_english
from tests.browser.served_site import LOADING, ServedSite, serve
from tests.browser.visitor import SOON
from tests.support.chromium import open_window
from tests.web.fuzz_service import FuzzService, open_fuzz_service
from tests.web.sights import FAILING, sights

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]


@pytest.fixture(params=[False, True], ids=["entries", "documents"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[ServedSite, FuzzService]]:
    """A service whose addresses all lead somewhere: booking entries, or writing documents."""
    with serve(open_fuzz_service(tmp_path, documents=request.param), attrgetter("site")) as opened:
        yield opened


def test_every_page_is_sound_and_german(served: tuple[ServedSite, FuzzService], chromium: Browser) -> None:
    site, service = served
    wanted = site.ask(sights, service)
    assert len(wanted) > 20
    left: list[str] = []
    with (
        open_window(chromium, site.url, locale="de-DE") as (window, watch),
        open_window(chromium, site.url, locale="de-DE") as (outside, also),
    ):
        site.sign_in(window, service.owner)
        page, strangers = window.new_page(), outside.new_page()
        for sight in wanted:
            site.ask(service.restore, sight.state)
            shown = strangers if sight.stranger else page
            shown.goto(site.url + site.ask(sight.path, service))
            expect(shown.locator(LOADING)).to_have_count(0, timeout=SOON)
            (also if sight.stranger else watch).examine(shown, sight.name)
            left += (f"{sight.name} in English: {said}" for said in left_in_english(shown, "de"))
    said_no = {f"{site.url}/{route}: Failed to load resource: the server responded with" for _, route, _ in FAILING}
    faults = [fault for fault in (*watch.faults, *also.faults) if not any(one in fault for one in said_no)]
    found = [*left, *faults]
    assert not found, "\n".join(found)
