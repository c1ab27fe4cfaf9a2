"""Jobs, items and what Kontobro remembers besides. The store writes them (`tables.py`), guarded by triggers."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal, InvalidOperation

from trytond import backend
from trytond.model import Check, ModelSQL, ModelView, Unique, fields
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.transaction import Transaction

from kontobro.core.words import name_in, note_in
from kontobro.core.words.facts import text_from
from kontobro.store.schema.guards import install_guards
from kontobro.store.schema.moves import STATES
from kontobro.store.secrets.codec import notes_from, problems_from
from kontobro.store.sql.store import bind_secrets

from ..inside.app import in_words, language, shown_fact

NAMED = {
    "type_name": "item_type",
    "kind_name": "kind",
    "posting_name": "posting",
    "state_name": "state",
    "from_name": "from_state",
    "to_name": "to_state",
}
"""Names in the reader's language, and the codes that they are of."""

OUTCOMES = [("", ""), ("booked", "Booked"), ("failed", "Failed"), ("uncertain", "Unconfirmed")]
STATUSES = [
    ("seen", "Waiting"),
    ("claiming", "Starting"),
    ("in_progress", "In Progress"),
    ("completed", "Completed"),
    ("completed_with_errors", "Completed with Errors"),
    ("failed", "Failed"),
    ("unfinished", "Unfinished"),
    ("not ours", "Done by Another Installation"),
]


def named(label):
    """A code as a name in the language of who looks."""
    return fields.Function(fields.Char(label), "get_name")


class Named:
    """A row whose codes have names."""

    __slots__ = ()

    def get_name(self, name):
        code = getattr(self, NAMED[name])
        return name_in(code, language()) if code else None


class OfConnection:
    """A row that goes with its connection."""

    __slots__ = ()
    connection_id = fields.Many2One(
        "kontobro.connection", "Connection", required=True, readonly=True, ondelete="CASCADE"
    )


def unique(cls, name, *columns):
    """One row for these columns' values: what the store's writes replace."""
    table = cls.__table__()
    there = [getattr(table, column) for column in columns]
    cls._sql_constraints.append((name, Unique(table, *there), "kontobro.msg_row_unique"))


class Secret(OfConnection, ModelSQL):
    "Pleo Secret"

    __name__ = "kontobro.secret"
    __string__ = "Pleo Secret"
    name = fields.Char("Name", required=True)
    sealed = fields.Text("Sealed", required=True)
    destination = fields.Text("Destination")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        unique(cls, "one_secret", "connection_id", "name")

    @classmethod
    def __register__(cls, module):
        """Secrets that an older version stored belong to where their connections point."""
        super().__register__(module)
        if backend.name == "postgresql":
            with Transaction().connection.cursor() as cursor:
                bind_secrets(cursor)


class Job(OfConnection, ModelSQL, ModelView):
    "Pleo Export Job"

    __name__ = "kontobro.job"
    __string__ = "Pleo Export Job"
    _rec_name = "job_id"
    job_id = fields.Char("Job", required=True, readonly=True)
    run = fields.Char("Run", required=True, readonly=True)
    status = fields.Selection(STATUSES, "Status", required=True, readonly=True, sort=False)
    items = fields.Integer("Items", required=True, readonly=True)
    started_at = fields.Timestamp("Started", required=True, readonly=True)
    finished_at = fields.Timestamp("Finished", readonly=True)
    claimed_at = fields.Timestamp("Claimed (Pleo's Time)", readonly=True)
    failure = fields.Text("Failure", readonly=True)
    failure_told = fields.Function(
        fields.Text("Failure", states={"invisible": ~Eval("failure_told")}), "get_failure_told"
    )
    bookings = fields.Function(fields.Many2Many("kontobro.booking", None, None, "Expenses"), "get_bookings")
    booked = fields.Function(fields.Integer("Booked"), "get_count")
    failed = fields.Function(fields.Integer("Failed"), "get_count")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        unique(cls, "one_job", "connection_id", "job_id")
        cls._order = [("started_at", "DESC"), ("id", "DESC")]

    def get_failure_told(self, name):
        """In the language of who looks; one that an older version kept is English."""
        return note_in(text_from(self.failure) or "", language()) if self.failure else ""

    def get_bookings(self, name):
        bookings = Pool().get("kontobro.booking")
        rows = bookings.search([("connection_id", "=", self.connection_id.id), ("job_id", "=", self.job_id)])
        return [row.id for row in rows]

    def get_count(self, name):
        return sum(1 for row in self.bookings if row.outcome == name)


