"""The settings of a connection as a form. What does not fit the company's books is refused before it is stored.

Not on the form, and kept as it is: `hook`, which names code that runs in Tryton's own process; whoever looks after the
server decides on that, not a form.
"""

from __future__ import annotations

import re
from dataclasses import replace

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.transaction import Transaction
from trytond.wizard import Button, StateTransition, StateView, Wizard

from kontobro.core.settings.check import check_all
from kontobro.core.settings.toml import LIMITS, settings_from, settings_to
from kontobro.export.job.masters import load_masters

from .access import Guarded
from .connection import core_connection, pool
from .house import PleoError, opened, said_to_reader, told
from .settings_lines import account_field, complete, label_of, lines_field, once, said
from .settings_names import account_of, currency_of, journal_of, key_of, root_of

ACCOUNTS = ("wallet", "out_of_pocket", "contra", "external_reimbursement", "accounts_payable")
CHOICES = (
    "closed_period",
    "posting",
    "method_when_null",
    "unmatched_vendor",
    "reverse_tax_missing",
    "zero_amount",
    "duplicate_invoice",
    "voided",
    "receipt_missing",
    "receipt_upload_failed",
    "dimensions_on",
    "sync_unknown",
)
PLAIN = (*CHOICES, *LIMITS, "employees_are_vendors", "create_vendors", "time_zone", "description")
SYNCS = {
    "accounts": "sync_accounts",
    "tax-codes": "sync_tax_codes",
    "dimensions": "sync_dimensions_",
    "vendors": "sync_vendors",
}
ROW = ("type", "subtype", "debit", "credit", "sign", "method", "use_line_account")
FAIL_OR_BOOK = [("fail", "Fail the expense"), ("book", "Book it without")]


def choice(label, *pairs, help=""):
    return fields.Selection(list(pairs), label, required=True, sort=False, help=help)


def number(name, label, help=""):
    low, high = LIMITS[name]
    return fields.Integer(label, required=True, domain=[(name, ">=", low), (name, "<=", high)], help=help)


class SettingsStart(ModelView):
    "Pleo Settings"

    __name__ = "kontobro.settings.start"
    __string__ = "Pleo Settings"
    company = fields.Many2One("company.company", "Company", readonly=True)
    wallet = account_field("Wallet", "The money on Pleo's cards, in the company's currency.")
    wallets = lines_field("kontobro.settings.wallet", "Wallets in other Currencies")
    out_of_pocket = account_field("Out of Pocket", "What employees paid themselves, and what they owe.")
    contra = account_field("Money in Transit", "Between the bank and the wallet.")
    external_reimbursement = account_field("External Reimbursement")
    accounts_payable = account_field("Accounts Payable", "Invoices and their payments.")
    journal = fields.Many2One("account.journal", "Journal")
    closed_period = choice(
        "In a Closed Period",
        ("fail", "Fail the expense"),
        ("next_open", "Book on the next open day"),
        ("today", "Book today"),
    )
    posting = choice("Entries", ("draft", "Leave as draft"), ("posted", "Post"))
    method_when_null = choice(
        "Without a Method from Pleo", ("journal", "Journal entry"), ("accounts_payable", "Bill and payment")
    )
    unmatched_vendor = choice("Unknown Vendor", ("fail", "Fail the expense"), ("fallback", "Book it without vendor"))
    employees_are_vendors = fields.Boolean("Employees are Vendors", help="Known by their code in Pleo.")
    reverse_tax_missing = choice(
        "Reverse Charge without Tax", ("compute", "Compute it"), ("fail", "Fail the expense"), ("as_given", "Book none")
    )
    zero_amount = choice("Amount of Zero", ("fail", "Fail the expense"), ("skip", "Skip it"))
    duplicate_invoice = choice("Same Invoice Again", ("note", "Book it with a note"), ("fail", "Fail the expense"))
    voided = choice("Cancelled and exported again", ("book", "Book it anew"), ("ask", "Fail the expense"))
    receipt_missing = choice("Missing Receipt", *FAIL_OR_BOOK)
    receipt_upload_failed = choice(
        "Receipt that can't be attached", ("fail", "Report the expense failed"), ("book", "Report it booked")
    )
    time_zone = fields.Char("Time Zone", help="Such as Europe/Copenhagen; empty for the company's own.")
    description = fields.Char("Description", required=True, help="Fields in braces, such as {supplier} and {note}.")
    rows = lines_field(
        "kontobro.settings.row", "Posting Rules", "Where a type of expense is booked in another way than usual."
    )
    dimensions = lines_field("kontobro.settings.dimension", "Dimensions")
    dimensions_on = choice("Dimensions are on", ("expense_lines", "Expense lines"), ("all_lines", "All lines"))
    sync_accounts = fields.Boolean("Accounts")
    sync_tax_codes = fields.Boolean("Tax Codes")
    sync_dimensions_ = fields.Boolean("Dimensions as Tags")
    sync_vendors = fields.Boolean("Vendors")
    create_vendors = fields.Boolean(
        "Create Vendors", help="A vendor that was made in Pleo and that Tryton lacks becomes a party."
    )
    sync_unknown = choice("Records that only Pleo has", ("leave", "Leave them"), ("archive", "Archive them"))
    sync_max_percent = number("sync_max_percent", "Most Changes unasked, in Percent", "More wait for a person.")
    sync_floor = number("sync_floor", "Changes that are always allowed")
    retention_days = number("retention_days", "Days that Contents are kept")
    patience_minutes = number("patience_minutes", "Patience in Minutes", "With a Pleo that can't be reached.")

    def wanted(self, before, masters):
        """The settings that the form says, as in a file; what it does not show stays. Raises PleoError."""
        form = {name: said(self, name) for name in PLAIN}
        form |= {name: key_of(masters.accounts, said(self, name), self._label(name)) for name in ACCOUNTS}
        form["journal"] = key_of(masters.journals, said(self, "journal"), self._label("journal"))
        form["sync"] = [kind for kind, name in SYNCS.items() if said(self, name)]
        form |= self._dimensions(masters)
        form |= {"wallets": self._wallets(masters), "rows": self._rows(masters)}
        unset = [name for name in (*ACCOUNTS, "journal", "time_zone") if not form[name]]
        return {name: value for name, value in {**settings_to(before), **form}.items() if name not in unset}

    def _wallets(self, masters):
        label, lines = self._lines("wallets")
        once([one.currency.code for one in lines], label)
        return {one.currency.code: key_of(masters.accounts, one.account, label) for one in lines}

    def _dimensions(self, masters):
        label, lines = self._lines("dimensions")
        groups = [said(one, "group") or None for one in lines]
        once(groups, label)
        for at, (group, one) in enumerate(zip(groups, lines, strict=True), 1):
            if not (group or said(one, "send")):
                raise PleoError(gettext("kontobro.msg_line_idle", table=label, line=at))
        named = {group: one.root for group, one in zip(groups, lines, strict=True) if group}
        return {
            "dimensions": {group: key_of(masters.dimensions, root, label) for group, root in named.items()},
            "sync_dimensions": [key_of(masters.dimensions, one.root, label) for one in lines if said(one, "send")],
        }

    def _rows(self, masters):
        label, lines = self._lines("rows")
        once([" ".join(filter(None, [one.type, said(one, "subtype")])) for one in lines], label)
        rows = []
        for one in lines:
            named = {"line_account": key_of(masters.accounts, said(one, "line_account"), label)}
            given = {name: said(one, name) for name in ROW} | named
            rows.append({name: value for name, value in given.items() if value})
        return rows

    def _lines(self, name):
        label = self._label(name)
        return label, complete(list(said(self, name) or ()), label)

    def _label(self, name):
        return label_of(type(self), name)


