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

from kontobro.core.settings.catalogue import catalogue, keys_of, row_catalogue
from kontobro.core.settings.check import check_all
from kontobro.core.settings.toml import settings_from, settings_to
from kontobro.export.job.masters import load_masters

from ..inside.access import Guarded
from ..inside.app import PleoError, opened, said_to_reader, shown_errors
from ..models.connection import core_connection, pool
from .settings_lines import account_field, complete, label_of, lines_field, once, said
from .settings_names import account_of, currency_of, journal_of, key_of, root_of

ACCOUNTS = keys_of("account")
PLAIN = tuple(key for key in keys_of("choice", "number", "flag", "text") if catalogue()[key].page)
SYNCS = {
    "accounts": "sync_accounts",
    "tax-codes": "sync_tax_codes",
    "dimensions": "sync_dimensions_",
    "vendors": "sync_vendors",
}
LINES = {
    "wallets": "kontobro.settings.wallet",
    "rows": "kontobro.settings.row",
    "dimensions": "kontobro.settings.dimension",
}
ROW = tuple(key for key in row_catalogue() if key != "line_account")


def setting(key):
    """The form's field for a setting, in the words of the catalogue."""
    entry = catalogue()[key]
    words = {"string": entry.label, "help": entry.help}
    if key in LINES:
        return lines_field(LINES[key], entry.label, entry.help)
    match entry.kind:
        case "account":
            return account_field(entry.label, entry.help)
        case "journal":
            return fields.Many2One("account.journal", **words)
        case "choice":
            return fields.Selection(list(entry.choices.items()), required=True, sort=False, **words)
        case "flag":
            return fields.Boolean(**words)
        case "number":
            low, high = entry.limits
            return fields.Integer(required=True, domain=[(key, ">=", low), (key, "<=", high)], **words)
    return fields.Char(required=entry.default is not None, **words)


def sync_field(kind):
    return fields.Boolean(catalogue()["sync"].choices[kind])


class SettingsStart(ModelView):
    "Pleo Settings"

    __name__ = "kontobro.settings.start"
    __string__ = "Pleo Settings"
    company = fields.Many2One("company.company", "Company", readonly=True)
    vars().update({key: setting(key) for key in (*ACCOUNTS, "journal", *PLAIN, *LINES)})
    vars().update({name: sync_field(kind) for kind, name in SYNCS.items()})

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
        with shown_errors(), opened(Transaction().database.name) as app:
            settings = core_connection(app, row.key).settings
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
        with shown_errors(), opened(Transaction().database.name) as app:
            connection = core_connection(app, row.key)
            connector = app.connector_for(connection)
            masters = load_masters(connector, connector.check())
            wanted, wrong = settings_from(self.start.wanted(connection.settings, masters))
            if problems := wrong or check_all(wanted, masters):
                in_words = [(problem.field, said_to_reader(problem)) for problem in problems]
                remedies = dict.fromkeys(words.remedy for _, words in in_words)
                wrong_fields = "\n".join(_words(field, words.message) for field, words in in_words)
                raise PleoError(wrong_fields, "\n".join(remedies))
            app.store.save_connection(replace(connection, settings=wanted))
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
