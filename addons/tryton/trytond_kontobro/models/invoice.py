"""Bills that are supplier's invoices: the reference is passed on to the journal entry, and is freed with a cancelled
one."""

from __future__ import annotations

from trytond.model import ModelView, Workflow
from trytond.pool import Pool, PoolMeta

from .move import Referenced


class Invoice(Referenced, metaclass=PoolMeta):
    __name__ = "account.invoice"

    def get_move(self):
        move = super().get_move()
        if self.kontobro_reference and not move.id:
            move.kontobro_reference = self.kontobro_reference
        return move

    @classmethod
    @ModelView.button
    @Workflow.transition("cancelled")
    def cancel(cls, invoices):
        super().cancel(invoices)
        cancelled = [invoice for invoice in invoices if invoice.state == "cancelled"]
        Pool().get("account.move").free_references([one.move for one in cancelled if one.move])
        cls.free_references(cancelled)
