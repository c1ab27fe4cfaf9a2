"""Connect by OAuth: away to Pleo's consent page, and back to `controllers.pleo`.

The wizard's row is what is kept meanwhile, its secrets encrypted: only who left comes back, in the same session, once.
"""

from dataclasses import replace
from datetime import UTC, datetime

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.http import STORED_SESSION_BYTES, request

from kontobro.core.errors import LoginFailed
from kontobro.core.level import scopes_at, scopes_for
from kontobro.install.authorisation import (
    OTHER_SPELLING,
    InvalidScope,
    code_of,
    consent_for,
    hashed,
    is_safe_redirect,
    kept_from,
    kept_to,
    leave,
)
from kontobro.pleo import Grant, authorize_url, exchange_code
from kontobro.store.secrets import codec

from ..inside import app

CALLBACK = "/kontobro/pleo/callback"
HIDDEN = "base.group_no_one"

TAKE = """
    UPDATE kontobro_connect SET state_hash = NULL, leaving = NULL WHERE id = %s AND state_hash = %s RETURNING id
"""


class Connect(models.TransientModel):
    _inherit = "kontobro.connect"

    client_id = fields.Char("Client ID", help="ID of the OAuth client that Pleo registered for this Odoo.")
    client_secret = fields.Char(
        "Client secret",
        help="It is stored encrypted and never shown again.",
        compute="_compute_secret",
        inverse="_inverse_secret",
    )
    sealed_secret = fields.Char(groups=HIDDEN, copy=False)
    redirect_address = fields.Char(
        "Redirect address",
        compute="_compute_redirect_address",
        help="Register exactly this address with Pleo for the client.",
    )
    # what Pleo's answer has to fit, until it comes: by its state found, the rest encrypted
    state_hash = fields.Char(groups=HIDDEN, copy=False, index=True)
    leaving = fields.Char(groups=HIDDEN, copy=False)
    tag_scope = fields.Char(
        "Tag permission", groups=HIDDEN, copy=False, help="The alternative name of Pleo's tag permissions."
    )

    def _compute_secret(self):
        for row in self:
            row.client_secret = False  # it is never shown again

    def _inverse_secret(self):
        for row in self:
            row.sudo().sealed_secret = row._seal(" secret", (row.client_secret or "").strip())

    def _compute_redirect_address(self):
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url", "")
        for row in self:
            row.redirect_address = f"{base.rstrip('/')}{CALLBACK}"

    def action_connect(self):
        self.ensure_one()
        return self._leave() if self.way == "oauth" else super().action_connect()

    @api.model
    def _begun(self, environment):
        """A wizard for Pleo's Connect button: for the connection of this company, if it has one there."""
        live = [("company_id", "=", self.env.company.id), ("status", "!=", "disconnected")]
        wished = {"environment": environment} if environment else {}
        there = [(name, "=", value) for name, value in wished.items()]
        known = self.env["kontobro.connection"].search([*live, *there], limit=1)._as_wishes()
        return self.create({**wished, **known, "way": "oauth"})

    # ------------------------------------------------------------------------------------------- away

    def _leave(self):
        """Pleo's consent page, for what the level needs. Leaving again ends an older leave: one answer is awaited."""
        self._require_own()
        secret = self._unseal(" secret", self.sudo().sealed_secret)
        if not (self.client_id or "").strip() or not secret:
            raise ValidationError(self.env._("The client ID or its secret is missing. You get both from Pleo."))
        self._require_redirect()
        draft, address = self._draft(), self.redirect_address
        consent = self._consent()
        state, kept = leave(redirect_uri=address, owner=self._owner(), now=datetime.now(UTC), client_secret=secret)
        self.sudo().write({"state_hash": kept.state_hash, "leaving": self._seal(" leaving", kept_to(kept))})
        url = authorize_url(
            draft,
            redirect_uri=address,
            state=state,
            verifier=kept.verifier,
            scopes=consent.scopes,
            tag_scope=consent.spelling,
        )
        return {"type": "ir.actions.act_url", "url": url, "target": "self"}

    def _draft(self):
        """With OAuth the person chooses the company at Pleo."""
        draft = super()._draft()
        return replace(draft, client_id=self.client_id.strip(), company_id="") if self.way == "oauth" else draft

    def _destination(self):
        return [*super()._destination(), (self.client_id or "").strip() if self.way == "oauth" else ""]

    def _scopes(self):
        """Of the level; of a connection that exists: of all that it keeps in sync."""
        if self.connection_id:
            return scopes_for(codec.settings_from(self.connection_id.settings))
        live = [("company_id", "=", self.company_id.id), ("environment", "=", self.environment)]
        connected_settings = self.env["kontobro.connection"].search([*live, ("status", "!=", "disconnected")], limit=1)
        return scopes_at(
            int(self.level), codec.settings_from(connected_settings.settings) if connected_settings else None
        )

    def _consent(self):
        """What Pleo is asked for: otherwise than before, after it did not know a permission."""
        needed, kept = self._scopes(), self.sudo().tag_scope or None
        with self.env["kontobro.connection"]._faults_told(), app.opened(self.env.cr.dbname) as place:
            return consent_for(self.environment, needed, place.store.connections(), kept)

    def _offered(self, fault):
        """What to tell when Pleo does not know a permission: that Connect asks otherwise, while there is a way."""
        other = self._consent().after
        with self.env.registry.cursor() as cursor:  # stays, though the fault ends this transaction
            cursor.execute("UPDATE kontobro_connect SET tag_scope = %s WHERE id = %s", (other, self.id))
        return LoginFailed(OTHER_SPELLING, fault.remedy) if other else fault

    def _require_redirect(self):
        if not is_safe_redirect(self.redirect_address):
            raise ValidationError(
                self.env._(
                    "Pleo sends its answer only to https addresses, not to %s. Set the system parameter "
                    "web.base.url to Odoo's https address, and web.base.url.freeze to True so that it is not "
                    "changed at the next login.",
                    self.redirect_address,
                )
            )

    def _owner(self):
        """Who leaves: the user, and the half of the session's id that stays when Odoo renews it."""
        if not request or request.session.uid != self.env.uid:
            raise ValidationError(self.env._("Connect with OAuth in a browser. Pleo's answer is sent to the browser."))
        return f"{self.env.uid} {request.session.sid[:STORED_SESSION_BYTES]}"

    # ------------------------------------------------------------------------------------------- back

    @api.model
    def _awaiting(self, state):
        """The wizard whose browser left with this state, for the very same person and session; else none."""
        found = self.sudo().search([("state_hash", "=", hashed(state))], limit=1) if state else self
        kept = found._kept() if found else None
        if kept is None or not kept.awaits(state, owner=self._owner(), now=datetime.now(UTC)):
            return self.browse()
        return found.sudo(False)

    def _kept(self):
        leaving = self.sudo().leaving
        return kept_from(self._unseal(" leaving", leaving)) if leaving else None

    def _take(self):
        """What was kept, once: used up by a commit of its own before anything is done with it. None for a second."""
        kept, state_hash = self._kept(), self.sudo().state_hash
        with self.env.registry.cursor() as cursor:
            cursor.execute(TAKE, (self.id, state_hash))
            return kept if cursor.fetchone() else None

    def _come_back(self, answer):
        """Exchange Pleo's code, once, and connect as with a key; the number of the connection."""
        kept, again = self._take(), self.env._("Press Connect again.")
        with self.env["kontobro.connection"]._faults_told(), app.opened(self.env.cr.dbname) as place:
            if kept is None:
                raise LoginFailed(self.env._("Pleo's answer was already used."), again)
            try:
                code = code_of(answer, again)
            except InvalidScope as fault:
                raise self._offered(fault) from fault
            self._require_own()
            draft, address = self._draft(), kept.redirect_uri
            tokens = exchange_code(
                draft,
                Grant(code=code, redirect_uri=address, verifier=kept.verifier, client_secret=kept.client_secret),
                place.clock,
            )
            number = self._join(place, draft, tokens)
            with app.store_of(place).tables.writing() as session:
                session.run("UPDATE kontobro_connect SET sealed_secret = NULL WHERE id = %s", (self.id,))
        return number
