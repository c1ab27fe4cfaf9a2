"""What PostgreSQL keeps so that a firm of thousands of companies is counted without reading its bookings.

Each of these is answered by an index alone, in one pass over it; few companies are still found one by one by the
indexes that every database has (`models.py`). SQLite, which one small company uses, is left as it is: an index of what
changes with each move would cost it time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# `alike` is the same for all that were told the same. The database computes it: no statement can forget to.
# An item with both entries counts once: the index has the item, as `journal.entry_id_of` does. PostgreSQL takes an
# expression from an index only where the index has its column too.
POSTGRESQL: Sequence[str] = (
    """
    ALTER TABLE kontobro_booking ADD COLUMN IF NOT EXISTS alike bigint GENERATED ALWAYS AS
        (CASE WHEN outcome = 'failed' THEN jsonb_hash_extended(problems, 0) END) STORED
    """,
    """
    CREATE INDEX IF NOT EXISTS kontobro_told_alike ON kontobro_booking (alike, updated_at, id)
        INCLUDE (connection_id, reference) WHERE outcome = 'failed'
    """,
    """
    CREATE INDEX IF NOT EXISTS kontobro_not_booked ON kontobro_booking
        (connection_id, outcome, replace(reference, '/pay', ''), date, updated_at) INCLUDE (reference)
        WHERE outcome IS NULL OR outcome IN ('failed', 'uncertain')
    """,
)
"""One by one, each in a transaction of its own. What is there is left: a step that was interrupted is taken again."""

ANY = "SELECT EXISTS (SELECT 1 FROM kontobro_booking)"
SEEN = "VACUUM (ANALYZE) kontobro_booking"
"""Until then no index answers alone, for the table was just written. Never of an empty table: PostgreSQL would take it
for empty, and read all of it for each move, until it comes to see it again."""

NAMED: Sequence[str] = (
    "DROP INDEX IF EXISTS kontobro_told_alike",
    """
    CREATE INDEX kontobro_told_alike ON kontobro_booking (alike, updated_at, id)
        INCLUDE (connection_id, reference, payee) WHERE outcome = 'failed'
    """,
)
"""A search for a payee is answered by the index, too: `text.PAYEE_LIMIT` sees to it that an entry of it has room."""

POSTGRESQL_GONE: Sequence[str] = (
    "DROP INDEX IF EXISTS kontobro_not_booked",
    "ALTER TABLE kontobro_booking DROP COLUMN IF EXISTS alike",
)
"""The step backwards; an index goes with its column."""


def create_counting(_apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """A migration's step."""
    _execute(editor, POSTGRESQL)
    if editor.connection.vendor == "postgresql" and _is_any(editor):
        editor.execute(SEEN, params=None)


def add_payees(_apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """A migration's step, in one transaction: the index is made again."""
    _execute(editor, NAMED)


def drop_payees(_apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """The step backwards."""
    _execute(editor, (NAMED[0], *POSTGRESQL))


def drop_counting(_apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """The step backwards."""
    _execute(editor, POSTGRESQL_GONE)


def _is_any(editor: BaseDatabaseSchemaEditor) -> bool:
    with editor.connection.cursor() as cursor:
        cursor.execute(ANY)
        return bool(cursor.fetchone()[0])


def _execute(editor: BaseDatabaseSchemaEditor, statements: Sequence[str]) -> None:
    if editor.connection.vendor == "postgresql":
        for statement in statements:
            editor.execute(statement, params=None)
