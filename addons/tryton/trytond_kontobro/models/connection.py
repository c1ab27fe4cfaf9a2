"""A connection as Tryton shows it. Kontobro's store writes it (`tables.py`); forms only read it."""

from __future__ import annotations

from sql.operators import Equal
from trytond.i18n import gettext
from trytond.model import Exclude, ModelSQL, ModelView, Unique, fields
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.transaction import Transaction

from kontobro.core.errors import KontobroError
from kontobro.core.words import fault_told
from kontobro.install.parting import disconnect

from ..inside.access import active_record, required, visible
from ..inside.app import PleoError, language, opened, raise_told, shown_errors, store_of
from ..inside.runner import start_and_wait, start_for_cron
from ..oauth.pending import clean

STATUSES = [("connected", "Connected"), ("reconnect", "Login lost"), ("disconnected", "Disconnected")]
PATIENCE = 20.0
"""Seconds that a person waits for a button; the work continues after them."""


class Connection(ModelSQL, ModelView):
    "Pleo Connection"

    __name__ = "kontobro.connection"
    __string__ = "Pleo Connection"
    key = fields.Char("Key", required=True, readonly=True)
    company = fields.Many2One("company.company", "Company", readonly=True, ondelete="RESTRICT")
    book_as = fields.Many2One("res.user", "Books as", readonly=True, ondelete="RESTRICT")
    name = fields.Char("Name", required=True, readonly=True)
    environment = fields.Selection(
        [("production", "Production"), ("staging", "Staging"), ("sandbox", "Sandbox")],
        "Environment",
        required=True,
        readonly=True,
    )
    api_url = fields.Char("Pleo's Address", readonly=True)
    auth_url = fields.Char("Pleo's Login", readonly=True)
    auth = fields.Char("Login Method", readonly=True)
    pleo_company = fields.Char("Pleo's Company", readonly=True)
    pleo_company_name = fields.Char("Company in Pleo", readonly=True)
    erp = fields.Char("Accounting System", readonly=True)
    erp_options = fields.Text("Options", readonly=True)
    erp_company = fields.Char("Company's Number", readonly=True)
    client_id = fields.Char("OAuth Client", readonly=True)
    scopes = fields.Text("Permissions", readonly=True)
    status = fields.Selection(STATUSES, "Status", required=True, readonly=True)
    settings = fields.Text("Settings", readonly=True)
    last_run = fields.Timestamp("Last Run", readonly=True)
    last_fault = fields.Text("Error", readonly=True)
    last_fault_code = fields.Char("Error Code", readonly=True)
    fault_told = fields.Function(fields.Text("Error", states={"invisible": ~Eval("fault_told")}), "get_fault_told")
    jobs = fields.One2Many("kontobro.job", "connection_id", "Export Jobs", readonly=True)
    syncs = fields.One2Many("kontobro.sync", "connection_id", "Master Data", readonly=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        in_use = table.status != "disconnected"
        books = Exclude(table, (table.environment, Equal), (table.pleo_company, Equal), where=in_use)
        cls._sql_constraints += [
            ("key_unique", Unique(table, table.key), "kontobro.msg_connection_unique"),
            ("one_set_of_books", books, "kontobro.msg_one_set_of_books"),
        ]
        open_ = {"invisible": Eval("status") != "connected", "depends": ["status"]}
        cls._buttons.update(
            {
                "export_now": {**open_, "icon": "tryton-launch"},
                "disconnect": {"invisible": Eval("status") == "disconnected", "depends": ["status"]},
            }
        )

    def get_fault_told(self, name):
        """In the language of who looks; `last_fault` is the English."""
        return fault_told(self.last_fault_code or "", self.last_fault or "", language())

    @classmethod
    @ModelView.button
    def export_now(cls, connections):
        """Export what is open, sync what is due. What takes long continues when the person has stopped waiting."""
        start_and_wait(Transaction().database.name, [connection.key for connection in connections], PATIENCE)

    @classmethod
    @ModelView.button
    def disconnect(cls, connections):
        """Remove the installation at Pleo and forget the secrets; the books, settings and history stay. What could not
        be done, and what a person has to look at in Pleo, is told of each once all is done: the store has its own
        transactions."""
        told = []
        with shown_errors(), opened(Transaction().database.name) as app:
            for one in connections:
                connection = store_of(app).connection(one.key)
                if connection is not None and (fault := _disconnected(app, connection)) is not None:
                    told.append((connection.pleo_name, fault))
        raise_told(told, len(connections))

    @classmethod
    def run_due(cls):
        """Cron's task: every connected company, those that waited longest first."""
        with opened(Transaction().database.name) as app:
            clean(store_of(app), app.clock.now())
        order = [("last_run", "ASC NULLS FIRST"), ("id", "ASC")]
        keys = [one.key for one in cls.search([("status", "=", "connected")], order=order)]
        start_for_cron(Transaction().database.name, keys)

    @classmethod
    def chosen(cls):
        """The connection of the active record, or the only one of the company. Raises PleoError."""
        context = Transaction().context
        if context.get("active_model") == cls.__name__ and context.get("active_id"):
            return required(active_record(cls.__name__))
        ours = [("company", "=", context.get("company")), ("status", "!=", "disconnected")]
        found = visible(cls.__name__, ours)
        return required(found[0] if len(found) == 1 else None)


def _disconnected(app, connection):
    """What is left to do for it, or why it could not be disconnected."""
    try:
        return disconnect(connection, app.pleo_for(connection), app.store)
    except KontobroError as fault:
        return fault


def core_connection(app, key):
    """The core's connection of a row. Raises PleoError when it is gone."""
    found = store_of(app).connection(key)
    if found is None:
        raise PleoError(gettext("kontobro.msg_connection_gone"))
    return found


def database():
    """The name of the database in use."""
    return Transaction().database.name


def pool(name):
    return Pool().get(name)