class Settings(Guarded, Wizard):
    "Pleo Settings"

    __name__ = "kontobro.settings"
    start = StateView(
        "kontobro.settings.start",
        "kontobro.settings_start_view_form",
        [Button("Cancel", "end", "tryton-cancel"), Button("Save", "save", "tryton-save", default=True)],
    )
    save = StateTransition()

    def default_start(self, names):
        row = pool("kontobro.connection").chosen()
        with told(), opened(Transaction().database.name) as house:
            settings = core_connection(house, row.key).settings
        company = row.company.id
        return {
            "company": company,
            **{name: account_of(getattr(settings, name), company) for name in ACCOUNTS},
            "journal": journal_of(settings.journal),
            **{name: getattr(settings, name) for name in PLAIN},
            **{name: kind in settings.sync for kind, name in SYNCS.items()},
            "wallets": _wallets(settings, company),
            "dimensions": _dimensions(settings, company),
            "rows": _rows(settings, company),
        }

    def transition_save(self):
        row = pool("kontobro.connection").chosen()
        with told(), opened(Transaction().database.name) as house:
            connection = core_connection(house, row.key)
            connector = house.connector_for(connection)
            masters = load_masters(connector, connector.check())
            wanted, wrong = settings_from(self.start.wanted(connection.settings, masters))
            if problems := wrong or check_all(wanted, masters):
                in_words = [(problem.field, said_to_reader(problem)) for problem in problems]
                remedies = dict.fromkeys(words.remedy for _, words in in_words)
                wrong_fields = "\n".join(_words(field, words.message) for field, words in in_words)
                raise PleoError(wrong_fields, "\n".join(remedies))
            house.store.save_connection(replace(connection, settings=wanted))
        return "end"


def _words(field, message):
    """What is wrong, after the name that its field has on the form."""
    path = re.fullmatch(r"(?:settings\.)?(\w+)(?:\[(\d+)\])?(?:\.(.+))?", field)
    form = pool("kontobro.settings.start")
    if not path or path[1] not in form._fields:
        return message
    place = [label_of(form, path[1])]
    if path[2]:
        place.append(gettext("kontobro.msg_line", line=int(path[2]) + 1))
    if path[3]:
        row = pool("kontobro.settings.row")
        place.append(label_of(row, path[3]) if path[2] and path[3] in row._fields else path[3])
    return f"{', '.join(place)}: {message.removeprefix(f'Setting {field} ')}"


def _wallets(settings, company):
    named = settings.wallets.items()
    return [
        {"company": company, "currency": currency_of(code), "account": account_of(key, company)} for code, key in named
    ]


def _dimensions(settings, company):
    """Tag groups with their roots, then the roots that are sent without one."""
    sent = dict.fromkeys(root_of(key, company) for key in settings.sync_dimensions)
    named = [(group, root_of(key, company)) for group, key in settings.dimensions.items()]
    others = [(None, root) for root in sent if root not in {root for _, root in named}]
    return [
        {"company": company, "group": group, "root": root, "send": root in sent} for group, root in (*named, *others)
    ]


def _rows(settings, company):
    return [
        {name: getattr(row, name) for name in ROW}
        | {
            "company": company,
            "use_line_account": bool(row.use_line_account),
            "line_account": account_of(row.line_account, company),
        }
        for row in settings.rows
    ]