class Booking(OfConnection, Named, ModelSQL, ModelView):
    "Pleo Expense"

    __name__ = "kontobro.booking"
    __string__ = "Pleo Expense"
    _rec_name = "reference"
    reference = fields.Char("Reference", required=True, readonly=True)
    job_id = fields.Char("Job", required=True, readonly=True)
    run = fields.Char("Run", required=True, readonly=True)
    state = fields.Char("State", required=True, readonly=True)
    kind = fields.Char("Kind", required=True, readonly=True)
    item_type = fields.Char("Type", required=True, readonly=True)
    currency = fields.Char("Currency", required=True, readonly=True)
    total = fields.Char("Amount", required=True, readonly=True)
    date = fields.Char("Day", required=True, readonly=True)
    fingerprint = fields.Char("Fingerprint", required=True, readonly=True)
    payee = fields.Char("Payee", required=True, readonly=True)
    pleo_url = fields.Char("In Pleo", required=True, readonly=True)
    settles_vendor = fields.Char("Settles Vendor", readonly=True)
    settles_number = fields.Char("Settles Bill", readonly=True)
    settles_currency = fields.Char("Settles Currency", readonly=True)
    account = fields.Char("Account", readonly=True)
    role = fields.Char("Role", readonly=True)
    amount = fields.Char("On the Account", readonly=True)
    erp_id = fields.Char("Number in Tryton", readonly=True)
    erp_url = fields.Char("In Tryton", readonly=True)
    posting = fields.Char("Posting", readonly=True)
    receipts = fields.Integer("Receipts", required=True, readonly=True)
    settled = fields.Boolean("Settled", readonly=True)
    problems = fields.Text("Problems as Stored", required=True, readonly=True)
    notes = fields.Text("Notes as Stored", readonly=True)
    intent_at = fields.Timestamp("Write in Progress Since", readonly=True)
    outcome = fields.Selection(OUTCOMES, "Outcome", readonly=True, sort=False)
    updated_at = fields.Timestamp("Changed", required=True, readonly=True)
    events = fields.One2Many("kontobro.event", "booking_id", "History", readonly=True)
    type_name = named("Type")
    kind_name = named("Kind")
    posting_name = named("Posting")
    day = fields.Function(fields.Date("Day"), "get_day")
    shown_total = fields.Function(fields.Char("Amount"), "get_shown_total")
    problem_text = fields.Function(
        fields.Text("What to do", states={"invisible": ~Eval("problem_text")}), "get_problem_text"
    )
    note_text = fields.Function(fields.Text("Notes", states={"invisible": ~Eval("note_text")}), "get_note_text")
    document = fields.Function(
        fields.Reference("Entry", [("account.move", "Move"), ("account.invoice", "Invoice")]), "get_document"
    )

    @classmethod
    def __setup__(cls):
        super().__setup__()
        unique(cls, "one_booking", "connection_id", "reference")
        table = cls.__table__()
        known = Check(table, table.state.in_(list(STATES)))
        cls._sql_constraints.append(("kontobro_known_state", known, "kontobro.msg_row_unique"))
        cls._order = [("updated_at", "DESC"), ("id", "DESC")]

    def get_day(self, name):
        """None where Pleo sent none that is one: the problem says so."""
        try:
            return date.fromisoformat(self.date)
        except ValueError:
            return None

    def get_shown_total(self, name):
        """Digit for digit, in the format of who looks; as Pleo sent it where it is not a number."""
        try:
            amount = Decimal(self.total)
        except InvalidOperation:
            return self.total
        digits = max(0, -int(amount.as_tuple().exponent))
        shown_errors = Pool().get("ir.lang").get().format_number(amount, digits=digits)
        return f"{shown_errors} {self.currency}".strip()

    def get_problem_text(self, name):
        return "\n".join(map(in_words, problems_from(json.loads(self.problems or "[]"))))

    def get_note_text(self, name):
        notes = notes_from(json.loads(self.notes or "[]"))
        return "\n".join(note_in(one, language(), shown_fact) for one in notes)

    def get_document(self, name):
        """The move or invoice that exists; None where there is none any more, or was none ever."""
        model, _, number = f"account.move,{self.erp_id or ''}".rpartition(",")
        model = model.rpartition(",")[2]
        if not number.isdigit():
            return None
        there = Pool().get(model).search([("id", "=", int(number))])
        return f"{model},{number}" if there else None


class Event(Named, ModelSQL, ModelView):
    "Pleo Expense's Step"

    __name__ = "kontobro.event"
    __string__ = "Pleo Expense's Step"
    booking_id = fields.Many2One("kontobro.booking", "Expense", required=True, readonly=True, ondelete="CASCADE")
    run = fields.Char("Run", required=True, readonly=True)
    at = fields.Timestamp("At", required=True, readonly=True)
    from_state = fields.Char("From", required=True, readonly=True)
    to_state = fields.Char("To", required=True, readonly=True)
    from_name = named("From")
    to_name = named("To")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [("id", "ASC")]

    @classmethod
    def __register__(cls, module):
        """The tables, then what the database refuses and writes itself."""
        super().__register__(module)
        if backend.name == "postgresql":
            with Transaction().connection.cursor() as cursor:
                install_guards(cursor)


class Payload(OfConnection, ModelSQL):
    "Pleo Expense's Content"

    __name__ = "kontobro.payload"
    __string__ = "Pleo Expense's Content"
    entry_id = fields.Char("Entry", required=True)
    content = fields.Binary("Content", required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        unique(cls, "one_payload", "connection_id", "entry_id")


class Binding(OfConnection, ModelSQL):
    "Pleo Master Data Binding"

    __name__ = "kontobro.binding"
    __string__ = "Pleo Master Data Binding"
    kind = fields.Char("Kind", required=True)
    erp_id = fields.Char("In Tryton", required=True)
    pleo_id = fields.Char("In Pleo")
    origin = fields.Char("Origin", required=True)
    code = fields.Char("Code", required=True)
    written = fields.Text("Written", required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        unique(cls, "one_binding", "connection_id", "kind", "erp_id")
        unique(cls, "one_owner", "connection_id", "kind", "pleo_id")


class Sync(OfConnection, Named, ModelSQL, ModelView):
    "Pleo Master Data"

    __name__ = "kontobro.sync"
    __string__ = "Pleo Master Data"
    kind = fields.Char("Kind", required=True, readonly=True)
    outcome = fields.Selection(
        [("in_step", "In Sync"), ("waiting", "Needs a Decision"), ("failed", "Failed")],
        "Outcome",
        required=True,
        readonly=True,
    )
    kind_name = named("Kind")
    digest = fields.Char("Digest", required=True, readonly=True)
    at = fields.Timestamp("At", required=True, readonly=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        unique(cls, "one_sync", "connection_id", "kind")
