"""Between a table's rows and the core's values: rows of Django's models, or of a query by their columns' names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

from kontobro.core.model.connection import Connection
from kontobro.core.model.history import BookingRow, BookingState, JobRow
from kontobro.core.model.journal import Reference
from kontobro.store.secrets.codec import invoice_key_from, notes_from, problems_from, settings_from, settings_to

AS_NAMED: Mapping[str, str] = MappingProxyType({})
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


def connection_columns(connection: Connection, names: Mapping[str, str] = AS_NAMED) -> dict[str, Any]:
    """A connection as its row, JSON as text. `names`: what the columns are called otherwise."""
    columns = {
        **{name: getattr(connection, name) for name in ("id", *_PLAIN)},
        "erp_options": json.dumps(dict(connection.erp_options)),
        "scopes": json.dumps(sorted(connection.scopes)),
        "settings": json.dumps(settings_to(connection.settings)),
    }
    return {names.get(name, name): value for name, value in columns.items()}


def connection_of(row: Any, names: Mapping[str, str] = AS_NAMED) -> Connection:
    """A connection from its row, whose JSON is read."""
    columns = {name: getattr(row, names.get(name, name)) for name in ("id", *_PLAIN)}
    return Connection(
        **columns, erp_options=row.erp_options, scopes=frozenset(row.scopes), settings=settings_from(row.settings)
    )


def job_of(row: Any) -> JobRow:
    return JobRow(
        job_id=row.job_id,
        status=row.status,
        items=row.items,
        started_at=row.started_at,
        finished_at=row.finished_at,
        failure=row.failure,
        claimed_at=row.claimed_at,
    )


def booking_of(row: Any) -> BookingRow:
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
        notes=notes_from(row.notes or ()),  # None: planned by an older version
    )
