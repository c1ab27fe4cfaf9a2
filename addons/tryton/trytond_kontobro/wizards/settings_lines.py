"""The tables of the settings: wallets, dimensions and rows of the posting table, a line each."""

from __future__ import annotations

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pyson import Eval
from trytond.transaction import Transaction

from kontobro.core.rules.table import ROWS
from kontobro.core.settings.catalogue import row_catalogue

from ..inside.app import PleoError

TYPES = sorted({row.type for row in ROWS})


class Line:
    """A line of the settings. It knows the company, for what may be chosen."""

    __slots__ = ()
    company = fields.Many2One("company.company", "Company")

    @classmethod
    def default_company(cls):
        return Transaction().context.get("company")


def lines_field(model, label, help=""):
    """A table of the form; its new lines belong to the form's company."""
    context = {"company": Eval("company", -1)}
    return fields.One2Many(model, None, label, context=context, depends=["company"], help=help)


def account_field(label, help="", required=False):
    """An account of the company that takes lines."""
    return fields.Many2One(
        "account.account",
        label,
        required=required,
        domain=[("company", "=", Eval("company", -1)), ("type", "!=", None), ("closed", "!=", True)],
        depends=["company"],
        help=help,
    )


def row_field(key):
    """The field for a key of a posting row, in the words of the catalogue."""
    entry = row_catalogue()[key]
    words = {"string": entry.label, "help": entry.help}
    match entry.kind:
        case "account":
            return account_field(entry.label, entry.help)
        case "flag":
            return fields.Boolean(**words)
        case "choice":
            return fields.Selection([(None, ""), *entry.choices.items()], sort=False, **words)
    return fields.Char(required=key == "type", **words)


class SettingsWallet(Line, ModelView):
    "Pleo Wallet"

    __name__ = "kontobro.settings.wallet"
    __string__ = "Pleo Wallet"
    currency = fields.Many2One("currency.currency", "Currency", required=True)
    account = account_field("Account", required=True)


class SettingsDimension(Line, ModelView):
    "Pleo Dimension"

    __name__ = "kontobro.settings.dimension"
    __string__ = "Pleo Dimension"
    group = fields.Char("Tag Group's Code", help="As in Pleo, if it differs from the analytic root's code.")
    root = fields.Many2One(
        "analytic_account.account",
        "Analytic Root",
        required=True,
        domain=[("type", "=", "root"), ("company", "=", Eval("company", -1))],
        depends=["company"],
    )
    send = fields.Boolean("Send to Pleo")


class SettingsRow(Line, ModelView):
    "Pleo Posting Rule"

    __name__ = "kontobro.settings.row"
    __string__ = "Pleo Posting Rule"
    vars().update({key: row_field(key) for key in row_catalogue()})

    def autocomplete_type(self):
        return TYPES

    @fields.depends("type")
    def autocomplete_subtype(self):
        return [row.subtype for row in ROWS if row.type == self.type and row.subtype]

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.type.autocomplete.add("type")
        cls.subtype.autocomplete.add("type")


def said(record, name):
    """What a form says in a field; None where it was not sent at all."""
    return getattr(record, name, None)


def complete(lines, label):
    """The lines of a table, each with what it must have. Raises PleoError that names the line and the field."""
    for number, line in enumerate(lines, 1):
        for name, field in type(line)._fields.items():
            if field.required and not said(line, name):
                missing = label_of(type(line), name)
                raise PleoError(gettext("kontobro.msg_line_missing", table=label, line=number, field=missing))
    return lines


def once(keys, label):
    """Nothing exists twice in a table; None stands for nothing. Raises PleoError that names the line."""
    for number, key in enumerate(keys, 1):
        if key is not None and key in keys[: number - 1]:
            raise PleoError(gettext("kontobro.msg_line_twice", table=label, line=number, value=key))


def label_of(model, name):
    """A field's label in the person's language."""
    return model.fields_get([name])[name]["string"]
