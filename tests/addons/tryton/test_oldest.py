"""The module in the oldest Tryton that it works in: the contracts in process, one export by its cron, OAuth's pages."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.addons.tryton.browser import a_browser
from tests.addons.tryton.harness import TrytonHarness, a_harness
from tests.addons.tryton.installation import ModuleServer, Person, Place, activated, place_of
from tests.addons.tryton.test_demo import BOOKED, FAILED, cron_until_done
from tests.addons.tryton.test_module import assert_suite
from tests.addons.tryton.test_oauth import Way, leave
from tests.erp_real.tryton.installation import OLDEST

pytestmark = [pytest.mark.addon, pytest.mark.timeout(600)]

whole = pytest.mark.skipif(
    not os.environ.get("KONTOBRO_OLDEST"),
    reason="NOT TESTED: the module's whole way in Tryton 7.0 takes minutes: make test-addons (KONTOBRO_OLDEST=1)",
)
"""What differs between the series is in the store and in connecting: these two are always tested."""


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return place_of(OLDEST, tmp_path_factory)


@pytest.fixture(scope="session")
def template(place: Place, port: int) -> Iterator[str]:
    with activated(place, port) as name:
        yield name


@pytest.mark.parametrize(
    ("suite", "least"), [pytest.param("connector", 70, marks=whole), ("store", 160), ("connect", 6)]
)
def test_suite_inside_tryton(place: Place, database: str, suite: str, least: int) -> None:
    assert_suite(place, database, suite, least)


@pytest.fixture
def harness(admin: Person, bookkeeper: Person) -> Iterator[TrytonHarness]:
    with a_harness(admin, bookkeeper) as harness:
        yield harness


@whole
def test_connected_by_oauth_its_cron_exports_the_demo_companys_job(
    place: Place, database: str, port: int, server: ModuleServer, harness: TrytonHarness
) -> None:
    assert harness.admin.api.version().startswith(OLDEST)
    way = Way(harness, database, port)
    assert way.redirect == f"{server.url}/{database}/r/kontobro/callback"
    with a_browser() as browser:
        done = browser.get(leave(way, browser))
    assert (done.status_code, "is connected to" in done.text) == (200, True), done.text
    harness.set_up()
    job = cron_until_done(place, database, port, harness)
    assert (job["status"], job["items"], job["failed"]) == ("completed_with_errors", 110, FAILED)
    entry_counts = harness.entry_counts()
    assert (entry_counts["duplicates"], entry_counts["drafts"], entry_counts["entries"]) == (0, 0, BOOKED)
    assert harness.connection["last_fault"] == ""
