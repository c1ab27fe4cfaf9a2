"""Connect a Pleo company with this company: which Pleo, and an API key; `connect_oauth` adds the other way."""

from typing import Any
from urllib.parse import urlsplit

from odoo import fields, models
from odoo.exceptions import ValidationError

from kontobro.core.level import level_named
from kontobro.core.model.connection import Connection, Tokens, canonical_url
from kontobro.install.authorisation import LOOPBACK
from kontobro.install.connect import Connecting
from kontobro.pleo import ENVIRONMENTS
from kontobro.store.secrets.vault import KeyRing, seal, unseal

from ..inside import app
from ..inside.store import is_for_developers, key

PLACE = "kontobro.connect"

MINE = """
    UPDATE kontobro_connection SET user_id = %s, name = CASE name WHEN pleo_company THEN %s ELSE name END
    WHERE key = %s RETURNING id
"""
"""Where Pleo does not tell the company's name, it is called as it is here."""


class Connect(models.TransientModel):
    _name = "kontobro.connect"
    _description = "Connect to Pleo"
    _rec_name = "company_id"

    way = fields.Selection(
        [("api_key", "API key"), ("oauth", "OAuth, with your own client")],
        "Sign in with",
        required=True,
        default="api_key",
    )
    connection_id = fields.Many2one("kontobro.connection", "Connect again", ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    user_id = fields.Many2one("res.users", "Books as", required=True, default=lambda self: self.env.uid)
    environment = fields.Selection(
        [("production", "Pleo"), ("staging", "Pleo's staging"), ("sandbox", "Pleo in a box (for testing)")],
        required=True,
        default="production",
    )
    url = fields.Char("Address", help="Only for Pleo in a box.")
    api_key = fields.Char(
        "API key", help="Pleo: Settings > API Keys.", compute="_compute_api_key", inverse="_inverse_api_key"
    )
    sealed = fields.Char(groups="base.group_no_one", help="The key, encrypted, between typing and connecting.")
    pleo_company = fields.Char("Pleo company ID", help="Only if the key belongs to an organisation.")
    level = fields.Selection(
        [
            ("1", "Export with receipts"),
            ("2", "And analytic accounts"),
            ("3", "And accounts and taxes"),
            ("4", "And vendors"),
        ],
        "Keep in sync",
        required=True,
        default="1",
    )

    def _compute_api_key(self):
        for row in self:
            row.api_key = False  # it is never shown again

    def _inverse_api_key(self):
        for row in self:
            row.sudo().sealed = row._seal("", (row.api_key or "").strip())

    def _seal(self, name, value):
        """A secret of this row, encrypted, for the Pleo that the row names now."""
        with self.env["kontobro.connection"]._faults_told():
            held = {"to": self._destination(), "value": value}
            return seal(KeyRing(None, key()).ciphers(), PLACE, f"{self.id}{name}", held)

    def _unseal(self, name, sealed):
        """What `_seal` hid; nothing where there is none. Raises ValidationError when Pleo's address, or the client,
        was changed since, or when an older version hid it, without its destination: a secret is only sent to where it
        was given for."""
        if not sealed:
            return None
        with self.env["kontobro.connection"]._faults_told():
            held: Any = unseal(KeyRing(None, key()).ciphers(), PLACE, f"{self.id}{name}", sealed)
        if not isinstance(held, dict) or "to" not in held or (held["value"] and held["to"] != self._destination()):
            raise ValidationError(self.env._("Pleo's address or the client was changed. Enter the secret again."))
        return held["value"]

    def _destination(self):
        """Where this row's secrets go."""
        return [self.way, self.environment, canonical_url(self.url or "")]

    def _typed_key(self):
        return self._unseal("", self.sudo().sealed) or ""

    def action_connect(self):
        """Look at both sides, install at Pleo, store. The key is kept encrypted, and nowhere else."""
        self.ensure_one()
        typed = self._typed_key()
        self.sudo().sealed = False
        if not typed:
            raise ValidationError(self.env._("The API key is missing. Create one in Pleo (Settings > API Keys)."))
        self._require_own()
        with self.env["kontobro.connection"]._faults_told(), app.opened(self.env.cr.dbname) as place:
            number = self._join(place, self._draft(), Tokens(access=typed))
        return {
            "type": "ir.actions.act_window",
            "res_model": "kontobro.connection",
            "res_id": number,
            "view_mode": "form",
        }

    def _require_own(self):
        """One's own companies, and oneself as the user (but for an administrator)."""
        if self.company_id not in self.env.user.company_ids:
            raise ValidationError(self.env._("Choose one of your companies."))
        self.env["kontobro.connection"]._require_own(self.user_id)

    def _join(self, place, draft, tokens):
        """Connect both sides; the number of the connection. One that exists keeps its settings, and so its level."""
        connector = app.connector_of(self.env.cr.dbname, self.user_id.id, self.company_id.id)
        level = None if self.connection_id else level_named(int(self.level))
        connecting = Connecting(
            pleo_for=place.pleo_for, connector=connector, store=place.store, claim=self._require_free
        )
        connected = connecting.connect(draft, tokens, level)
        with app.store_of(place).tables.writing() as session:
            (row,) = session.select(MINE, (self.user_id.id, self.company_id.name, connected.connection.id))
        return row.id

    def _require_free(self, connection):
        """Before anything is installed at Pleo: one company there is one company here."""
        again = self.connection_id
        if again and connection.id != again.key:
            named = again.pleo_company_name or again.pleo_company
            raise ValidationError(self.env._("This is another Pleo company. Connect again and choose %s.", named))
        others = [
            ("company_id", "=", self.company_id.id),
            ("status", "!=", "disconnected"),
            ("key", "!=", connection.id),
        ]
        if other := self.env["kontobro.connection"].sudo().search(others, limit=1):
            raise ValidationError(
                self.env._(
                    "%(company)s is connected to another Pleo company (%(name)s). Disconnect that one first.",
                    company=self.company_id.name,
                    name=other.name,
                )
            )

    def _draft(self):
        api_url, auth_url = self._addresses()
        return Connection(
            id="",
            name="",
            environment=self.environment,
            api_url=api_url,
            auth_url=auth_url,
            auth=self.way,
            company_id=(self.pleo_company or "").strip(),
            company_name="",
            erp="odoo",
            erp_company=str(self.company_id.id),
        )

    def _addresses(self):
        """API and login address. Only the sandbox's is a choice: a key never goes to an address by mistake."""
        known = ENVIRONMENTS[self.environment]
        if self.environment == "sandbox" and not is_for_developers():
            raise ValidationError(
                self.env._(
                    "Pleo in a box is for developers. Start Odoo with --dev, or add kontobro_developer = True "
                    "to its configuration file."
                )
            )
        if self.environment != "sandbox" or not self.url:
            if self.url:
                raise ValidationError(self.env._("Only Pleo in a box has its own address."))
            return known.api_url, known.auth_url
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ValidationError(self.env._("Enter an address such as http://127.0.0.1:8764."))
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValidationError(self.env._("Use https: the key is sent over the network."))
        return self.url.rstrip("/"), self.url.rstrip("/")
