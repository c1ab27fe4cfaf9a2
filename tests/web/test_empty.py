"""A list that has nothing to show says what to do next, to who may do it."""

from __future__ import annotations

import pytest

from tests.support.site import Site

CONNECT = 'href="/connect/pleo/start">Connect a company</a>'
OF_COMPANIES = ("", "jobs/", "problems/", "month-end/", "settings/")
"""Pages that show nothing before a company is connected."""


@pytest.mark.parametrize("page", OF_COMPANIES)
def test_without_a_company_the_next_step_is_to_connect_one_or_to_try_the_demo(site: Site, page: str) -> None:
    organisation = site.organisation()
    text = site.browser(site.member(organisation)).get(f"/o/{organisation.id}/{page}").text
    main = text.partition('<div class="empty')[2]
    assert CONNECT in main
    assert f'href="/o/{organisation.id}/demo/">Try it with a demo company</a>' in main


@pytest.mark.parametrize("page", OF_COMPANIES[:-1])
def test_who_may_only_read_is_not_sent_to_connect(site: Site, page: str) -> None:
    organisation = site.organisation()
    text = site.browser(site.member(organisation, "readonly")).get(f"/o/{organisation.id}/{page}").text
    assert '<div class="empty' in text
    assert CONNECT not in text


@pytest.mark.parametrize("page", ["jobs/", "problems/", "audit/"])
def test_a_filter_that_leaves_nothing_can_be_cleared(site: Site, page: str) -> None:
    organisation = site.organisation()
    site.connection(organisation)
    text = site.browser(site.member(organisation)).get(f"/o/{organisation.id}/{page}?q=nowhere").text
    assert '<a class="btn" href="?">Clear filter</a>' in text.partition('<div class="empty')[2]


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("jobs/", "Press Export in Pleo, or “Export now” when a job is waiting."),
        ("bookings/?first=", "Press Export in Pleo. Its expenses are listed here"),
    ],
)
def test_before_the_first_export_a_company_s_lists_say_where_it_begins(site: Site, page: str, words: str) -> None:
    organisation = site.organisation()
    connection = site.connection(organisation)
    assert words in site.browser(site.member(organisation)).get(f"/c/{connection.id}/{page}").text
