"""What a person, or the cron, does with a connection."""

import time

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import config

from kontobro.core.errors import KontobroError, fault_in
from kontobro.core.words import fault_told, note_in

from ..inside import app, work
from .reader import told_in

TURN_SECONDS = 60.0
"""Seconds that one run of the cron works at most; what is left continues in the next, at once."""


def turn_seconds(limits):
    """Half of the least of Odoo's own limits: a worker beyond them is stopped in the middle of something.

    The time of the processor is limited only where Odoo has workers. Seconds; 0 is no limit.
    """
    real = limits["limit_time_real_cron"] if limits["limit_time_real_cron"] > 0 else limits["limit_time_real"]
    told = [real, limits["limit_time_cpu"] if limits["workers"] else 0]
    return min([TURN_SECONDS, *(limit / 2 for limit in told if limit)])


class Connection(models.Model):
    _inherit = "kontobro.connection"

    job_ids = fields.One2many("kontobro.job", "connection_id", string="Export jobs")
    booking_ids = fields.One2many("kontobro.booking", "connection_id", string="Entries")
    sync_ids = fields.One2many("kontobro.sync", "connection_id", string="Syncs")
    fault_told = fields.Text("Last error", compute="_compute_fault_told")

    @api.depends("last_fault", "last_fault_code")
    @api.depends_context("lang")
    def _compute_fault_told(self):
        """In the language of who looks; the log and the column have the English."""
        for row in self:
            row.fault_told = fault_told(row.last_fault_code or "", row.last_fault or "", self.env.lang)

    # ------------------------------------------------------------------------------------------- the cron

    @api.model
    def _cron_work(self):
        """Look at the Pleo of each company whose turn it is, the one that waited longest first.

        What is left continues at once, when Odoo's other crons have had their turn. A connection that was looked at
        rests (`work.REST`), so that one which hangs is not in the way of those that were not reached yet.
        """
        cron, until = self.env["ir.cron"], time.monotonic() + turn_seconds(config)
        keys, database = self._due().mapped("key"), self.env.cr.dbname
        cron._commit_progress(remaining=len(keys))
        for done, key in enumerate(keys):
            finished = time.monotonic() < until and work.run(database, key, until)
            waiting = len(keys) - done - int(finished)
            left = cron._commit_progress(int(finished), remaining=waiting)
            if waiting and (not finished or left <= 0):
                self.env.ref("kontobro_odoo.cron_work")._trigger()
                cron._commit_progress(remaining=0)
                return

    def _due(self):
        """The connections whose turn it is, the longest due first; a new one, or one that was asked for, before.

        By the database's clock, which wrote it: another machine's may be an hour apart.
        """
        due = ["|", ("due_at", "=", False), ("due_at", "<=", self.env.cr.now().replace(microsecond=0))]
        return self.search([("status", "=", "connected"), *due], order="due_at nulls first, id")

    def action_export_now(self):
        """Wake the cron: it comes to these next, rested or not."""
        self.check_access("read")
        self.sudo().due_at = False
        self.env.ref("kontobro_odoo.cron_work").sudo()._trigger()
        return self._told(self.env._("Kontobro will check Pleo for an export within a minute."))

    # ----------------------------------------------------------------------------------------- by a person

    def action_check(self):
        """Both sides answer, belong together and may do what is needed; the settings are complete."""
        self.ensure_one()
        with self._faults_told(), app.opened(self.env.cr.dbname) as place:
            fit, news = work.check(place, self.key), place.pleo_news()
        if fit.problems:
            raise UserError(self._in_words([*fit.problems, *fit.warnings]))
        well = self.env._("All checks passed: Pleo and Odoo answer, and the settings are complete.")
        if not (fit.warnings or news):
            return self._told(well, kind="success")
        parts = [well, self._in_words(fit.warnings), note_in(news, self.env.lang)]
        return self._told("\n".join(filter(None, parts)), kind="warning")

    def action_connect_again(self):
        """The wizard with what is known of this connection; its settings and history stay."""
        self._require_manager()
        action = self.env["ir.actions.act_window"]._for_xml_id("kontobro_odoo.connect_action")
        return {**action, "context": {f"default_{name}": value for name, value in self._as_wishes().items()}}

    def _as_wishes(self):
        """What the wizard asks, as it was answered; nothing for no connection."""
        if not self:
            return {}
        return {
            "connection_id": self.id,
            "way": self.auth,
            "company_id": self.company_id.id,
            "user_id": self.user_id.id,
            "environment": self.environment,
            "url": self.api_url if self.environment == "sandbox" else False,
            "client_id": self.client_id,
            "pleo_company": self.pleo_company,
        }

    def action_disconnect(self):
        self._require_manager()
        with self._faults_told(), app.opened(self.env.cr.dbname) as place:
            left = work.part(place, self.key)
        reload = {"type": "ir.actions.client", "tag": "soft_reload"}
        if left is None:
            return reload
        told = self._told(fault_in(left, self.env.lang), kind="warning")
        return {**told, "params": {**told["params"], "sticky": True, "next": reload}}

    def action_plan_sync(self):
        """Show what would change in Pleo; nothing is changed."""
        self._require_manager()
        with self._faults_told(), app.opened(self.env.cr.dbname) as place:
            plans = work.plans(place, self.key)
        if not plans:
            raise UserError(self.env._("No master data is synced. Choose some in the settings first."))
        shown = self.env["kontobro.sync.plan"].create([self._as_plan(plan) for plan in plans])
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What would change in Pleo"),
            "res_model": "kontobro.sync.plan",
            "view_mode": "list,form",
            "domain": [("id", "in", shown.ids)],
        }

    def _as_plan(self, plan):
        lines = [
            {"action": row.action, "code": row.code, "name": row.name, "told": "\n".join(map(_change, row.fields))}
            for row in plan.rows
        ]
        return {
            "connection_id": self.id,
            "kind": plan.kind,
            "digest": plan.digest,
            "possible": plan.possible,
            "refused": fault_in(plan.refused, self.env.lang) if plan.refused else "",
            "problems": self._in_words(plan.problems),
            "line_ids": [(0, 0, line) for line in lines],
        }

    def _check_again(self, references):
        """A line for each of these items of this connection."""
        self.ensure_one()
        with self._faults_told(), app.opened(self.env.cr.dbname) as place:
            return [self._as_line(one) for one in work.check_again(place, self.key, references)]

    def _as_line(self, checked):
        """What a check of one item found."""
        name = checked.payee or checked.reference
        if checked.preview is None:
            return self.env._("%s: its content is no longer stored. Export it again in Pleo.", name)
        if checked.fixed:
            return self.env._("%s: would be booked now. Export it again in Pleo.", name)
        return f"{name}: " + self._in_words(checked.preview.problems, " ")

    # ------------------------------------------------------------------------------------------------

    def _require_manager(self):
        """A button that a view hides can be called all the same."""
        self.ensure_one()
        self.check_access("write")

    def _in_words(self, problems, between="\n"):
        """Problems and their remedies, in the language of who looks."""
        return between.join(str(told_in(one, self.env)) for one in problems)

    def _faults_told(self):
        return FaultsTold(self.env.lang)

    def _told(self, message, kind="info"):
        told = {"message": message, "type": kind, "sticky": "\n" in message}
        return {"type": "ir.actions.client", "tag": "display_notification", "params": told}


class FaultsTold:
    """Our faults as Odoo's error to a person, in the person's language."""

    def __init__(self, language):
        self.language = language

    def __enter__(self):
        return self

    def __exit__(self, kind, fault, trace):
        if isinstance(fault, KontobroError):
            raise UserError(fault_in(fault, self.language)) from fault


def _change(field):
    name, before, after = field
    return f"{name}: {before} → {after}" if before else f"{name}: {after}"
