"""The store over the addon's tables keeps the contract of all stores."""

from __future__ import annotations

import sys

import pytest
from odoo import api
from odoo.addons.kontobro_odoo.inside.store import OdooStore, open_store
from odoo.modules.registry import Registry
from odoo.tools import config

from kontobro.core.errors import Misconfigured
from kontobro.core.ports import Store
from tests.support.store_contract.case import HERE, NOW, connection, job, plan
from tests.support.store_contract.contract import StoreContract
from tests.support.store_contract.postgres import PostgresCase


class TestOdooStore(PostgresCase, StoreContract):
    @pytest.fixture
    def store(self, shared: str) -> Store:
        opened = open_store(shared)
        with opened.tables.transaction() as cursor:
            cursor.execute("DELETE FROM kontobro_connection")  # all else goes with it
        return opened

    def open_elsewhere(self, store: OdooStore) -> str:
        lines = [
            "import sys",
            f"sys.path[:] = {sys.path!r}",
            "import odoo.modules.module; from odoo.tools import config",
            f"config.parse_config(['-c', {config['config']!r}, '--log-level', 'critical'])",
            "odoo.modules.module.initialize_sys_path()",
            "from odoo.addons.kontobro_odoo.inside.store import open_store",
            f"store = open_store({store.tables.name!r})",
        ]
        return "\n".join(lines)

    def test_its_company_s_people_alone_see_it(self, connected: OdooStore, shared: str) -> None:
        """What the store writes beside Odoo's ORM carries what the record rules judge by."""
        connected.save_connection(connection(erp="odoo", erp_company="1"))
        connected.begin_job(HERE, job(), "run-1", NOW)
        plan(connected)
        connected.note_sync(HERE, "vendors", "in_step", "", NOW)
        with Registry(shared).cursor() as cursor:
            env = api.Environment(cursor, api.SUPERUSER_ID, {})
            elsewhere = env["res.company"].create({"name": "Other ApS"})
            for company, seen in ((env["res.company"].browse(1), 1), (elsewhere, 0)):
                person = _person_of(env, company)
                for model in ("connection", "job", "booking", "event", "sync"):
                    assert env[f"kontobro.{model}"].with_user(person).search_count([]) == seen, (model, company.name)
            cursor.rollback()


def _person_of(env, company):
    """A person of this company alone who may look at Pleo."""
    told = {"name": company.name, "login": f"of {company.id}", "company_id": company.id}
    groups = [(6, 0, [env.ref("kontobro_odoo.group_user").id])]
    return env["res.users"].create({**told, "company_ids": [(6, 0, [company.id])], "group_ids": groups})


def test_without_a_key_in_the_configuration_nothing_is_opened(shared: str) -> None:
    kept = config["kontobro_key"]
    config["kontobro_key"] = ""
    try:
        with pytest.raises(Misconfigured, match="kontobro_key"):
            open_store(shared)
    finally:
        config["kontobro_key"] = kept
