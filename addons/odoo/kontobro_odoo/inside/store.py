"""The Store over the tables of our models, each call one transaction of its own, beside Odoo's."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from odoo import sql_db
from odoo.tools import config

from kontobro.core.errors import Misconfigured
from kontobro.store.secrets.vault import KeyRing
from kontobro.store.sql.store import SqlStore
from kontobro.store.sql.tables import HostTables

KEY = "kontobro_key"
"""The option of Odoo's configuration file that holds the key for secrets."""

DEVELOPER = "kontobro_developer"
"""The option that lets a person connect another Pleo than Pleo's own."""

PATIENCE = "30s"
"""How long a writer waits for another's row."""


class OdooTables(HostTables):
    """The database of an Odoo."""

    @contextmanager
    def transaction(self) -> Iterator:
        """Odoo's own are repeatable reads, which fail where ours wait for each other. And Odoo's cursor logs a refused
        statement whole, values and all: ours holds names and amounts, so it goes to the driver's own."""
        with sql_db.db_connect(self.name).cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", (PATIENCE,))
            yield cursor._obj

    def connect(self):
        _, where = sql_db.connection_info_for(self.name)
        session = psycopg2.connect(**where)
        session.autocommit = True
        return session


class OdooStore(SqlStore):
    """The Store of one database; a connection is one company's and works as one user."""

    def more_columns(self, connection):
        """The company for the record rules. The user stays who it was."""
        company = connection.erp_company if connection.erp == "odoo" else ""
        return {"company_id": int(company)} if company.isdigit() else {}


def open_store(database: str) -> OdooStore:
    """The store of a database. Raises Misconfigured without a key in Odoo's configuration file."""
    return OdooStore(OdooTables(database), KeyRing(None, key()))


def key() -> bytes:
    """The key for secrets. Raises Misconfigured when there is none."""
    given = config.get(KEY) or ""
    if not given:
        raise Misconfigured(
            f"{KEY} is missing in Odoo's configuration file.",
            f"Add a line `{KEY} = ` with a Fernet key (32 random bytes in URL-safe base64) and restart Odoo.",
        )
    return given.encode()


def is_for_developers() -> bool:
    """Whether this Odoo runs in a developer mode, its own or ours: only then an API key may go to another Pleo."""
    return bool(config.get("dev_mode")) or str(config.get(DEVELOPER) or "").strip().lower() in ("true", "1", "yes")
