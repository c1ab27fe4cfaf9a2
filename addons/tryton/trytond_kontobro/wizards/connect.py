"""Connect a company: the credential, who books, and the company. Nothing is stored before both sides answered.

With an API key that is here and now; with OAuth the person's browser goes to Pleo first (`web.py`).
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pyson import Eval
from trytond.transaction import Transaction
from trytond.wizard import Button, StateAction, StateTransition, StateView, Wizard

from kontobro.core.level import level_of
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.settings import Settings
from kontobro.install.authorisation import is_safe_redirect
from kontobro.install.connect import Connecting
from kontobro.pleo.http.environments import ENVIRONMENTS
from kontobro.store.secrets import codec

from ..inside.access import Guarded, visible
from ..inside.app import ERP, PleoError, opened, shown_errors, store_of
from ..inside.tables import is_for_developers
from ..models.connection import pool
from ..oauth import pending
from ..series import is_administrator, pages

PLAIN = re.compile(r"https?://[\w.:\[\]-]+/?", re.ASCII)

LEVELS = [
    ("1", "Exports with receipts"),
    ("2", "and dimensions as tags"),
    ("3", "and accounts and tax codes"),
    ("4", "and vendors"),
]


def only(method):
    """A field of one way to log in."""
    return {"invisible": Eval("method") != method, "required": Eval("method") == method}


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
        help="Entries are made in this user's name and with this user's rights.",
    )
    environment = fields.Selection(
        [("production", "Production"), ("staging", "Staging"), ("sandbox", "Sandbox")], "Environment", required=True
    )
    url = fields.Char(
        "Address",
        states={"invisible": Eval("environment") != "sandbox"},
        depends=["environment"],
        help="The sandbox's address. Empty: the usual address on this machine.",
    )
    method = fields.Selection([("api_key", "API Key"), ("oauth", "OAuth")], "Log in with", required=True, sort=False)
    api_key = fields.Char("API Key", strip=False, states=only("api_key"), help="In Pleo: Settings, API Keys.")
    client_id = fields.Char(
        "Client", states=only("oauth"), help="The ID of the OAuth client that Pleo registered for you."
    )
    client_secret = fields.Char("Client's Secret", strip=False, states=only("oauth"))
    redirect = fields.Char(
        "Redirect Address",
        readonly=True,
        states={"invisible": Eval("method") != "oauth"},
        help="Register exactly this address with Pleo for your client.",
    )
    level = fields.Selection(LEVELS, "Keep in Sync", required=True, sort=False)

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
        """A company that is connected keeps in sync what it did, unless a person chooses another level."""
        ours = [("company", "=", Transaction().context.get("company"))]
        found = visible("kontobro.connection", ours)
        settings = codec.settings_from(json.loads(found[0].settings)) if len(found) == 1 else Settings()
        return str(level_of(settings))

    @classmethod
    def default_method(cls):
        return "api_key"

    @classmethod
    def default_redirect(cls):
        return callback_address()

    def check(self):
        """The form's own choices end where Tryton's clients do: what arrives is looked at. Raises PleoError."""
        if self.environment == "sandbox" and not is_for_developers():
            raise PleoError(gettext("kontobro.msg_developers"))
        if self.environment == "sandbox" and self.url and not is_sandbox(self.url):
            raise PleoError(gettext("kontobro.msg_sandbox_address"))
        for user in (pool("res.user")(Transaction().user), self.book_as):
            if self.company not in user.companies:
                names = {"user": user.rec_name, "company": self.company.rec_name}
                raise PleoError(gettext("kontobro.msg_not_in_company", **names))
        person = pool("res.user")(Transaction().user)
        # Who connects lends no one's rights but those of users like them.
        if is_administrator(self.book_as) and not is_administrator(person):
            raise PleoError(gettext("kontobro.msg_administrator", user=self.book_as.rec_name))

    def asked(self):
        """What is asked for by OAuth. Raises PleoError."""
        client_id, secret = (self.client_id or "").strip(), (self.client_secret or "").strip()
        if not client_id or not secret:
            raise PleoError(gettext("kontobro.msg_client_missing"))
        return pending.Asked(
            user=Transaction().user,
            company=self.company.id,
            book_as=self.book_as.id,
            environment=self.environment,
            url=self.url,
            level=int(self.level),
            redirect_uri=safe_callback(),
            client_id=client_id,
            client_secret=secret,
        )


def is_sandbox(address):
    """Whether a key may go there: over the network by https only, and to a plain address."""
    return bool(PLAIN.fullmatch(address)) and is_safe_redirect(address)


def draft_of(environment, url, company, book_as, client_id=None):
    """The connection as the person asked for it; both sides have still to agree. By OAuth when there is a client."""
    known = ENVIRONMENTS[environment]
    local = url.rstrip("/") if url and environment == "sandbox" else None
    return Connection(
        id="",
        name="",
        environment=environment,
        api_url=local or known.api_url,
        auth_url=local or known.auth_url,
        auth="oauth" if client_id else "api_key",
        company_id="",
        company_name="",
        erp=ERP,
        erp_options={"user": str(book_as), "company": str(company)},
        client_id=client_id,
    )


def settings_of(app, environment, company):
    """The settings of the company's connection, whatever became of it; None when there was none."""
    known = (it for it in app.store.connections() if it.environment == environment)
    return next((it.settings for it in known if it.erp_options.get("company") == str(company)), None)


