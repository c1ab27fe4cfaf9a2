"""500 connections, 100,000 bookings: a page asks a few times, whatever the size, and never reads the whole table."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kontobro.web.models import Organisation
from kontobro.web.process import process
from tests.support.big_site import BY_CONNECTION, BY_ORGANISATION, ONE, crowd, pages, signed_in
from tests.support.site import Site, open_site

MOST = 20
"""Queries a page: the session, the person, their organisations, the connection, and what the page is for."""

SCAN = re.compile(r"\bSCAN (kontobro_booking|kontobro_job|kontobro_event|booking|first)\b(?! USING COVERING INDEX)")


@pytest.fixture(scope="module")
def crowded(
    template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Organisation, Organisation]]:
    home = tmp_path_factory.mktemp("crowd") / "home"
    shutil.copytree(template, home)
    with open_site(home) as site:
        yield site, *crowd(site)


def asked(browser: Client, address: str) -> list[str]:
    """The statements that a page sends, over both of the service's connections to the database."""
    aliases = {"default", process.overview.alias}
    with ExitStack() as stack:
        seen = [stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in sorted(aliases)]
        answer = browser.get(address)
        assert answer.status_code == 200, (address, answer.text)
        return [query["sql"] for one in seen for query in one.captured_queries]


def query_plan(statement: str) -> str:
    with connections["default"].cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def scans(statements: list[str]) -> list[str]:
    reads = [statement for statement in statements if statement.lstrip().startswith(("SELECT", "WITH"))]
    assert reads
    return [statement for statement in reads if SCAN.search(query_plan(statement))]


@pytest.mark.parametrize("page", BY_ORGANISATION)
def test_a_large_organisation_s_page_asks_no_more_than_a_small_one_s(
    crowded: tuple[Site, Organisation, Organisation], page: str
) -> None:
    site, large, small = crowded
    statements = {
        one.name: asked(signed_in(site, one), pages(one)[f"organisation/{page.partition('?month')[0]}"])
        for one in (large, small)
    }
    assert len(statements["Partner"]) <= max(len(statements["Small"]), 1) + 1, statements["Partner"]
    assert len(statements["Partner"]) <= MOST
    assert scans(statements["Partner"]) == []


@pytest.mark.parametrize("page", BY_CONNECTION)
def test_a_connection_s_page_reads_its_own_rows_only(
    crowded: tuple[Site, Organisation, Organisation], page: str
) -> None:
    site, large, _ = crowded
    statements = asked(signed_in(site, large), f"/c/{ONE}/{page}")
    assert len(statements) <= MOST, statements
    assert scans(statements) == []
    whole = [one for one in statements if re.search(r'FROM "kontobro_connection"(?! *WHERE)', one)]
    assert whole == [], "every company's connection was read for one"


def test_the_chart_of_many_companies_is_fetched_by_the_page(crowded: tuple[Site, Organisation, Organisation]) -> None:
    site, large, small = crowded
    browser, days = signed_in(site, large), f"/o/{large.id}/days/"
    page = browser.get(f"/o/{large.id}/").text
    assert f'hx-get="{days}"' in page
    assert 'class="chart-area"' not in page
    part = browser.get(days).text
    assert 'class="chart-area"' in part
    assert re.search(r'id="booked-lately" hx-swap-oob="true">[0-9]+</div>', part)
    assert page.count('id="booked-lately"') == 1, "where the number goes"
    few = signed_in(site, small).get(f"/o/{small.id}/").text
    assert 'class="chart-area"' in few
    assert "booked-lately" not in few
    assert signed_in(site, small).get(days).status_code == 404


def test_a_month_is_counted_for_the_companies_that_are_shown(
    crowded: tuple[Site, Organisation, Organisation],
) -> None:
    site, large, _ = crowded
    statements = asked(signed_in(site, large), f"/o/{large.id}/month-end/?month=2026-02")
    (counting,) = [one for one in statements if "COUNT(DISTINCT" in one]
    assert 0 < len(re.findall(r"conn-[0-9]{5}", counting)) <= 50
