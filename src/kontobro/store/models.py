"""The tables. `schema/guards.py` adds what Django's models can't say: which moves are possible, and their events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Coalesce

from kontobro.store.columns import OfConnection
from kontobro.store.schema.moves import STATES

if TYPE_CHECKING:
    from typing import TypeAlias

    from kontobro.store.columns import (
        Bytes,
        Count,
        Flag,
        Instant,
        Json,
        OptionalFlag,
        OptionalInstant,
        OptionalText,
        Text,
    )

    ToBooking: TypeAlias = models.ForeignKey["Booking", "Booking"]


class Connection(models.Model):
    id: Text = models.TextField(primary_key=True)
    name: Text = models.TextField()
    environment: Text = models.TextField()
    api_url: Text = models.TextField()
    auth_url: Text = models.TextField()
    auth: Text = models.TextField()
    company_id: Text = models.TextField()
    company_name: Text = models.TextField()
    erp: Text = models.TextField()
    erp_options: Json = models.JSONField()
    erp_company: Text = models.TextField()
    client_id: OptionalText = models.TextField(null=True)
    scopes: Json = models.JSONField()
    status: Text = models.TextField()
    settings: Json = models.JSONField()
    erp_company_name: Text = models.TextField(default="")
    trial: Flag = models.BooleanField(default=False)
    login_ended_at: OptionalInstant = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["environment", "company_id"],
                condition=~models.Q(status="disconnected") & models.Q(trial=False),
                name="kontobro_one_set_of_books",
            ),
        )


class Secret(OfConnection):
    """An encrypted blob. The connection and name are inside it once more (`secrets/vault.py`).

    `destination`: the only place that it may be sent to, as `core.destination` writes it. None fits an empty one.
    """

    name: Text = models.TextField()
    sealed: Text = models.TextField()
    destination: Text = models.TextField(default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["connection", "name"], name="kontobro_one_secret"),)


class Job(OfConnection):
    """The last run of a job. `claimed_at` is a moment of Pleo's clock. `purged`: names and contents are deleted; NULL
    while there may be some."""

    job_id: Text = models.TextField()
    run: Text = models.TextField()
    status: Text = models.TextField()
    items: Count = models.IntegerField()
    started_at: Instant = models.DateTimeField()
    finished_at: OptionalInstant = models.DateTimeField(null=True)
    failure: OptionalText = models.TextField(null=True)
    claimed_at: OptionalInstant = models.DateTimeField(null=True)
    purged: OptionalFlag = models.BooleanField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["connection", "job_id"], name="kontobro_one_job"),)
        indexes = (
            models.Index(fields=["connection", "started_at", "id"], name="kontobro_newest_jobs"),
            models.Index(fields=["connection", "finished_at"], name="kontobro_finished_jobs"),
            # What a purge has to look at, whatever was purged before.
            models.Index(
                "connection",
                Coalesce("finished_at", "started_at"),
                name="kontobro_unpurged_jobs",
                condition=models.Q(purged__isnull=True),
            ),
        )


class Booking(OfConnection):
    """One reference. Ids, amounts and states; `payee`, `problems` and `notes` may name people and are purged.

    `intent_at`: since when a write is under way or its outcome unknown; kept until that is resolved. `outcome`: what
    the last run came to so far (`pages.Outcome`), also once it is reported; NULL while it is under way.
    """

    reference: Text = models.TextField()
    job_id: Text = models.TextField()
    run: Text = models.TextField()
    state: Text = models.TextField()
    kind: Text = models.TextField()
    item_type: Text = models.TextField()
    currency: Text = models.TextField()
    total: Text = models.TextField()
    date: Text = models.TextField()
    fingerprint: Text = models.TextField()
    payee: Text = models.TextField()
    pleo_url: Text = models.TextField()
    settles_vendor: OptionalText = models.TextField(null=True)
    settles_number: OptionalText = models.TextField(null=True)
    settles_currency: OptionalText = models.TextField(null=True)
    account: OptionalText = models.TextField(null=True)
    role: OptionalText = models.TextField(null=True)
    amount: OptionalText = models.TextField(null=True)
    erp_id: OptionalText = models.TextField(null=True)
    erp_url: OptionalText = models.TextField(null=True)
    posting: OptionalText = models.TextField(null=True)
    receipts: Count = models.IntegerField()
    settled: OptionalFlag = models.BooleanField(null=True)
    problems: Json = models.JSONField()
    notes: Json = models.JSONField(null=True)
    intent_at: OptionalInstant = models.DateTimeField(null=True)
    outcome: OptionalText = models.TextField(null=True)
    updated_at: Instant = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["connection", "reference"], name="kontobro_one_booking"),
            models.CheckConstraint(condition=models.Q(state__in=STATES), name="kontobro_known_state"),
        )
        indexes = (
            models.Index(fields=["connection", "job_id", "state", "outcome"], name="kontobro_bookings_of_job"),
            # Partial: a move of a booking that is under way, the most of them, leaves it alone.
            models.Index(
                fields=["connection", "outcome", "updated_at", "reference"],
                name="kontobro_outcomes",
                condition=models.Q(outcome__isnull=False),
            ),
            models.Index(fields=["connection", "updated_at", "id"], name="kontobro_newest"),
            models.Index(fields=["connection", "date", "id"], name="kontobro_dated"),
            models.Index(
                fields=["connection", "settles_vendor"],
                name="kontobro_open_payments",
                condition=models.Q(settles_vendor__isnull=False, outcome="booked")
                & (models.Q(settled__isnull=True) | models.Q(settled=False)),
            ),
        )


class Event(models.Model):
    """One move of a booking, written by the database itself. `from_state` is empty for the first."""

    booking: ToBooking = models.ForeignKey(Booking, on_delete=models.CASCADE)
    run: Text = models.TextField()
    at: Instant = models.DateTimeField()
    from_state: Text = models.TextField()
    to_state: Text = models.TextField()


class AllowedMove(models.Model):
    """The state diagram as the database reads it: a copy of `moves.MOVES`."""

    from_state: Text = models.TextField()
    to_state: Text = models.TextField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["from_state", "to_state"], name="kontobro_one_move"),)


class Payload(OfConnection):
    """An item's JSON as Pleo sent it, compressed; in a table of its own, to be purged. One for an item's entries."""

    entry_id: Text = models.TextField()
    content: Bytes = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["connection", "entry_id"], name="kontobro_one_payload"),)


class Binding(OfConnection):
    """Which record at Pleo is which one of the accounting system. `pleo_id` NULL: the intent to create it."""

    kind: Text = models.TextField()
    erp_id: Text = models.TextField()
    pleo_id: OptionalText = models.TextField(null=True)
    origin: Text = models.TextField()
    code: Text = models.TextField()
    written: Text = models.TextField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["connection", "kind", "erp_id"], name="kontobro_one_binding"),
            models.UniqueConstraint(fields=["connection", "kind", "pleo_id"], name="kontobro_one_owner"),
            models.CheckConstraint(
                condition=models.Q(pleo_id__isnull=False) | models.Q(origin="created"), name="kontobro_intent_to_create"
            ),
        )


class Sync(OfConnection):
    """How the latest sync of a kind went."""

    kind: Text = models.TextField()
    outcome: Text = models.TextField()
    digest: Text = models.TextField()
    at: Instant = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["connection", "kind"], name="kontobro_one_sync"),)


from kontobro.store.document_models import (  # noqa: E402 - the tables above are what these point to
    Document,
    DocumentFile,
    DocumentPiece,
    KeptNumber,
    MastersFile,
    Series,
    Voucher,
)
from kontobro.store.guard_models import Elsewhere, Guard  # noqa: E402

__all__ = [
    "AllowedMove",
    "Binding",
    "Booking",
    "Connection",
    "Document",
    "DocumentFile",
    "DocumentPiece",
    "Elsewhere",
    "Event",
    "Guard",
    "Job",
    "KeptNumber",
    "MastersFile",
    "Payload",
    "Secret",
    "Series",
    "Sync",
    "Voucher",
]
