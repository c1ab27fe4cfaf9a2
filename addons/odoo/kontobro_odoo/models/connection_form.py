"""The settings as a form: each field reads and writes one setting; nothing wrong is ever stored."""

from typing import Any

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from kontobro.core.model.settings import MOST_DIMENSIONS
from kontobro.core.settings import toml as settings_file
from kontobro.core.settings.codes import id_in
from kontobro.store.secrets import codec

ACCOUNTS = ("wallet", "out_of_pocket", "contra", "external_reimbursement", "accounts_payable")
CHOICES = (
    "posting",
    "closed_period",
    "method_when_null",
    "unmatched_vendor",
    "receipt_missing",
    "receipt_upload_failed",
    "voided",
    "zero_amount",
    "duplicate_invoice",
    "reverse_tax_missing",
    "dimensions_on",
    "sync_unknown",
)
PLAIN = (
    "time_zone",
    "description",
    "employees_are_vendors",
    "retention_days",
    "patience_minutes",
    "create_vendors",
    "sync_max_percent",
    "sync_floor",
    "hook",
)
KINDS = {
    "accounts": "sync_accounts",
    "tax-codes": "sync_taxes",
    "dimensions": "sync_analytic",
    "vendors": "sync_vendors",
}
FORM = "_compute_form"


def _account(label, help=None):
    domain = "[('company_ids', 'in', [company_id])]"
    return fields.Many2one("account.account", label, compute=FORM, readonly=False, domain=domain, help=help)


def _choice(label, *pairs):
    return fields.Selection(list(pairs), label, compute=FORM, readonly=False)


def _of(kind, label, **more):
    return kind(label, compute=FORM, readonly=False, **more)


FAIL_OR_BOOK = (("fail", "The expense fails"), ("book", "Book without it"))


class Connection(models.Model):
    _inherit = "kontobro.connection"

    wallet = _account("Pleo wallet", "For the company's currency. Contra accounts from Pleo take precedence.")
    out_of_pocket = _account("Out of pocket", "What employees paid themselves, and what they owe the company.")
    contra = _account("Money in transit", "Between the bank and Pleo's wallet.")
    external_reimbursement = _account("External reimbursement")
    accounts_payable = _account("Accounts payable", "Invoices and their payments.")
    journal_id = _of(
        lambda label, **more: fields.Many2one("account.journal", label, **more),
        "Journal",
        domain="[('company_id', '=', company_id)]",
    )
    posting = _choice("Book entries as", ("draft", "Drafts"), ("posted", "Posted"))
    closed_period = _choice(
        "If the period is closed",
        ("fail", "The expense fails"),
        ("next_open", "Book on the next open day"),
        ("today", "Book today"),
    )
    method_when_null = _choice(
        "Without a method from Pleo", ("journal", "Journal entry"), ("accounts_payable", "Bill and payment")
    )
    unmatched_vendor = _choice("Unknown vendor", ("fail", "The expense fails"), ("fallback", "Book as a journal entry"))
    receipt_missing = _choice("Missing receipt", *FAIL_OR_BOOK)
    receipt_upload_failed = _choice("Receipt not attached", *FAIL_OR_BOOK)
    voided = _choice("Voided and exported again", ("book", "Book again"), ("ask", "The expense fails"))
    zero_amount = _choice("Zero amount", ("fail", "The expense fails"), ("skip", "Skip"))
    duplicate_invoice = _choice("Duplicate invoice", ("note", "Book with a note"), ("fail", "The expense fails"))
    reverse_tax_missing = _choice(
        "Reverse charge without amount", ("compute", "Compute"), ("fail", "The expense fails"), ("as_given", "As given")
    )
    dimensions_on = _choice("Analytic accounts on", ("expense_lines", "Expense lines"), ("all_lines", "All lines"))
    time_zone = _of(fields.Char, "Time zone", help="For example Europe/Copenhagen. Empty: the company's time zone.")
    description = _of(fields.Char, "Text of entries")
    employees_are_vendors = _of(fields.Boolean, "Employees are vendors")
    retention_days = _of(fields.Integer, "Days to keep item details")
    patience_minutes = _of(
        fields.Integer, "Waiting time, in minutes", help="How long an export waits if Pleo or Odoo can't be reached."
    )
    hook = _of(
        fields.Char,
        "Custom function",
        help="Your own package.module:function, run after the posting rules. Only an administrator can set it.",
        groups="base.group_system",
    )
    sync_accounts = _of(fields.Boolean, "Accounts")
    sync_taxes = _of(fields.Boolean, "Taxes")
    sync_analytic = _of(fields.Boolean, "Analytic accounts")
    sync_vendors = _of(fields.Boolean, "Vendors")
    create_vendors = _of(
        fields.Boolean,
        "Create vendors made in Pleo",
        help="The user who books needs the right to create contacts.",
    )
    sync_unknown = _choice("Records that only Pleo has", ("leave", "Leave them"), ("archive", "Archive them"))
    sync_max_percent = _of(
        fields.Integer,
        "Maximum changes without approval, in percent",
        help="More updates or archives in Pleo need approval.",
    )
    sync_floor = _of(
        fields.Integer, "Number of changes always allowed", help="This many updates or archives never need approval."
    )
    plan_ids = _of(
        lambda label, **more: fields.Many2many("account.analytic.plan", string=label, **more),
        "Analytic plans",
        domain="[('parent_id', '=', False)]",
        help="These become tag groups in Pleo, up to five.",
    )

    @api.depends("settings", "company_id")
    def _compute_form(self):
        for row in self:
            held = codec.settings_from(row.settings or {})
            for name in ACCOUNTS:
                row[name] = row._account_of(getattr(held, name))
            for name in (*CHOICES, *PLAIN):
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
        wanted |= {name: form[name] for name in (*CHOICES, *PLAIN) if name in form}
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
