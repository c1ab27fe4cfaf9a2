"""The part of the store that is about master data: bindings and sync notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from kontobro.core.model.bindings import Binding, MasterKind
from kontobro.store.sql.part import Part

BIND = """
    INSERT INTO kontobro_binding (connection_id, kind, erp_id, pleo_id, origin, code, written)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (connection_id, kind, erp_id) DO UPDATE SET pleo_id = excluded.pleo_id, origin = excluded.origin,
        code = excluded.code, written = excluded.written
"""

RELEASE = """
    DELETE FROM kontobro_binding WHERE connection_id = %s AND kind = %s AND pleo_id = %s AND erp_id <> %s
"""
"""A record at Pleo that changes hands: its old binding goes first, or the new one could not exist."""


class MasterRows(Part):
    """Bindings and notes of syncs."""

    def bindings(self, connection_id: str, kind: MasterKind) -> Sequence[Binding]:
        """In the order in which they were first written."""
        statement = "SELECT * FROM kontobro_binding WHERE connection_id = %s AND kind = %s ORDER BY id"
        with self.tables.reading() as session:
            rows = session.select(statement, (self._number(session, connection_id), kind))
        return [Binding(kind, row.erp_id, row.pleo_id, row.origin, row.code, row.written) for row in rows]

    def bind(self, connection_id: str, bindings: Sequence[Binding]) -> None:
        latest = list({(it.kind, it.erp_id): it for it in bindings}.values())
        with self.tables.writing() as session:
            number = self._known(session, connection_id)
            session.for_each(RELEASE, [(number, it.kind, it.pleo_id, it.erp_id) for it in latest if it.pleo_id])
            rows = [(number, it.kind, it.erp_id, it.pleo_id, it.origin, it.code, it.written) for it in latest]
            session.for_each(BIND, rows)

    def unbind(self, connection_id: str, kind: MasterKind, erp_ids: Sequence[str]) -> None:
        statement = "DELETE FROM kontobro_binding WHERE connection_id = %s AND kind = %s AND erp_id = ANY(%s)"
        with self.tables.writing() as session:
            session.run(statement, (self._number(session, connection_id), kind, list(erp_ids)))

    def note_sync(self, connection_id: str, kind: MasterKind, outcome: str, digest: str, now: datetime) -> None:
        with self.tables.writing() as session:
            row = {"connection_id": self._known(session, connection_id), "kind": kind}
            found = {"outcome": outcome, "digest": digest, "at": now}
            session.upsert("kontobro_sync", ("connection_id", "kind"), row | found)

    def syncs(self, connection_id: str) -> Mapping[MasterKind, tuple[datetime, str, str]]:
        statement = "SELECT * FROM kontobro_sync WHERE connection_id = %s"
        with self.tables.reading() as session:
            rows = session.select(statement, (self._number(session, connection_id),))
        return {cast(MasterKind, row.kind): (row.at, row.outcome, row.digest) for row in rows}
