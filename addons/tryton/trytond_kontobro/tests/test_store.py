"""The store over Tryton's own tables keeps the contract of all stores."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import pytest
from trytond.pool import Pool
from trytond.transaction import Transaction, check_access

from kontobro.core.errors import Misconfigured
from kontobro.core.ports import Store
from kontobro.store.sql.store import bind_secrets
from tests.support.store_contract.case import ELSEWHERE, HERE, NOW, connection, job, planned, tokens
from tests.support.store_contract.contract import StoreContract
from tests.support.store_contract.postgres import PostgresCase

from ..inside.tables import OwnTables, open_store
from ..series import config
from .company import COMPANY, DATABASE, awake, user

OPENED = "from trytond_kontobro.tests.company import DATABASE; from trytond_kontobro.inside.tables import open_store\n"


class TestTrytonStore(PostgresCase, StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        awake()
        with OwnTables(DATABASE).transaction() as cursor:
            cursor.execute("DELETE FROM kontobro_connection")
        return open_store(DATABASE)

    def open_elsewhere(self, store: Store) -> str:
        return f"{OPENED}store = open_store(DATABASE)"

    def test_its_company_s_people_alone_see_it(self, connected: Store) -> None:
        """What the store writes beside Tryton's ORM carries what the rules judge by."""
        connected.save_connection(connection(erp="tryton", erp_company=str(COMPANY)))
        for key in (HERE, ELSEWHERE):
            connected.begin_job(key, job(), "run-1", NOW)
            connected.plan(key, "job-1", "run-1", [planned()], NOW)
            connected.note_sync(key, "vendors", "in_step", "", NOW)
        assert seen_by("bookkeeper") == {
            "kontobro.connection": [HERE],
            "kontobro.job": [HERE],
            "kontobro.booking": [HERE],
            "kontobro.sync": [HERE],
        }


def seen_by(login: str) -> dict[str, list[str]]:
    """The connections of what a person with the group Pleo sees of each table."""
    person, found = user(login), {}
    with Transaction().start(DATABASE, 0) as around:
        groups = Pool().get("res.group").search([("name", "=", "Pleo")])
        users = Pool().get("res.user")
        users.write(users.browse([person]), {"groups": [("add", [group.id for group in groups])]})
        with around.set_user(person), check_access():
            for model in ("connection", "job", "booking", "sync"):
                rows = Pool().get(f"kontobro.{model}").search([])
                found[f"kontobro.{model}"] = [getattr(row, "connection_id", row).key for row in rows]
        around.rollback()
    return found


def test_secrets_of_an_older_module_belong_to_where_their_connections_point() -> None:
    awake()
    store, here = open_store(DATABASE), connection("older", erp="tryton")
    with OwnTables(DATABASE).transaction() as cursor:
        cursor.execute("DELETE FROM kontobro_connection")
    store.save_connection(here, tokens(), {"password": "p"})
    with OwnTables(DATABASE).transaction() as cursor:
        cursor.execute("UPDATE kontobro_secret SET destination = NULL")
    assert (store.tokens(here), store.secret(here, "password")) == (None, None)
    with OwnTables(DATABASE).transaction() as cursor:
        bind_secrets(cursor)
    assert (store.tokens(here), store.secret(here, "password")) == (tokens(), "p")
    assert store.tokens(replace(here, api_url="https://evil.example")) is None


def test_the_key_stands_in_trytons_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KONTOBRO_KEY", raising=False)
    key = config.get("kontobro", "key")
    config.set("kontobro", "key", "")
    try:
        with pytest.raises(Misconfigured, match="missing in Tryton's configuration"):
            open_store(DATABASE)
    finally:
        config.set("kontobro", "key", key)


def test_the_core_needs_only_its_few_libraries() -> None:
    """What is loaded when everything of the module is: no Django, no web framework, no worker."""
    import trytond_kontobro.inside.runner
    import trytond_kontobro.wizards.sync  # noqa: F401

    assert not {"django", "dbos", "typer", "rich", "starlette", "beancount"} & set(sys.modules)
    assert os.environ["KONTOBRO_TRYTON_DATABASE"] == DATABASE
