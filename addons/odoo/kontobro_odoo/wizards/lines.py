"""The settings that are lists, as lists: wallets by currency, tag groups, rows of the posting table."""

import re

from odoo import fields, models
from odoo.exceptions import ValidationError

from kontobro.core.rules.table import ROWS
from kontobro.core.settings import toml as settings_file
from kontobro.store.secrets import codec

from ..models.reader import told_in

ROW = re.compile(r"rows\[(\d+)\]\.?")
WALLET = "wallets."


class SettingsLines(models.TransientModel):
    """Filled from the settings when it is opened; saved whole or not at all."""

    _name = "kontobro.settings.lines"
    _description = "Pleo wallets, tags and posting rows"
    _rec_name = "connection_id"

    connection_id = fields.Many2one("kontobro.connection", required=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="connection_id.company_id")
    seen = fields.Json(readonly=True)
    lost = fields.Boolean(readonly=True)
    wallet_ids = fields.One2many("kontobro.settings.wallet", "lines_id", "Wallets")
    tag_ids = fields.One2many("kontobro.settings.tag", "lines_id", "Tag groups")
    row_ids = fields.One2many("kontobro.settings.row", "lines_id", "Posting rows")
    types = fields.Char("Pleo's types", compute="_compute_types")

    def _compute_types(self):
        for lines in self:
            lines.types = ", ".join(dict.fromkeys(row.type for row in ROWS))

    def _of(self, connection):
        """The lists of this connection, to be edited."""
        held = codec.settings_from(connection.settings or {})
        wallets = [self.wallet_ids._shown(connection, *pair) for pair in held.wallets.items()]
        tags = [self.tag_ids._shown(connection, *pair) for pair in held.dimensions.items()]
        rows = [self.row_ids._shown(connection, row) for row in held.rows]
        lines = self.create(
            {
                "connection_id": connection.id,
                "seen": _lists(held),
                "wallet_ids": [(0, 0, line) for line in wallets],
                "tag_ids": [(0, 0, line) for line in tags],
                "row_ids": [(0, 0, line) for line in rows],
            }
        )
        lines.lost = any(line.kept and not line._record() for listed in lines._all() for line in listed)
        return lines

    def _all(self):
        return self.wallet_ids, self.tag_ids, self.row_ids

    def action_save(self):
        """Take the lists over into the settings; all else stays. Raises ValidationError with every wrong line."""
        self.ensure_one()
        held = codec.settings_from(self.connection_id.settings or {})
        if self.seen != _lists(held):
            raise ValidationError(self.env._("The settings have changed. Close this window and open it again."))
        told = [fault for listed in self._all() for fault in self._faults(listed)]
        if not told:
            wanted = {**settings_file.settings_to(held), **self._written()}
            settings, problems = settings_file.settings_from(wanted)
            told = [self._said(problem) for problem in problems]
        if told:
            raise ValidationError("\n".join(told))
        self.connection_id.write({"settings": codec.settings_to(settings)})
        return {"type": "ir.actions.act_window_close"}

    def _written(self):
        """The lists as a settings file has them."""
        return {
            "wallets": {line._names(): line._key() for line in self.wallet_ids},
            "dimensions": {line._names(): line._key() for line in self.tag_ids},
            "rows": [line._written() for line in self.row_ids],
        }

    def _faults(self, listed):
        """What is wrong with these lines on their own."""
        known = set()
        for at, line in enumerate(listed):
            name, fault = line._names(), line._unusable() or line._fault()
            if not fault and name and name in known:
                fault = self.env._("%s is listed twice. Remove one of the lines.", name)
            known.add(name)
            if fault:
                yield self._told(listed, at, fault)

    def _said(self, problem):
        """A problem of the settings, with the line that it is about."""
        said = str(told_in(problem, self.env))
        if row := ROW.match(problem.field):
            return self._told(self.row_ids, int(row[1]), said.replace(f"Setting {row[0]}", "").strip())
        if problem.field.startswith(WALLET):
            codes = [line._names() for line in self.wallet_ids]
            return self._told(self.wallet_ids, codes.index(problem.field.removeprefix(WALLET)), said)
        return said

    def _told(self, listed, at, fault):
        return self.env._("%(list)s, line %(line)s: %(fault)s", list=listed._listed(), line=at + 1, fault=fault)


def _lists(settings):
    """The settings that are lists, as the database keeps them."""
    stored = codec.settings_to(settings)
    return {name: stored[name] for name in ("wallets", "dimensions", "rows")}
