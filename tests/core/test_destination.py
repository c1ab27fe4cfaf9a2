"""Where a secret may be sent: what counts as the same place, and what never does."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.model.connection import Connection, canonical_url, destination_of, erp_destination, pleo_destination
from tests.support.store_contract.case import connection


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://Odoo.Example.com/", "https://odoo.example.com"),
        ("HTTPS://odoo.example.com:443", "https://odoo.example.com"),
        ("http://127.0.0.1:80/x/", "http://127.0.0.1/x"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.example", "https://bücher.example"),
        ("https://[::1]:443/", "https://[::1]"),
    ],
)
def test_one_place_written_twice(one: str, other: str) -> None:
    assert canonical_url(one) == canonical_url(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://odoo.example.com", "http://odoo.example.com"),
        ("https://odoo.example.com", "https://odoo.example.com:8443"),
        ("https://odoo.example.com", "https://odoo.example.com.evil.example"),
        ("https://odoo.example.com", "https://odoo.example.com@evil.example"),
        ("https://odoo.example.com", "https://evil.example/#@odoo.example.com"),
        ("https://odoo.example.com", "https://evil.example\\@odoo.example.com"),
        ("https://odoo.example.com", "https://odoo.example.com?to=evil"),
        ("https://odoo.example.com", "https://odoo.exam\tple.com"),
        ("https://odoo.example.com", "https://odoo.example.com."),
        ("https://odoo.example.com/a", "https://odoo.example.com/A"),
        ("https://odoo.example.com/a", "https://odoo.example.com/b/../a"),
        ("https://odoo.example.com/a", "https://odoo.example.com/%61"),
        ("https://faß.example", "https://fass.example"),
        ("https://fa\u200dss.example", "https://fass.example"),
        ("https://\u0430.example", "https://a.example"),
        ("https://ｅxample.com", "https://example.com"),
    ],
)
def test_two_places_that_look_alike(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


@given(st.text(), st.text())
def test_what_counts_as_one_place_is_connected_to_as_one(one: str, other: str) -> None:
    for first, second in ((one, other), (f"https://{one}", f"https://{other}"), (one, one.lower()), (one, f"{one}/")):
        if canonical_url(first) == canonical_url(second):
            assert place(first) == place(second)


def place(url: str) -> Any:
    """What the client makes of an address."""
    try:
        told = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        return None
    return told.scheme, told.host, told.port, told.userinfo, told.raw_path.rstrip(b"/")


def odoo(**options: str) -> Connection:
    return connection(erp="odoo", erp_options={"url": "https://odoo.example", "database": "books", **options})


def test_another_company_is_on_the_same_login() -> None:
    assert erp_destination(odoo()) == erp_destination(odoo(company="7")) == erp_destination(odoo(user=""))


@pytest.mark.parametrize("changed", [{"url": "https://other.example"}, {"database": "x"}, {"user": "x"}, {"own": "x"}])
def test_every_other_option_is_another_destination(changed: dict[str, str]) -> None:
    assert erp_destination(odoo()) != erp_destination(odoo(**changed))


@pytest.mark.parametrize("part", ["api_url", "auth_url", "client_id"])
def test_pleo_s_credential_belongs_to_both_addresses_and_its_client(part: str) -> None:
    changed = connection(**{part: "https://other.example"})
    assert pleo_destination(connection()) != pleo_destination(changed)
    assert erp_destination(connection()) == erp_destination(changed)
    assert destination_of(connection(), "webhook") != destination_of(changed, "webhook")
