"""Which connection is it: the same books again, other books, a trial."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kontobro.core.model.connection import AlreadyConnected, Connection
from kontobro.core.model.settings import Settings
from kontobro.install.identity import settled_identity


def a_connection(id: str = "", **other: Any) -> Connection:
    facts: dict[str, Any] = {
        "name": "",
        "environment": "production",
        "api_url": "https://external.pleo.io",
        "auth_url": "https://auth.pleo.io",
        "auth": "oauth",
        "company_id": "company",
        "company_name": "Bäckerei Schröder",
        "erp": "odoo",
        "erp_options": {"url": "https://odoo.example"},
        "erp_company": "1",
        "erp_company_name": "Baeckerei Schroeder GmbH",
    }
    return Connection(id=id, **{**facts, **other})


OLD = a_connection("old", name="Bakery", settings=Settings(wallet="1010"))
OTHER_BOOKS: list[dict[str, Any]] = [
    {"erp": "tryton", "erp_options": {"url": "https://tryton.example"}},
    {"erp_company": "2"},
    {"erp_options": {"url": "https://other.example"}, "erp_company_name": "Fjord ApS"},
]


@pytest.mark.parametrize("status", ["connected", "reconnect", "disconnected"])
@pytest.mark.parametrize("change", [{}, {"erp_options": {"url": "https://new.example"}}])
def test_the_same_books_keep_id_name_and_settings(status: Any, change: dict[str, Any]) -> None:
    """Also at another address, where the company there is called as before: a server that moved."""
    settled, again = settled_identity(a_connection(**change), [replace(OLD, status=status)])
    assert again
    assert (settled.id, settled.name, settled.settings.wallet) == ("old", "Bakery", "1010")


@pytest.mark.parametrize("change", OTHER_BOOKS)
def test_other_books_are_refused_by_name_unless_it_moves(change: dict[str, Any]) -> None:
    with pytest.raises(AlreadyConnected, match=r"Bäckerei Schröder is already connected to odoo \(Baeckerei"):
        settled_identity(a_connection(**change), [OLD])
    settled, again = settled_identity(a_connection(**change), [OLD], moving=True)
    assert not again
    assert settled.id != "old"


@pytest.mark.parametrize("change", OTHER_BOOKS)
def test_after_the_first_ended_other_books_are_a_connection_of_their_own(change: dict[str, Any]) -> None:
    ended = replace(OLD, status="disconnected")
    settled, again = settled_identity(a_connection("old", **change), [ended])
    assert not again
    assert settled.id not in ("", "old")
    with pytest.raises(AlreadyConnected):  # where nothing keeps what it booked out of them
        settled_identity(a_connection(**change), [ended], guarded=False)


def test_the_first_can_t_come_back_beside_the_second() -> None:
    second = replace(a_connection("second", **OTHER_BOOKS[0]), name="Second")
    with pytest.raises(AlreadyConnected, match="tryton"):
        settled_identity(a_connection(), [replace(OLD, status="disconnected"), second])


def test_a_trial_is_beside_the_real_one_and_never_becomes_it() -> None:
    settled, again = settled_identity(a_connection(trial=True, **OTHER_BOOKS[0]), [OLD])
    assert (again, settled.trial) == (False, True)
    settled, again = settled_identity(a_connection(trial=True), [OLD])
    assert (again, settled.trial) == (False, True)
    settled, again = settled_identity(a_connection(), [replace(OLD, trial=True, name="trial")])
    assert (again, settled.trial) == (False, False)


def test_a_connection_is_never_called_as_its_books() -> None:
    settled, _ = settled_identity(a_connection(company_name="", company_id="5f1c2b6e-0d5b"), [])
    assert settled.name == settled.pleo_name == "Pleo company 5f1c2b6e"
    assert settled.books_name == "Baeckerei Schroeder GmbH"
