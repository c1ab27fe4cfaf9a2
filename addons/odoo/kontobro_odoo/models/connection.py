"""One Pleo company and one company here: what the store keeps of a connection."""

import json

from odoo import fields, models
from odoo.exceptions import ValidationError

from kontobro.store.secrets import codec

STATUSES = [("connected", "Connected"), ("reconnect", "Needs a new credential"), ("disconnected", "Disconnected")]


FIXED = frozenset(
    "key company_id environment api_url auth_url auth pleo_company pleo_company_name erp erp_options erp_company"
    " client_id scopes status last_run_at due_at last_fault last_fault_code".split()
)


class Connection(models.Model):
    """Its row is the store's (`kontobro.store.sql.tables`); `connection_form` and `connection_work` add what a person
    sees and does."""

    _name = "kontobro.connection"
    _description = "Pleo connection"
    _order = "id"

    key = fields.Char(required=True, readonly=True, copy=False)
    name = fields.Char(required=True)
    company_id = fields.Many2one("res.company", readonly=True, ondelete="restrict", index=True)
    user_id = fields.Many2one("res.users", "Books as", ondelete="restrict", default=lambda self: self.env.uid)
    environment = fields.Char(required=True, readonly=True)
    api_url = fields.Char(required=True, readonly=True)
    auth_url = fields.Char(required=True, readonly=True)
    auth = fields.Char(required=True, readonly=True)
    pleo_company = fields.Char("Pleo company ID", required=True, readonly=True)
    pleo_company_name = fields.Char("Pleo company", readonly=True)
    erp = fields.Char(required=True, readonly=True)
    erp_options = fields.Json(readonly=True)
    erp_company = fields.Char(readonly=True)
    client_id = fields.Char(readonly=True)
    scopes = fields.Json(readonly=True)
    status = fields.Selection(STATUSES, required=True, readonly=True)
    settings = fields.Json(required=True, readonly=True)
    last_run_at = fields.Datetime("Last check of Pleo", readonly=True, copy=False)
    due_at = fields.Datetime("Next check of Pleo", readonly=True, copy=False)
    last_fault = fields.Char("Last error, in English", readonly=True, copy=False)
    last_fault_code = fields.Char(readonly=True, copy=False)

    _one_key = models.Constraint("UNIQUE(key)", "This connection already exists.")
    _one_company = models.UniqueIndex(
        "(company_id) WHERE status <> 'disconnected'", "This company is already connected to Pleo."
    )
    _one_set_of_books = models.UniqueIndex(
        "(environment, pleo_company) WHERE status <> 'disconnected'",
        "This Pleo company is already connected. Its expenses go into one set of books: disconnect the other connection"
        " first.",
    )

    def write(self, vals):
        """A person changes the name, the user and the settings; all else is what connecting found."""
        if "settings" in vals:
            self._require_settings(vals["settings"])
        if not self.env.su:
            fixed = sorted(name for name in vals if name in FIXED)
            if fixed:
                raise ValidationError(self.env._("Connect again to change %s.", ", ".join(fixed)))
            if "user_id" in vals:
                self._require_own(self.env["res.users"].browse(vals["user_id"]))
            if "settings" in vals:
                self._require_hook(vals["settings"].get("hook"))
        return super().write(vals)

    def _require_settings(self, settings):
        """Over Odoo's API they may be of any shape: what the store would read back otherwise is refused."""
        try:
            whole = json.dumps(codec.settings_to(codec.settings_from(settings)))
            known = {**json.loads(whole), **json.loads(json.dumps(settings))} == json.loads(whole)
        except (AttributeError, KeyError, TypeError, ValueError):
            known = False
        if not known:
            raise ValidationError(self.env._("These settings are not valid. Change them in the connection's form."))

    def _require_own(self, user):
        """No one lets Kontobro book with more rights than one's own; an administrator may choose the user."""
        if user != self.env.user and not self.env.user.has_group("base.group_system"):
            raise ValidationError(self.env._("Only an administrator can choose another user to book as."))

    def _require_hook(self, hook):
        """A hook is any function of the server's: naming one is an administrator's."""
        if not self.env.user.has_group("base.group_system") and any(
            ((row.settings or {}).get("hook") or None) != (hook or None) for row in self
        ):
            raise ValidationError(self.env._("Only an administrator can set a custom function (hook)."))

    def copy(self, default=None):
        raise ValidationError(self.env._("A connection can't be copied. Connect the other company instead."))
