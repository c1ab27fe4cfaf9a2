"""Connections' names: chosen by a person, or Pleo's for the company, made free."""

from __future__ import annotations

import pytest

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.install.identity import settled_identity


def a_connection(company: str, name: str) -> Connection:
    return Connection(
        id="",
        name=name,
        environment="sandbox",
        api_url="http://127.0.0.1:1",
        auth_url="http://127.0.0.1:1",
        auth="api_key",
        company_id=company,
        company_name="Fjord ApS",
        erp="tryton",
        erp_options={},
    )


def test_two_companies_that_pleo_names_alike_are_two_connections() -> None:
    known: list[Connection] = []
    for company in ("one", "two", "three"):
        settled, again = settled_identity(a_connection(company, ""), known)
        assert not again
        known.append(settled)
    assert [one.name for one in known] == ["Fjord ApS", "Fjord ApS (2)", "Fjord ApS (3)"]


def test_a_name_that_a_person_chose_is_theirs_to_change() -> None:
    with pytest.raises(Misconfigured, match="Choose another name"):
        settled_identity(a_connection("two", "Books"), [a_connection("one", "Books")])
