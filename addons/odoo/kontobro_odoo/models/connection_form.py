"""The settings as a form: each field reads and writes one setting; nothing wrong is ever stored."""

from typing import Any

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from kontobro.core.model.settings import MOST_DIMENSIONS
from kontobro.core.settings import toml as settings_file
from kontobro.core.settings.catalogue import catalogue, keys_of
from kontobro.core.settings.codes import id_in
from kontobro.store.secrets import codec

ACCOUNTS = keys_of("account")
PLAIN = keys_of("choice", "flag", "number", "text")
KINDS = {
    "accounts": "sync_accounts",
    "tax-codes": "sync_taxes",
    "dimensions": "sync_analytic",
    "vendors": "sync_vendors",
}
FORM = "_compute_form"
SHOWN = {"compute": FORM, "readonly": False}
OWN = {
    "dimensions_on": {"string": "Analytic accounts on"},
    "create_vendors": {"help": "The user who books needs the right to create contacts."},
    "hook": {"groups": "base.group_system"},
}
"""Where Odoo has words or rights of its own."""


def setting(key):
    """The form's field for a setting, in the words of the catalogue."""
    entry = catalogue()[key]
    words = {"string": entry.label, "help": entry.help, **SHOWN, **OWN.get(key, {})}
    if entry.kind == "choice":
        return fields.Selection(list(entry.choices.items()), **words)
    if entry.kind == "account":
        return fields.Many2one("account.account", domain="[('company_ids', 'in', [company_id])]", **words)
    kinds = {"flag": fields.Boolean, "number": fields.Integer, "text": fields.Char}
    if entry.kind in kinds:
        return kinds[entry.kind](**words)
    return fields.Many2one("account.journal", domain="[('company_id', '=', company_id)]", **words)


class Connection(models.Model):
    _inherit = "kontobro.connection"

    vars().update({key: setting(key) for key in (*ACCOUNTS, *PLAIN)})
    journal_id = setting("journal")
    sync_accounts = fields.Boolean("Accounts", **SHOWN)
    sync_taxes = fields.Boolean("Taxes", **SHOWN)
    sync_analytic = fields.Boolean("Analytic accounts", **SHOWN)
    sync_vendors = fields.Boolean("Vendors", **SHOWN)
    plan_ids = fields.Many2many(
        "account.analytic.plan",
        string="Analytic plans",
        domain="[('parent_id', '=', False)]",
        help=catalogue()["sync_dimensions"].help,
        **SHOWN,
    )

    @api.depends("settings", "company_id")
    def _compute_form(self):
        for row in self:
            held = codec.settings_from(row.settings or {})
            for name in ACCOUNTS:
                row[name] = row._account_of(getattr(held, name))
            for name in PLAIN:
                row[name] = getattr(held, name)
            for kind, name in KINDS.items():
                row[name] = kind in held.sync
            row.journal_id = row._record_of("account.journal", "code", held.journal)
            found = [row._record_of("account.analytic.plan", "name", key).id for key in held.sync_dimensions]
            row.plan_ids = [plan for plan in found if plan]

    def action_lines(self):
        """Wallets by currency, tag groups and posting rows, in a window of their own."""
        self.ensure_one()
        lines = self.env["kontobro.settings.lines"]._of(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Wallets, tags and posting rows"),
            "res_model": lines._name,
            "res_id": lines.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def write(self, vals):
        """Fields of the form are settings; Odoo's inverse would see only the written one of them."""
        form = {name: value for name, value in vals.items() if getattr(self._fields.get(name), "compute", "") == FORM}
        if not form:
            return super().write(vals)
        rest = {name: value for name, value in vals.items() if name not in form}
        for row in self:
            super(Connection, row).write({**rest, "settings": row._with_form(form)})
        return True

    def _with_form(self, form):
        """The settings with these fields of the form; what it can't show stays as it is."""
        held = codec.settings_from(self.settings or {})
        wanted: dict[str, Any] = settings_file.settings_to(held)
        wanted |= {name: form[name] for name in PLAIN if name in form}
        for name in ACCOUNTS:
            if name in form:
                account = self.env["account.account"].browse(form[name] or ())
                if foreign := self._foreign(account):
                    raise ValidationError(foreign)
                wanted[name] = self._key_of(account)
        if "journal_id" in form:
            wanted["journal"] = self._code_of(self.env["account.journal"].browse(form["journal_id"] or ()), "code")
        for kind, name in KINDS.items():
            if name in form:
                others = [one for one in wanted.get("sync", ()) if one != kind]
                wanted["sync"] = [*others, *([kind] if form[name] else [])]
        if "plan_ids" in form:
            chosen = self.new({"plan_ids": form["plan_ids"]}, origin=self).plan_ids
            wanted["sync_dimensions"] = [self._code_of(plan, "name") for plan in chosen._origin]
        return self._checked(wanted)

    @api.constrains("settings")
    def _check_settings(self):
        """Whichever way they come."""
        for row in self:
            _, problems = settings_file.settings_from(settings_file.settings_to(codec.settings_from(row.settings)))
            if problems:
                raise ValidationError(self._in_words(problems))

    def _checked(self, wanted):
        """The settings as they are stored. Raises ValidationError with everything that is wrong."""
        if len(wanted.get("sync_dimensions", ())) > MOST_DIMENSIONS:
            raise ValidationError(self.env._("Pleo allows %s analytic plans at most.", MOST_DIMENSIONS))
        given = {name: value for name, value in wanted.items() if value is not False and value not in ("", None)}
        given["employees_are_vendors"] = bool(wanted.get("employees_are_vendors"))
        settings, problems = settings_file.settings_from(given)
        if problems:
            raise ValidationError(self._in_words(problems))
        return codec.settings_to(settings)

    def _account_of(self, key):
        """The account of that code; of an id that was stored before, where no account number can be meant."""
        accounts = self.env["account.account"].with_company(self.company_id)
        if not key:
            return accounts
        inside = [*accounts._check_company_domain(self.company_id)]
        return accounts.search([*inside, ("code", "=", key)], limit=1) or self._of_id(accounts, inside, "code", key)

    def _of_id(self, records, inside, code, key):
        """The record of the company whose id was stored before, where no code can be meant (a plan has none)."""
        codes = [] if code == "name" else records.search(inside).mapped(code)
        number = id_in(key, filter(None, codes))
        return records.search([*inside, ("id", "=", number)]) if number else records

    def _foreign(self, account):
        """Why entries of this company can't be booked there, or nothing."""
        if account.filtered_domain([*account._check_company_domain(self.company_id)]) == account:
            return ""
        names = {"account": account.name, "company": self.company_id.name}
        return self.env._("%(account)s is not an account of %(company)s. Choose another.", **names)

    def _key_of(self, account):
        return self._code_of(account.with_company(self.company_id), "code")

    def _code_of(self, record, field):
        """What settings call a record: its code, in the language of the user who books. Raises ValidationError."""
        record = record.with_context(lang=self.user_id.lang)
        if not record:
            return ""
        code = record[field]
        if code and (field == "code" or len(record.search([("parent_id", "=", False), ("name", "=", code)])) == 1):
            return code
        raise ValidationError(self.env._("%s has no code of its own. Give it one first.", record.display_name))

    def _record_of(self, model, code, key):
        """The record that a setting names by its code; by its id, where that was stored before."""
        records = self.env[model].with_context(lang=self.user_id.lang)
        if not key:
            return records
        inside = [("company_id", "=", self.company_id.id)] if "company_id" in records._fields else []
        found = records.search([*inside, (code, "=", key)], limit=2) or self._of_id(records, inside, code, key)
        return found if len(found) == 1 else records
