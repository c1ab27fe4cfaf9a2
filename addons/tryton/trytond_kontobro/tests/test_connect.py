"""Which Pleo a form accepts, and in whose name it lets Kontobro book."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.transaction import Transaction

from tests.support.store_contract.case import ELSEWHERE, HERE, connection

from ..inside.app import PleoError
from ..inside.tables import OwnTables, open_store
from ..series import config
from .company import COMPANY, DATABASE, user

OWN = "production"


@contextmanager
def form(person: str, **asked: Any) -> Iterator[Any]:
    """The start form as that person filled it in."""
    number = user(person)
    with Transaction().start(DATABASE, number, readonly=True, context={"company": COMPANY}):
        given = {"company": COMPANY, "book_as": number, "environment": OWN, "method": "api_key", **asked}
        yield Pool().get("kontobro.connect.start")(**given)


@pytest.fixture
def _for_customers() -> Iterator[None]:
    """A trytond.conf as a customer has it."""
    before = config.get("kontobro", "developer")
    config.set("kontobro", "developer", "false")
    yield
    config.set("kontobro", "developer", before)


@pytest.mark.usefixtures("_for_customers")
@pytest.mark.parametrize("url", [None, "http://127.0.0.1:8764", "https://evil.example"])
def test_another_pleo_is_for_developers(url: str | None) -> None:
    with (
        form("bookkeeper", environment="sandbox", url=url) as asked,
        pytest.raises(PleoError, match="developer = true"),
    ):
        asked.check()


def test_developers_may_connect_the_sandbox() -> None:
    with form("bookkeeper", environment="sandbox", url="http://127.0.0.1:8764") as asked:
        asked.check()
    with form("bookkeeper", environment="sandbox", url="http://elsewhere.example") as asked, pytest.raises(PleoError):
        asked.check()


def test_a_wizard_is_for_its_groups_alone() -> None:
    stranger = user("stranger")
    with (
        Transaction().start(DATABASE, stranger, readonly=True),
        pytest.raises(AccessError, match=r"not allowed to execute|ir\.msg_access_wizard_error"),
    ):
        Pool().get("kontobro.connect", type="wizard").check_access()


def test_nobody_but_an_administrator_lets_an_administrator_book() -> None:
    with form("bookkeeper", book_as=user("admin")) as asked, pytest.raises(PleoError, match="is an administrator"):
        asked.check()
    with form("bookkeeper", book_as=user("accountant")) as asked:
        asked.check()
    with form("admin") as asked:
        asked.check()


def test_what_keeps_each_of_several_from_being_disconnected_is_told() -> None:
    """Pleo answers at neither address."""
    number = user("bookkeeper")
    with OwnTables(DATABASE).transaction() as cursor:
        cursor.execute("DELETE FROM kontobro_connection")
    store = open_store(DATABASE)
    for key, name in ((HERE, "Fjord ApS"), (ELSEWHERE, "Skov ApS")):
        store.save_connection(connection(key, company_name=name, erp="tryton", erp_company=str(COMPANY)))
    with Transaction().start(DATABASE, number, context={"company": COMPANY}):
        both = Pool().get("kontobro.connection").search([])
        assert len(both) == 2
        with pytest.raises(PleoError, match=r"(?s)Fjord ApS: .+\n\nSkov ApS: |Skov ApS: .+\n\nFjord ApS: "):
            Pool().get("kontobro.connection").disconnect(both)
