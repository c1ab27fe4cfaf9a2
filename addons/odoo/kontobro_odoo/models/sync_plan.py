"""What a sync would change in Pleo, to look at and to say yes to."""

from odoo import api, fields, models

from kontobro.core.words import name_in

from ..inside import app, work


class SyncPlan(models.TransientModel):
    """One kind's plan. Only this very plan is carried out: it is known by its digest."""

    _name = "kontobro.sync.plan"
    _description = "Pleo sync plan"
    _rec_name = "kind_name"

    connection_id = fields.Many2one("kontobro.connection", required=True, ondelete="cascade", readonly=True)
    kind = fields.Char("Kind, as a code", readonly=True)
    kind_name = fields.Char("Kind", compute="_compute_names")
    digest = fields.Char(readonly=True)
    possible = fields.Boolean(readonly=True)
    refused = fields.Char("Why it needs a decision", readonly=True)
    problems = fields.Text("Not changed", readonly=True)
    line_ids = fields.One2many("kontobro.sync.plan.line", "plan_id", readonly=True, string="Changes")

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_names(self):
        for row in self:
            row.kind_name = name_in(row.kind or "", self.env.lang)

    def action_approve(self):
        self.ensure_one()
        with self.connection_id._faults_told(), app.opened(self.env.cr.dbname) as place:
            done = work.apply(place, self.connection_id.key, self.kind, self.digest)
        counts = {"new": done.creates, "changed": done.updates, "archived": done.archives, "adopted": done.adopted}
        told = self.env._("%(new)s created, %(changed)s updated, %(archived)s archived, %(adopted)s adopted.", **counts)
        told = " ".join(filter(None, [told, self.connection_id._in_words(done.failed, " ")]))
        return self.connection_id._told(told, kind="success")


class SyncPlanLine(models.TransientModel):
    _name = "kontobro.sync.plan.line"
    _description = "Pleo sync change"

    plan_id = fields.Many2one("kontobro.sync.plan", required=True, ondelete="cascade")
    action = fields.Char("Action, as a code", readonly=True)
    action_name = fields.Char("Action", compute="_compute_names")
    code = fields.Char(readonly=True)
    name = fields.Char(readonly=True)
    told = fields.Text("Result", readonly=True)

    @api.depends("action")
    @api.depends_context("lang")
    def _compute_names(self):
        for row in self:
            row.action_name = name_in(row.action or "", self.env.lang)
