"""The connector in process keeps the contract of all connectors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pytest
from odoo import api
from odoo.addons.kontobro_odoo.inside.api import ModelApi
from odoo.addons.kontobro_odoo.inside.app import connector_of
from odoo.modules.registry import Registry
from odoo.tools import config, mute_logger
from psycopg2.errors import UniqueViolation

from kontobro.erp.kit.http import Refused
from kontobro.testing.connector.entries import a_journal
from kontobro.testing.connector_contract import Books, ConnectorContract
from tests.addons.odoo.inside.elsewhere import connector_elsewhere
from tests.erp_real.odoo.installation import Company, OdooBookkeeper


@dataclass(frozen=True)
class Here(Company):
    """The company of this process."""

    def user(self, login: str) -> int:
        with Registry(self.database).cursor() as cursor:
            env = api.Environment(cursor, api.SUPERUSER_ID, {})
            return int(env["res.users"].search([("login", "=", login)]).id)

    def api(self, user: str = "bookkeeper") -> ModelApi:
        return ModelApi(self.database, self.user(user), 1)

    def inside(self, user: str = "accountant"):
        return connector_of(self.database, self.user(user), 1, "http://odoo.test")


@pytest.fixture
def company(database: str) -> Here:
    return Here("", database)


class TestInside(ConnectorContract):
    @pytest.fixture
    def books(self, company: Here) -> Books:
        bookkeeper = OdooBookkeeper(company)
        bookkeeper.allow_contacts()
        return Books(
            connector=company.inside(),
            bookkeeper=bookkeeper,
            chart=company.chart(),
            elsewhere=partial(connector_elsewhere, config["config"], company.database, company.user("accountant")),
            stranger=company.inside("stranger"),
            in_base=bookkeeper.in_base,
        )


def test_the_reference_is_a_field_that_odoo_itself_keeps_unique(company: Here) -> None:
    entry = a_journal(company.chart())
    (booking,) = company.inside().book([entry])
    bookkeeper = company.api()
    (row,) = bookkeeper.rows("account.move", [["id", "=", int(booking.id)]], ["kontobro_reference"])
    assert row["kontobro_reference"] == entry.reference
    (copy,) = bookkeeper.write("account.move", "copy", ids=[int(booking.id)])
    with pytest.raises(Refused, match="can't be changed"):
        bookkeeper.write("account.move", "write", ids=[copy], vals={"kontobro_reference": entry.reference})
    second = {"move_type": "entry", "kontobro_reference": entry.reference}
    with pytest.raises(Refused, match="Only Kontobro can set"):
        bookkeeper.write("account.move", "create", vals_list=[second])
    with Registry(company.database).cursor() as cursor:
        moves = api.Environment(cursor, api.SUPERUSER_ID, {})["account.move"]
        with mute_logger("odoo.sql_db"), pytest.raises(UniqueViolation, match="kontobro_once"):
            moves.create([second])


def test_a_second_is_refused_even_where_the_external_id_was_lost(company: Here) -> None:
    """Someone tidied up Odoo's external ids: the unique index still exists."""
    connector, entry = company.inside(), a_journal(company.chart())
    (booking,) = connector.book([entry])
    with Registry(company.database).cursor() as cursor:
        cursor.execute("delete from ir_model_data where module = 'kontobro'")
        cursor.execute("update account_move set invoice_origin = null where id = %s", (int(booking.id),))
    (answer,) = company.inside().book([entry])
    assert "already booked" in str(answer)
