"""The lines of the wizard: what each shows, what it writes, and what is wrong with it on its own."""

from odoo import fields, models
from odoo.exceptions import ValidationError

from kontobro.core.settings.catalogue import row_catalogue

PLAIN = ("type", "subtype", "debit", "credit", "sign", "method")
"""Columns of a posting row that are written as they are."""

FLAG = {True: "yes", False: "no", None: False}


def column(key, choices=None):
    """A posting row's column, in the words of the catalogue."""
    entry = row_catalogue()[key]
    chosen = choices or list(entry.choices.items())
    words = {"string": entry.label, "help": entry.help}
    return fields.Selection(chosen, **words) if chosen else fields.Char(**words)


class Line(models.AbstractModel):
    """A line names one record of Odoo's, by its code in the settings. A key that Odoo has no record for is shown and
    kept until another is chosen."""

    _name = "kontobro.settings.line"
    _description = "Pleo settings line"

    lines_id = fields.Many2one("kontobro.settings.lines", required=True, ondelete="cascade")
    kept = fields.Char("In the settings", readonly=True)

    def _connection(self):
        return self.lines_id.connection_id

    def _key(self):
        """What the settings are to keep."""
        if record := self._record():
            return self._key_of(record)
        return "" if self._found(self._connection(), self.kept) else self.kept or ""

    def _unusable(self):
        """Why the settings can't name this record, or nothing."""
        try:
            self._key()
        except ValidationError as fault:
            return str(fault)
        return ""


class AccountLine(models.AbstractModel):
    """A line that names an account of the connection's company."""

    _name = "kontobro.settings.account.line"
    _inherit = "kontobro.settings.line"
    _description = "Pleo settings line with an account"

    account_id = fields.Many2one("account.account", "Account", ondelete="cascade")

    def _record(self):
        return self.account_id

    def _found(self, connection, key):
        return connection._account_of(key)

    def _key_of(self, account):
        return self._connection()._key_of(account)

    def _unusable(self):
        """An account of another company has no code in this one: whose it is comes first."""
        return self._connection()._foreign(self.account_id) or super()._unusable()


class Wallet(models.TransientModel):
    """Which account is the Pleo wallet in one currency."""

    _name = "kontobro.settings.wallet"
    _inherit = "kontobro.settings.account.line"
    _description = "Pleo wallet of a currency"

    currency_id = fields.Many2one("res.currency", "Currency", ondelete="cascade")
    code = fields.Char(readonly=True)

    def _listed(self):
        return self.env._("Wallets")

    def _shown(self, connection, code, key):
        currency = self.env["res.currency"].with_context(active_test=False).search([("name", "=", code)], limit=1)
        return {"currency_id": currency.id, "account_id": self._found(connection, key).id, "code": code, "kept": key}

    def _names(self):
        return self.currency_id.name or self.code or ""

    def _fault(self):
        if not self._names():
            return self.env._("The currency is missing. Choose one.")
        if not self._key():
            return self.env._("The account for %s is missing. Choose one.", self._names())
        return ""


class Tag(models.TransientModel):
    """Which analytic plan a tag group of Pleo means."""

    _name = "kontobro.settings.tag"
    _inherit = "kontobro.settings.line"
    _description = "Pleo tag group"

    group = fields.Char("Tag group's code in Pleo")
    plan_id = fields.Many2one("account.analytic.plan", "Analytic plan", ondelete="cascade")

    def _listed(self):
        return self.env._("Tag groups")

    def _shown(self, connection, group, key):
        return {"group": group, "plan_id": self._found(connection, key).id, "kept": key}

    def _record(self):
        return self.plan_id

    def _found(self, connection, key):
        return connection._record_of("account.analytic.plan", "name", key)

    def _key_of(self, plan):
        return self._connection()._code_of(plan, "name")

    def _names(self):
        return (self.group or "").strip()

    def _fault(self):
        if not self._names():
            return self.env._("The tag group's code is missing. Enter it as in Pleo.")
        if not self._key():
            return self.env._("The analytic plan for %s is missing. Choose one.", self._names())
        if self.plan_id.parent_id:
            return self.env._("%s is part of another plan. Choose a plan at the top.", self.plan_id.name)
        return ""


class Row(models.TransientModel):
    """What is changed in one row of the posting table (`kontobro.core.model.settings.RowOverride`). Empty leaves it."""

    _name = "kontobro.settings.row"
    _inherit = "kontobro.settings.account.line"
    _description = "Pleo posting row"

    vars().update({key: column(key) for key in PLAIN})
    own_account = column("use_line_account", [("yes", "Yes"), ("no", "No")])

    def _listed(self):
        return self.env._("Posting rows")

    def _shown(self, connection, row):
        return {
            **{name: getattr(row, name) or False for name in PLAIN},
            "account_id": self._found(connection, row.line_account).id,
            "own_account": FLAG[row.use_line_account],
            "kept": row.line_account,
        }

    def _names(self):
        return ""  # the same row may be changed twice: the later line wins

    def _fault(self):
        if not (self.type or "").strip():
            return self.env._("The type is missing. Enter a type from Pleo, such as cashback.")
        return ""

    def _written(self):
        """Only what is filled in."""
        flags = {shown: flag for flag, shown in FLAG.items()}
        row = {name: (self[name] or "").strip() for name in PLAIN} | {"line_account": self._key()}
        given = {name: value for name, value in row.items() if value}
        return given if not self.own_account else {**given, "use_line_account": flags[self.own_account]}
