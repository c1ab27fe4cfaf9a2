"""Between a table's rows and the core's values. Django's models are only named here, not needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from kontobro.core.model.connection import Connection
from kontobro.core.model.history import BookingRow, BookingState, JobRow
from kontobro.core.model.journal import Reference
from kontobro.store.secrets.codec import invoice_key_from, problems_from, settings_from, settings_to

if TYPE_CHECKING:
    from kontobro.store import models

_PLAIN = (
    "name",
    "environment",
    "api_url",
    "auth_url",
    "auth",
    "company_id",
    "company_name",
    "erp",
    "erp_company",
    "client_id",
    "status",
)


def connection_columns(connection: Connection) -> dict[str, Any]:
    """Every column of a connection but its id."""
    return {
        **{name: getattr(connection, name) for name in _PLAIN},
        "erp_options": dict(connection.erp_options),
        "scopes": sorted(connection.scopes),
        "settings": settings_to(connection.settings),
    }


def connection_of(row: models.Connection) -> Connection:
    columns = {name: getattr(row, name) for name in ("id", *_PLAIN)}
    return Connection(
        **columns, erp_options=row.erp_options, scopes=frozenset(row.scopes), settings=settings_from(row.settings)
    )


def job_of(row: models.Job) -> JobRow:
    return JobRow(
        job_id=row.job_id,
        status=row.status,
        items=row.items,
        started_at=row.started_at,
        finished_at=row.finished_at,
        failure=row.failure,
        claimed_at=row.claimed_at,
    )


def booking_of(row: models.Booking) -> BookingRow:
    return BookingRow(
        reference=Reference(row.reference),
        job_id=row.job_id,
        kind=row.kind,
        item_type=row.item_type,
        state=cast(BookingState, row.state),
        currency=row.currency,
        total=row.total,
        date=row.date,
        payee=row.payee,
        updated_at=row.updated_at,
        erp_id=row.erp_id,
        erp_url=row.erp_url,
        pleo_url=row.pleo_url or None,
        posting=row.posting,
        receipts=row.receipts,
        settles=invoice_key_from(row.settles_vendor, row.settles_number, row.settles_currency),
        settled=row.settled,
        problems=problems_from(row.problems),
        fingerprint=row.fingerprint,
        account=row.account,
        role=row.role,
        amount=row.amount,
        notes=tuple(row.notes or ()),  # None: planned by an older version
    )
