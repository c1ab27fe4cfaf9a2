"""A booking: the fact that an entry of an expense is in the books, or why it is not."""

from datetime import date
from decimal import Decimal, InvalidOperation

from babel.numbers import format_currency
from odoo import api, fields, models
from odoo.tools.misc import babel_locale_parse, get_lang

from kontobro.core.words import name_in, note_in
from kontobro.store.secrets.codec import notes_from, problems_from

from ..hooks import guard_tables
from .reader import facts_for

PATTERN = "#,##0.00\N{NO-BREAK SPACE}¤¤"
OUTCOMES = [("booked", "Booked"), ("failed", "Failed"), ("uncertain", "Uncertain")]


def day_of(text):
    """A day as Pleo sent it; False for what is none: the item's problem says so."""
    try:
        return date.fromisoformat(text) if text else False
    except ValueError:
        return False


def amount_in(locale, amount, currency):
    """An amount with its currency, digit for digit; as Pleo sent it where it is not a number."""
    try:
        figure = Decimal(amount or "")
    except InvalidOperation:
        return amount or ""
    return format_currency(figure, currency or "", format=PATTERN, locale=locale, decimal_quantization=False).strip()


class Booking(models.Model):
    """One reference. The database refuses impossible moves of `state` and writes the event of each."""

    _name = "kontobro.booking"
    _description = "Pleo entry"
    _order = "updated_at desc, id desc"
    _rec_name = "reference"
    _log_access = False

    connection_id = fields.Many2one("kontobro.connection", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="connection_id.company_id")
    reference = fields.Char(required=True)
    job_id = fields.Char("Job", required=True, index=True)
    run = fields.Char(required=True)
    state = fields.Char("State, as a code", required=True)
    kind = fields.Char("Document, as a code", required=True)
    item_type = fields.Char("Type, as a code", required=True)
    currency = fields.Char()
    total = fields.Char("Total, as Pleo sent it")
    date = fields.Char("Date, as Pleo sent it")
    fingerprint = fields.Char()
    payee = fields.Char()
    pleo_url = fields.Char()
    settles_vendor = fields.Char()
    settles_number = fields.Char()
    settles_currency = fields.Char()
    account = fields.Char()
    role = fields.Char()
    amount = fields.Char()
    erp_id = fields.Char()
    erp_url = fields.Char()
    posting = fields.Char("Posting status, as a code")
    receipts = fields.Integer(required=True)
    problems = fields.Json(required=True)
    notes = fields.Json("Notes, as stored")
    intent_at = fields.Datetime()
    outcome = fields.Selection(OUTCOMES)
    updated_at = fields.Datetime("Updated", required=True)
    event_ids = fields.One2many("kontobro.event", "booking_id", string="Events")
    type_name = fields.Char("Type", compute="_compute_names")
    kind_name = fields.Char("Document", compute="_compute_names")
    state_name = fields.Char("State", compute="_compute_names")
    posting_name = fields.Char("Posting status", compute="_compute_names")
    day = fields.Date("Date", compute="_compute_day")
    shown_total = fields.Char("Total", compute="_compute_shown_total")
    told = fields.Text("Problems and remedies", compute="_compute_told")
    notes_told = fields.Text("Notes", compute="_compute_notes_told")
    move_id = fields.Many2one("account.move", "Journal entry", compute="_compute_move")

    _one_booking = models.Constraint("UNIQUE(connection_id, reference)", "This entry already exists.")
    _newest = models.Index("(connection_id, updated_at, id)")

    def init(self):
        # a flag that may be unknown: Odoo's Boolean can't be
        self.env.cr.execute("ALTER TABLE kontobro_booking ADD COLUMN IF NOT EXISTS settled boolean")
        guard_tables(self.env.cr)

    @api.depends("problems")
    @api.depends_context("lang")
    def _compute_told(self):
        """In the language of who looks; what Pleo was told is the English."""
        for row in self:
            row.told = self.env["kontobro.connection"]._in_words(problems_from(row.problems or []))

    @api.depends("notes")
    @api.depends_context("lang")
    def _compute_notes_told(self):
        show = facts_for(self.env)
        for row in self:
            row.notes_told = "\n".join(note_in(one, self.env.lang, show) for one in notes_from(row.notes or []))

    @api.depends("item_type", "kind", "state", "posting")
    @api.depends_context("lang")
    def _compute_names(self):
        for row in self:
            row.type_name = name_in(row.item_type, self.env.lang)
            row.kind_name = name_in(row.kind, self.env.lang)
            row.state_name = name_in(row.state, self.env.lang)
            row.posting_name = name_in(row.posting, self.env.lang) if row.posting else False

    @api.depends("date")
    def _compute_day(self):
        for row in self:
            row.day = day_of(row.date)

    @api.depends("total", "currency")
    @api.depends_context("lang")
    def _compute_shown_total(self):
        """Exact, in the format of who looks."""
        locale = babel_locale_parse(get_lang(self.env).code)
        for row in self:
            row.shown_total = amount_in(locale, row.total, row.currency)

    @api.depends("payee", "type_name", "shown_total")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for row in self:
            row.display_name = " ".join(filter(None, [row.payee or row.type_name, row.shown_total]))

    @api.depends("erp_id")
    def _compute_move(self):
        ids = [int(row.erp_id) for row in self if (row.erp_id or "").isdigit()]
        there = set(self.env["account.move"].search([("id", "in", ids)]).ids)
        for row in self:
            number = int(row.erp_id) if (row.erp_id or "").isdigit() else 0
            row.move_id = number if number in there else False

    def action_open_move(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "view_mode": "form",
        }

    def _open(self):
        return {"type": "ir.actions.act_window", "res_model": self._name, "res_id": self.id, "view_mode": "form"}

    def action_open_pleo(self):
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self.pleo_url, "target": "new"}

    def _by_connection(self):
        """Each connection with its references: a list may show several companies."""
        return [(connection, rows.mapped("reference")) for connection, rows in self.grouped("connection_id").items()]

    def action_check_again(self):
        """Look at these items again under today's settings. Nothing is booked, nothing is told to Pleo."""
        asked = self._by_connection()
        lines = [line for connection, references in asked for line in connection._check_again(references)]
        return self.connection_id._told("\n".join(lines) or self.env._("Nothing to check again."))
