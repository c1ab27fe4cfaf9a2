"""Master data: the plan is shown, and done when a person says yes to this very plan."""

from __future__ import annotations

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.transaction import Transaction
from trytond.wizard import Button, StateTransition, StateView, Wizard

from kontobro.core.errors import fault_in
from kontobro.core.words import name_in
from kontobro.sync.run import plan_sync
from kontobro.sync.shown import shown_of
from kontobro.worker.pieces import Result, sync_kinds

from ..inside.access import Guarded
from ..inside.app import PleoError, in_words, language, opened, shown_errors
from ..models.connection import core_connection, pool
from .reports import shown

KINDS = [("accounts", "Accounts"), ("tax-codes", "Tax Codes"), ("dimensions", "Dimensions"), ("vendors", "Vendors")]


class SyncStart(ModelView):
    "Pleo Master Data"

    __name__ = "kontobro.sync.start"
    __string__ = "Pleo Master Data"
    kind = fields.Selection(KINDS, "Kind", required=True, sort=False)

    @classmethod
    def default_kind(cls):
        return "accounts"


class SyncPlan(ModelView):
    "Pleo Master Data Plan"

    __name__ = "kontobro.sync.plan"
    __string__ = "Pleo Master Data Plan"
    digest = fields.Char("Digest", readonly=True)
    text = fields.Text("Changes in Pleo", readonly=True)


class Synchronize(Guarded, Wizard):
    "Keep Pleo's Master Data in Sync"

    __name__ = "kontobro.synchronize"
    start = StateView(
        "kontobro.sync.start",
        "kontobro.sync_start_view_form",
        [Button("Cancel", "end", "tryton-cancel"), Button("Show the Plan", "plan", "tryton-forward", default=True)],
    )
    plan = StateView(
        "kontobro.sync.plan",
        "kontobro.sync_plan_view_form",
        [Button("Cancel", "end", "tryton-cancel"), Button("Apply in Pleo", "apply", "tryton-ok")],
    )
    apply = StateTransition()
    done = shown()

    def default_plan(self, names):
        row = pool("kontobro.connection").chosen()
        with shown_errors(), opened(Transaction().database.name) as app:
            connection = core_connection(app, row.key)
            ports = app.sync_ports_for(connection)
            found = plan_sync(connection, self.start.kind, ports)
            plan = shown_of(self.start.kind, found, connection.settings)
        return {"digest": plan.digest, "text": _words(plan)}

    def transition_apply(self):
        row = pool("kontobro.connection").chosen()
        with shown_errors(), opened(Transaction().database.name) as app:
            results: list[Result] = []
            sync_kinds(app, row.key, results, [self.start.kind], self.plan.digest)
        if not results:
            raise PleoError(gettext("kontobro.msg_not_switched_on"))
        return "done"

    def default_done(self, names):
        row = pool("kontobro.connection").chosen()
        with shown_errors(), opened(Transaction().database.name) as app:
            connection = core_connection(app, row.key)
            left = shown_of(
                self.start.kind,
                plan_sync(connection, self.start.kind, app.sync_ports_for(connection)),
                connection.settings,
            )
        return {"text": _words(left) if left.rows else gettext("kontobro.msg_in_step")}


def _words(plan):
    """One line a change, then what waits and what is wrong."""
    lines = [f"{one.code} {one.name}: {name_in(one.action, language())}" for one in plan.rows]
    lines += [f"… {one.code} {one.name}: {one.why}" for one in plan.waiting]
    lines += [f"✗ {in_words(problem, ' → ')}" for problem in plan.problems]
    if plan.refused:
        lines.append(f"! {fault_in(plan.refused, language())}")
    return "\n".join(lines) or gettext("kontobro.msg_in_step")