def changed_level(level, connected_settings):
    """The level to switch to; None where it is the connection's own, which may keep more in sync than its level."""
    return None if connected_settings is not None and level == level_of(connected_settings) else level


def joined(app, draft, tokens, level):
    """Look at both sides, install at Pleo, store: the same for both ways to log in."""
    wanted = changed_level(level, settings_of(app, draft.environment, draft.erp_options["company"]))
    connecting = Connecting(pleo_for=app.pleo_for, connector=app.connector_for(draft), store=app.store)
    return connecting.connect(draft, tokens, wanted)


def callback_address():
    """Where Pleo sends browsers back to."""
    return pages().address_of("callback")


def safe_callback():
    """The same, when Pleo can send a code there. Raises PleoError."""
    address = callback_address()
    if not is_safe_redirect(address):
        raise PleoError(gettext("kontobro.msg_not_https", address=address))
    return address


class Connect(Guarded, Wizard):
    "Connect to Pleo"

    __name__ = "kontobro.connect"
    start = StateView(
        "kontobro.connect.start",
        "kontobro.connect_start_view_form",
        [Button("Cancel", "end", "tryton-cancel"), Button("Connect", "connect", "tryton-ok", default=True)],
    )
    connect = StateTransition()
    consent = StateAction("kontobro.url_consent")
    open_ = StateAction("kontobro.act_connection_form")

    def transition_connect(self):
        self.start.check()
        if self.start.method == "oauth":
            return "consent"
        key = (self.start.api_key or "").strip()
        if not key:
            raise PleoError(gettext("kontobro.msg_api_key_missing"))
        one = self.start
        with shown_errors(), opened(Transaction().database.name) as app:
            draft = draft_of(one.environment, one.url, one.company.id, one.book_as.id)
            joined(app, draft, Tokens(access=key), int(one.level))
        self.start.api_key = self.start.client_secret = ""
        return "open_"

    def do_consent(self, action):
        """Tryton's client opens the start page in a browser; the ticket in its address is good once."""
        self.start.check()
        asked = self.start.asked()
        with shown_errors(), opened(Transaction().database.name) as app:
            ticket = pending.begin(store_of(app), asked, app.clock.now())
        self.start.api_key = self.start.client_secret = ""
        return {**action, "url": f"{pages().address_of('start')}?{urlencode({'ticket': ticket})}"}, {}

    def do_open_(self, action):
        connections, ours = pool("kontobro.connection"), [("company", "=", self.start.company.id)]
        with Transaction().new_transaction(readonly=True):  # the wizard's own began before the connection was stored
            found = [one.id for one in connections.search(ours, order=[("id", "DESC")])]
        return action, {"res_id": found}
