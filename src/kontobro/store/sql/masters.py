"""The part of the store over an ERP's own tables that is about master data: bindings and sync notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from kontobro.core.model.bindings import Binding, MasterKind
from kontobro.store.sql.tables import Tables, for_each, opened, select, upsert

BIND = """
    INSERT INTO kontobro_binding (connection_id, kind, erp_id, pleo_id, origin, code, written)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (connection_id, kind, erp_id) DO UPDATE SET pleo_id = excluded.pleo_id, origin = excluded.origin,
        code = excluded.code, written = excluded.written
"""

RELEASE = """
    DELETE FROM kontobro_binding WHERE connection_id = %s AND kind = %s AND pleo_id = %s AND erp_id <> %s
"""
"""A record at Pleo that changes hands: its old binding goes first, or the new one could not stand."""


class MastersInTables:
    """Bindings and notes of syncs, each method one transaction."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def bindings(self, connection_id: str, kind: MasterKind) -> Sequence[Binding]:
        statement = "SELECT * FROM kontobro_binding WHERE connection_id = %s AND kind = %s ORDER BY id"
        with opened(self.tables) as cursor:
            rows = select(cursor, statement, (self._number(cursor, connection_id), kind))
        return [Binding(kind, row.erp_id, row.pleo_id, row.origin, row.code, row.written) for row in rows]

    def bind(self, connection_id: str, bindings: Sequence[Binding]) -> None:
        latest = list({(it.kind, it.erp_id): it for it in bindings}.values())
        with opened(self.tables) as cursor:
            number = self._number(cursor, connection_id)
            for_each(cursor, RELEASE, [(number, it.kind, it.pleo_id, it.erp_id) for it in latest if it.pleo_id])
            rows = [(number, it.kind, it.erp_id, it.pleo_id, it.origin, it.code, it.written) for it in latest]
            for_each(cursor, BIND, rows)

    def unbind(self, connection_id: str, kind: MasterKind, erp_ids: Sequence[str]) -> None:
        statement = "DELETE FROM kontobro_binding WHERE connection_id = %s AND kind = %s AND erp_id = ANY(%s)"
        with opened(self.tables) as cursor:
            cursor.execute(statement, (self._number(cursor, connection_id), kind, list(erp_ids)))

    def note_sync(self, connection_id: str, kind: MasterKind, outcome: str, digest: str, now: datetime) -> None:
        with opened(self.tables) as cursor:
            row = {"connection_id": self._number(cursor, connection_id), "kind": kind}
            found = {"outcome": outcome, "digest": digest, "at": now}
            upsert(cursor, "kontobro_sync", ("connection_id", "kind"), row | found)

    def syncs(self, connection_id: str) -> Mapping[MasterKind, tuple[datetime, str, str]]:
        with opened(self.tables) as cursor:
            number = self._number(cursor, connection_id)
            rows = select(cursor, "SELECT * FROM kontobro_sync WHERE connection_id = %s", (number,))
        return {cast(MasterKind, row.kind): (row.at, row.outcome, row.digest) for row in rows}

    def _number(self, cursor: Any, connection_id: str) -> int | None:
        """The ERP's own number of a connection."""
        rows = select(cursor, "SELECT id FROM kontobro_connection WHERE key = %s", (connection_id,))
        return int(rows[0].id) if rows else None
