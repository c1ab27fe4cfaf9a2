"""Connect a company: the API key, who books, and the company. Nothing is stored before both sides answered."""

from __future__ import annotations

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pyson import Eval
from trytond.transaction import Transaction
from trytond.wizard import Button, StateAction, StateTransition, StateView, Wizard

from kontobro.core.connection import Connection, Tokens
from kontobro.install.connect import connect
from kontobro.pleo.environments import ENVIRONMENTS

from .connection import pool
from .house import ERP, PleoError, opened, told

LEVELS = [
    ("1", "Exports with receipts"),
    ("2", "and dimensions as tags"),
    ("3", "and tax codes"),
    ("4", "and accounts and vendors"),
]


class ConnectStart(ModelView):
    "Connect to Pleo"

    __name__ = "kontobro.connect.start"
    __string__ = "Connect to Pleo"
    company = fields.Many2One("company.company", "Company", required=True)
    book_as = fields.Many2One(
        "res.user",
        "Books as",
        required=True,
        domain=[("companies", "=", Eval("company", -1))],
        depends=["company"],
        help="The user in whose name entries are made, with no more rights than that.",
    )
    environment = fields.Selection(
        [("production", "Production"), ("staging", "Staging"), ("sandbox", "Sandbox")], "Environment", required=True
    )
    url = fields.Char(
        "Address",
        states={"invisible": Eval("environment") != "sandbox"},
        depends=["environment"],
        help="Where the sandbox is; empty for its usual place on this machine.",
    )
    api_key = fields.Char("API Key", required=True, strip=False, help="In Pleo: Settings, API Keys.")
    level = fields.Selection(LEVELS, "Keep in Step", required=True, sort=False)

    @classmethod
    def default_company(cls):
        return Transaction().context.get("company")

    @classmethod
    def default_book_as(cls):
        return Transaction().user

    @classmethod
    def default_environment(cls):
        return "production"

    @classmethod
    def default_level(cls):
        return "1"

    def draft(self):
        """The connection as the person asked for it; both sides have still to agree."""
        known = ENVIRONMENTS[self.environment]
        local = self.url if self.environment == "sandbox" else None
        return Connection(
            id="",
            name="",
            environment=self.environment,
            api_url=local or known.api_url,
            auth_url=local or known.auth_url,
            auth="api_key",
            company_id="",
            company_name="",
            erp=ERP,
            erp_options={"user": str(self.book_as.id), "company": str(self.company.id)},
        )


class Connect(Wizard):
    "Connect to Pleo"

    __name__ = "kontobro.connect"
    start = StateView(
        "kontobro.connect.start",
        "kontobro.connect_start_view_form",
        [Button("Cancel", "end", "tryton-cancel"), Button("Connect", "connect", "tryton-ok", default=True)],
    )
    connect = StateTransition()
    open_ = StateAction("kontobro.act_connection_form")

    def transition_connect(self):
        key = (self.start.api_key or "").strip()
        if not key:
            raise PleoError(gettext("kontobro.msg_api_key_missing"))
        with told(), opened(Transaction().database.name) as house:
            draft = self.start.draft()
            connect(
                draft,
                Tokens(access=key),
                house.pleo_for,
                house.connector_for(draft),
                house.store,
                int(self.start.level),
            )
        self.start.api_key = ""
        return "open_"

    def do_open_(self, action):
        connections, ours = pool("kontobro.connection"), [("company", "=", self.start.company.id)]
        with Transaction().new_transaction(readonly=True):  # the wizard's own began before the connection was stored
            found = [one.id for one in connections.search(ours, order=[("id", "DESC")])]
        return action, {"res_id": found}
