"""The settings of a connection as a form. What does not fit the company's books is refused before it is stored."""

from __future__ import annotations

from dataclasses import replace

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pyson import Eval
from trytond.transaction import Transaction
from trytond.wizard import Button, StateTransition, StateView, Wizard

from kontobro.core.settings_check import check_settings
from kontobro.export.masters import load_masters

from .connection import core_connection, pool
from .house import PleoError, opened, told

ACCOUNTS = ("wallet", "out_of_pocket", "contra", "external_reimbursement", "accounts_payable")
PLAIN = ("closed_period", "posting", "unmatched_vendor", "receipt_missing", "zero_amount", "reverse_tax_missing")
SYNCED = (("accounts", "sync_accounts"), ("tax-codes", "sync_tax_codes"), ("dimensions", "sync_dimensions_"))
SYNCS = (*SYNCED, ("vendors", "sync_vendors"))
FAIL_OR_BOOK = [("fail", "Fail the expense"), ("book", "Book it without")]


def account(label, help=""):
    """An account of the company that takes lines."""
    return fields.Many2One(
        "account.account",
        label,
        domain=[("company", "=", Eval("company", -1)), ("type", "!=", None), ("closed", "!=", True)],
        depends=["company"],
        help=help,
    )


class SettingsStart(ModelView):
    "Pleo Settings"

    __name__ = "kontobro.settings.start"
    company = fields.Many2One("company.company", "Company", readonly=True)
    wallet = account("Wallet", "The money on Pleo's cards, in the company's currency.")
    wallets = fields.One2Many("kontobro.settings.wallet", None, "Wallets in other Currencies")
    out_of_pocket = account("Out of Pocket", "What employees paid themselves, and what they owe.")
    contra = account("Money in Transit", "Between the bank and the wallet.")
    external_reimbursement = account("External Reimbursement")
    accounts_payable = account("Accounts Payable", "Invoices and their payments.")
    journal = fields.Many2One("account.journal", "Journal")
    closed_period = fields.Selection(
        [("fail", "Fail the expense"), ("next_open", "Book on the next open day"), ("today", "Book today")],
        "In a Closed Period",
        required=True,
    )
    posting = fields.Selection([("draft", "Leave as draft"), ("posted", "Post")], "Entries", required=True)
    unmatched_vendor = fields.Selection(
        [("fail", "Fail the expense"), ("fallback", "Book it as a journal entry")], "Unknown Vendor", required=True
    )
    receipt_missing = fields.Selection(FAIL_OR_BOOK, "Missing Receipt", required=True)
    zero_amount = fields.Selection([("fail", "Fail the expense"), ("skip", "Skip it")], "Amount of Zero", required=True)
    reverse_tax_missing = fields.Selection(
        [("compute", "Compute it"), ("fail", "Fail the expense"), ("as_given", "Book as given")],
        "Reverse Charge without Tax",
        required=True,
    )
    time_zone = fields.Char("Time Zone", help="Such as Europe/Copenhagen; empty for the company's own.")
    description = fields.Char("Description", required=True)
    dimensions = fields.One2Many("kontobro.settings.dimension", None, "Dimensions")
    sync_accounts = fields.Boolean("Accounts")
    sync_tax_codes = fields.Boolean("Tax Codes")
    sync_dimensions_ = fields.Boolean("Dimensions as Tags")
    sync_vendors = fields.Boolean("Vendors")
    create_vendors = fields.Boolean(
        "Create Vendors", help="A vendor that was made in Pleo and that Tryton lacks becomes a party."
    )
    retention_days = fields.Integer("Days that Contents are kept", required=True, domain=[("retention_days", ">=", 1)])

    def settings(self, before):
        """The settings with what the form says; what it does not show stays."""
        named = {name: _id(getattr(self, name)) for name in (*ACCOUNTS, "journal")}
        kinds = tuple(kind for kind, field in SYNCS if getattr(self, field))
        roots = [one for one in self.dimensions or () if one.root]
        return replace(
            before,
            **named,
            **{name: getattr(self, name) for name in PLAIN},
            wallets={one.currency.code: _id(one.account) for one in self.wallets or ()},
            dimensions={one.group: _id(one.root) for one in roots if one.group},
            sync_dimensions=tuple(_id(one.root) for one in roots if one.send),
            sync=kinds,
            create_vendors=bool(self.create_vendors),
            time_zone=self.time_zone or None,
            description=self.description,
            retention_days=self.retention_days,
        )


class SettingsWallet(ModelView):
    "Pleo Wallet"

    __name__ = "kontobro.settings.wallet"
    currency = fields.Many2One("currency.currency", "Currency", required=True)
    account = fields.Many2One("account.account", "Account", required=True, domain=[("type", "!=", None)])


class SettingsDimension(ModelView):
    "Pleo Dimension"

    __name__ = "kontobro.settings.dimension"
    group = fields.Char("Tag Group's Code", help="As Pleo names it, where that differs from the analytic root's code.")
    root = fields.Many2One("analytic_account.account", "Analytic Root", required=True, domain=[("type", "=", "root")])
    send = fields.Boolean("Send to Pleo")


class Settings(Wizard):
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
        return {
            "company": row.company.id,
            **{name: _number(getattr(settings, name)) for name in (*ACCOUNTS, "journal")},
            **{name: getattr(settings, name) for name in (*PLAIN, "time_zone", "description", "retention_days")},
            **{field: kind in settings.sync for kind, field in SYNCS},
            "create_vendors": settings.create_vendors,
            "wallets": [
                {"currency": _currency(code), "account": _number(key)} for code, key in settings.wallets.items()
            ],
            "dimensions": _dimensions(settings),
        }

    def transition_save(self):
        row = pool("kontobro.connection").chosen()
        if (self.start.retention_days or 0) < 1:
            raise PleoError(gettext("kontobro.msg_retention"))
        with told(), opened(Transaction().database.name) as house:
            connection = core_connection(house, row.key)
            connector = house.connector_for(connection)
            wanted = self.start.settings(connection.settings)
            problems = check_settings(wanted, load_masters(connector, connector.check()))
            if problems:
                raise PleoError("\n".join(problem.message for problem in problems), problems[0].remedy)
            house.store.save_connection(replace(connection, settings=wanted))
        return "end"


def _id(record):
    return str(record.id) if record else None


def _number(key):
    """A record's number from a setting; a code that somebody set elsewhere is looked for again by the person."""
    return int(key) if key and key.isdigit() else None


def _currency(code):
    return next((one.id for one in pool("currency.currency").search([("code", "=", code)])), None)


def _dimensions(settings):
    sent = set(settings.sync_dimensions)
    named = [{"group": group, "root": _number(key), "send": key in sent} for group, key in settings.dimensions.items()]
    others = sent - set(settings.dimensions.values())
    return named + [{"group": None, "root": _number(key), "send": True} for key in sorted(others)]
