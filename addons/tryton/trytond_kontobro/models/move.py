"""Journal entries: our reference in a field, one in a company; freed when an entry is cancelled."""

from __future__ import annotations

from trytond.i18n import gettext
from trytond.model import ModelView, Unique, dualmethod, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction

from ..series import Watched


class Referenced(Watched):
    """A document that may come from Pleo. The unique constraint is what refuses a second one."""

    __slots__ = ()
    kontobro_reference = fields.Char("Pleo Reference", help="The expense in Pleo that this entry was booked for.")
    kontobro_expense = fields.Function(fields.Char("Pleo Expense"), "get_kontobro_expense")
    kontobro_url = fields.Function(fields.Char("In Pleo"), "get_kontobro_url")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        one = Unique(table, table.company, table.kontobro_reference)
        cls._sql_constraints.append(("kontobro_reference_unique", one, "kontobro.msg_reference_unique"))

    def get_kontobro_expense(self, name):
        """The reference, for forms: no one types it."""
        return self.kontobro_reference

    @classmethod
    def check_write(cls, values):
        if "kontobro_reference" in values:
            raise AccessError(gettext("kontobro.msg_reference_kept"))

    @classmethod
    def get_kontobro_url(cls, records, name):
        """Where Pleo shows the expense; by what Kontobro remembers."""
        bookings = Pool().get("kontobro.booking")
        wanted = {record.kontobro_reference for record in records if record.kontobro_reference}
        rows = bookings.search([("reference", "in", list(wanted))]) if wanted else []
        urls = {(row.connection_id.company, row.reference): row.pleo_url for row in rows}
        return {record.id: urls.get((record.company, record.kontobro_reference)) for record in records}

    @classmethod
    def copy(cls, records, default=None):
        """A copy is a person's own: it stands for no expense."""
        default = dict(default or {})
        default.setdefault("kontobro_reference", None)
        return super().copy(records, default=default)

    @classmethod
    def free_references(cls, records):
        """What is cancelled makes room: the expense may be booked again. It stays known by its line's text."""
        ids = [record.id for record in records if record.kontobro_reference]
        if not ids:
            return
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(
            *table.update([table.kontobro_reference], [None], where=fields.SQL_OPERATORS["in"](table.id, ids))
        )


class Move(Referenced, metaclass=PoolMeta):
    __name__ = "account.move"

    @dualmethod
    @ModelView.button
    def post(cls, moves):  # noqa: N805 - Tryton's own: called on the class, or on one record
        super().post(moves)
        cls.free_references([move.origin for move in moves if isinstance(move.origin, cls)])
