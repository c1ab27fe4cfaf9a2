"""The store's tables besides connections and bookings (`kontobro.store.sql.tables` says what they must have).

Nothing is written here by the ORM: `inside.store` does it, each call one transaction of its own.
"""

from odoo import api, fields, models
from odoo.tools import format_datetime

from kontobro.core.words import name_in, note_in
from kontobro.core.words.facts import text_from
from kontobro.store.sql.store import bind_secrets

from ..hooks import guard_tables


class Job(models.Model):
    """The last run of an export job."""

    _name = "kontobro.job"
    _description = "Pleo export job"
    _order = "started_at desc, id desc"
    _rec_name = "job_id"

    connection_id = fields.Many2one("kontobro.connection", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="connection_id.company_id")
    job_id = fields.Char("Job", required=True)
    run = fields.Char(required=True)
    status = fields.Char("Status, as a code", required=True)
    items = fields.Integer("Items in Pleo", required=True)
    started_at = fields.Datetime("Started", required=True)
    finished_at = fields.Datetime("Finished")
    failure = fields.Char("Reason, as a code")
    claimed_at = fields.Datetime("Claimed (Pleo's time)")
    status_name = fields.Char("Status", compute="_compute_told")
    failure_told = fields.Char("Reason", compute="_compute_told")
    booking_ids = fields.One2many("kontobro.booking", compute="_compute_bookings", string="Entries")
    booked = fields.Integer(compute="_compute_counts")
    failed = fields.Integer(compute="_compute_counts")

    _one_job = models.Constraint("UNIQUE(connection_id, job_id)", "This export job already exists.")

    def init(self):
        guard_tables(self.env.cr)

    @api.depends("started_at")
    def _compute_display_name(self):
        for job in self:
            job.display_name = format_datetime(self.env, job.started_at, dt_format="short")

    @api.depends("status", "failure")
    @api.depends_context("lang")
    def _compute_told(self):
        for job in self:
            job.status_name = name_in(job.status, self.env.lang)
            job.failure_told = note_in(text_from(job.failure) or "", self.env.lang) if job.failure else False

    @api.depends("connection_id", "job_id")
    def _compute_bookings(self):
        for job in self:
            found = self.env["kontobro.booking"].search(
                [("connection_id", "=", job.connection_id.id), ("job_id", "=", job.job_id)]
            )
            job.booking_ids = found.sorted(lambda row: row.outcome == "booked")  # what is to be fixed comes first

    @api.depends("connection_id", "job_id")
    def _compute_counts(self):
        """Counted by the database, for all jobs at once: a list of them has no room for their thousands of items."""
        known = [("connection_id", "in", self.connection_id.ids), ("job_id", "in", self.mapped("job_id"))]
        by = ["connection_id", "job_id", "outcome"]
        counts = {tuple(key): count for *key, count in self.env["kontobro.booking"]._read_group(known, by, ["__count"])}
        for job in self:
            job.booked = counts.get((job.connection_id, job.job_id, "booked"), 0)
            job.failed = counts.get((job.connection_id, job.job_id, "failed"), 0)

    def action_check_again(self):
        """Look at the failed items again under today's settings."""
        self.ensure_one()
        return self.booking_ids.filtered(lambda row: row.outcome == "failed").action_check_again()


class Event(models.Model):
    """One move of a booking, written by the database itself."""

    _name = "kontobro.event"
    _description = "Pleo entry event"
    _order = "id"
    _log_access = False

    booking_id = fields.Many2one("kontobro.booking", required=True, ondelete="cascade", index=True)
    run = fields.Char(required=True)
    at = fields.Datetime(required=True)
    from_state = fields.Char()
    to_state = fields.Char(required=True)
    from_name = fields.Char("From", compute="_compute_names")
    to_name = fields.Char("To", compute="_compute_names")

    @api.depends("from_state", "to_state")
    @api.depends_context("lang")
    def _compute_names(self):
        for event in self:
            event.from_name = name_in(event.from_state, self.env.lang) if event.from_state else False
            event.to_name = name_in(event.to_state, self.env.lang)

    def init(self):
        guard_tables(self.env.cr)


class Payload(models.Model):
    """An item as Pleo sent it, compressed, until it is purged."""

    _name = "kontobro.payload"
    _description = "Pleo item"
    _log_access = False

    connection_id = fields.Many2one("kontobro.connection", required=True, ondelete="cascade")
    entry_id = fields.Char(required=True)
    content = fields.Binary(attachment=False, required=True)

    _one_payload = models.Constraint("UNIQUE(connection_id, entry_id)", "This expense is already stored.")


class Secret(models.Model):
    """A secret, encrypted with the key in Odoo's configuration file (`kontobro_key`), and the only destination that
    it may be sent to (`kontobro.core.destination`)."""

    _name = "kontobro.secret"
    _description = "Pleo secret"
    _log_access = False

    connection_id = fields.Many2one("kontobro.connection", required=True, ondelete="cascade")
    name = fields.Char(required=True)
    sealed = fields.Char(required=True)
    destination = fields.Char()

    _one_secret = models.Constraint("UNIQUE(connection_id, name)", "This secret is already stored.")

    def init(self):
        """Secrets that an older version stored belong to where their connections point."""
        bind_secrets(self.env.cr)


class Binding(models.Model):
    """Which record at Pleo is which one here. No `pleo_id`: the intent to create it."""

    _name = "kontobro.binding"
    _description = "Pleo binding"
    _log_access = False

    connection_id = fields.Many2one("kontobro.connection", required=True, ondelete="cascade", index=True)
    kind = fields.Char(required=True)
    erp_id = fields.Char("Record here", required=True)
    pleo_id = fields.Char("Record in Pleo")
    origin = fields.Char(required=True)
    code = fields.Char()
    written = fields.Char()

    _one_binding = models.Constraint("UNIQUE(connection_id, kind, erp_id)", "This record is already linked.")
    _one_owner = models.Constraint("UNIQUE(connection_id, kind, pleo_id)", "This Pleo record is already linked.")
    _intent = models.Constraint(
        "CHECK(pleo_id IS NOT NULL OR origin = 'created')", "Only a planned record has no Pleo ID yet."
    )


class Sync(models.Model):
    """How the latest sync of a kind went."""

    _name = "kontobro.sync"
    _description = "Pleo sync"
    _log_access = False
    _rec_name = "kind"

    connection_id = fields.Many2one("kontobro.connection", required=True, ondelete="cascade", index=True)
    kind = fields.Char("Kind, as a code", required=True)
    outcome = fields.Char("Outcome, as a code", required=True)
    kind_name = fields.Char("Kind", compute="_compute_names")
    outcome_name = fields.Char("Outcome", compute="_compute_names")
    digest = fields.Char()
    at = fields.Datetime(required=True)

    _one_sync = models.Constraint("UNIQUE(connection_id, kind)", "This kind is already stored.")

    @api.depends("kind", "outcome")
    @api.depends_context("lang")
    def _compute_names(self):
        for row in self:
            row.kind_name = name_in(row.kind, self.env.lang)
            row.outcome_name = name_in(row.outcome, self.env.lang)
