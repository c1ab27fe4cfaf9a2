"""Between a table's rows and the core's values: rows of Django's models, or of a query by their columns' names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from kontobro.core.model.connection import Connection
from kontobro.core.model.history import BookingRow, JobRow
from kontobro.core.words.facts import text_from
from kontobro.store.secrets.codec import invoice_key_from, notes_from, problems_from, settings_from, settings_to

AS_NAMED: Mapping[str, str] = MappingProxyType({})
_CONNECTION = (
    "id name environment api_url auth_url auth company_id company_name erp erp_company client_id status".split()
)
OWN = ("erp_company_name", "trial", "login_ended_at")
"""What our own tables keep of a connection besides: a host is the accounting system, and says these itself."""
_JOB = "job_id status items started_at finished_at failure claimed_at".split()
_BOOKING = (
    "reference job_id kind item_type state currency total date payee updated_at erp_id erp_url posting receipts "
    "settled fingerprint account role amount"
).split()
"""The columns that are as the core has them."""


def connection_columns(connection: Connection, names: Mapping[str, str] = AS_NAMED) -> dict[str, Any]:
    """A connection as its row, JSON as text. `names`: what the columns are called otherwise, in a host's tables."""
    columns = {
        **{name: getattr(connection, name) for name in (*_CONNECTION, *(() if names else OWN))},
        "erp_options": json.dumps(dict(connection.erp_options)),
        "scopes": json.dumps(sorted(connection.scopes)),
        "settings": json.dumps(settings_to(connection.settings)),
    }
    return {names.get(name, name): value for name, value in columns.items()}


def connection_of(row: Any, names: Mapping[str, str] = AS_NAMED) -> Connection:
    """A connection from its row, whose JSON is read."""
    columns = {name: getattr(row, names.get(name, name)) for name in _CONNECTION}
    columns |= {name: getattr(row, name) for name in OWN if hasattr(row, name)}
    return Connection(
        **columns, erp_options=row.erp_options, scopes=frozenset(row.scopes), settings=settings_from(row.settings)
    )


def job_of(row: Any) -> JobRow:
    columns = {name: getattr(row, name) for name in _JOB}
    return JobRow(**{**columns, "failure": text_from(columns["failure"])})


def booking_of(row: Any) -> BookingRow:
    return BookingRow(
        **{name: getattr(row, name) for name in _BOOKING},
        pleo_url=row.pleo_url or None,
        settles=invoice_key_from(row.settles_vendor, row.settles_number, row.settles_currency),
        problems=problems_from(row.problems),
        notes=notes_from(row.notes or ()),  # None: planned by an older version
    )
