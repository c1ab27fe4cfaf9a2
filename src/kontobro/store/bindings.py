"""Bindings and sync notes: rows of master data. Called within a transaction of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from django.db.models import QuerySet

from kontobro.core.model.bindings import Binding, MasterKind
from kontobro.store import models

CHUNK = 500
"""Rows or ids a statement: SQLite takes a limited number of values at once."""


def bindings_of(rows: QuerySet[models.Binding]) -> list[Binding]:
    """In the order in which they were first written."""
    columns = rows.order_by("id").values_list("kind", "erp_id", "pleo_id", "origin", "code", "written")
    return [
        Binding(cast(MasterKind, kind), erp_id, pleo_id, "created" if origin == "created" else "adopted", code, written)
        for kind, erp_id, pleo_id, origin, code, written in columns.iterator(chunk_size=CHUNK)
    ]


def write_bindings(rows: QuerySet[models.Binding], connection_id: str, bindings: Sequence[Binding]) -> None:
    """Replace those of the same kind and erp_id, and whatever was bound to the same record at Pleo before."""
    latest = list({(it.kind, it.erp_id): it for it in bindings}.values())
    for start in range(0, len(latest), CHUNK):
        chunk = latest[start : start + CHUNK]
        _release(rows, connection_id, chunk)
        rows.bulk_create(
            [_row(connection_id, binding) for binding in chunk],
            update_conflicts=True,
            unique_fields=["connection", "kind", "erp_id"],
            update_fields=["pleo_id", "origin", "code", "written"],
        )


def delete_bindings(rows: QuerySet[models.Binding], erp_ids: Sequence[str]) -> None:
    for start in range(0, len(erp_ids), CHUNK):
        rows.filter(erp_id__in=erp_ids[start : start + CHUNK]).delete()


def write_sync(
    rows: QuerySet[models.Sync], connection_id: str, kind: str, outcome: str, digest: str, now: datetime
) -> None:
    found = {"outcome": outcome, "digest": digest, "at": now}
    rows.update_or_create(connection_id=connection_id, kind=kind, defaults=found)


def syncs_of(rows: QuerySet[models.Sync]) -> Mapping[MasterKind, tuple[datetime, str, str]]:
    return {cast(MasterKind, row.kind): (row.at, row.outcome, row.digest) for row in rows}


def _release(rows: QuerySet[models.Binding], connection_id: str, chunk: Sequence[Binding]) -> None:
    """Records at Pleo that change hands: their old bindings go first, or the new ones could not stand."""
    for kind in {binding.kind for binding in chunk}:
        owners = {binding.pleo_id: binding.erp_id for binding in chunk if binding.kind == kind and binding.pleo_id}
        held = rows.filter(connection_id=connection_id, kind=kind, pleo_id__in=list(owners))
        moved = [pk for pk, pleo_id, erp_id in held.values_list("pk", "pleo_id", "erp_id") if owners[pleo_id] != erp_id]
        if moved:
            rows.filter(pk__in=moved).delete()


def _row(connection_id: str, binding: Binding) -> models.Binding:
    return models.Binding(
        connection_id=connection_id,
        kind=binding.kind,
        erp_id=binding.erp_id,
        pleo_id=binding.pleo_id,
        origin=binding.origin,
        code=binding.code,
        written=binding.written,
    )
