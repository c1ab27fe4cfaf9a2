"""What a connection works with inside Odoo: the store over our tables, the connector over Odoo's models."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import cast

from odoo import api
from odoo.modules.registry import Registry
from odoo.tools import config

from kontobro.bootstrap import App, SystemClock, answers_of, news_of
from kontobro.core.errors import Misconfigured
from kontobro.erp.kit.guard import guarded
from kontobro.erp.odoo.connector import OdooConnector

from .api import ModelApi
from .store import OdooStore, open_store

PATIENCE = timedelta(seconds=20)
"""A call to Pleo is not repeated later: in the cron other companies wait, at a button a person does. One that hangs
ends by its own timeout (30 s)."""


@contextmanager
def opened(database: str) -> Iterator[App]:
    """Everything for a while; what was opened is closed at its end."""
    app = App(
        Path(),
        open_store(database),
        SystemClock(),
        connectors=partial(connector_for, database),
        patience=PATIENCE,
        answers=answers_of(Path(config["data_dir"])),
        news=news_of(Path(config["data_dir"]), database),
    )
    with closing(app):
        yield app


def store_of(app: App) -> OdooStore:
    return cast(OdooStore, app.store)


def connector_for(database: str, connection):
    """The connector of a connection, as the user that it books as."""
    user, address = _user_of(database, connection.id)
    company = int(connection.erp_company) if connection.erp_company.isdigit() else None
    return connector_of(database, user, company, address)


def connector_of(database: str, user: int, company: int | None, address: str = ""):
    """A connector to one company of this database, as one of its users. `address` begins the links to documents."""
    return guarded(OdooConnector(ModelApi(database, user, company), address))


def _user_of(database: str, key: str) -> tuple[int, str]:
    with Registry(database).cursor() as cursor:
        env = api.Environment(cursor, api.SUPERUSER_ID, {})
        row = env["kontobro.connection"].search([("key", "=", key)])
        address = env["ir.config_parameter"].get_param("web.base.url", "")
        return booker_of(row).id, address


def booker_of(row):
    """The user that a connection books as. Who is archived gets into Odoo no more: neither does this in that name."""
    if not row.user_id:
        raise Misconfigured("The connection has no user to book as.", "Choose one in the connection's form.")
    if not row.user_id.active:
        raise Misconfigured(
            f"The user {row.user_id.name} is archived.", "Choose another user in the connection's form."
        )
    return row.user_id
