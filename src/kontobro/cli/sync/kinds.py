"""Which kinds of master data a connection keeps in sync."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kontobro.core.errors import Misconfigured
from kontobro.core.model.settings import SyncKind
from kontobro.core.words import told

if TYPE_CHECKING:
    from kontobro.core.model.connection import Connection


def switched_on(connection: Connection, kind: SyncKind | None) -> list[SyncKind]:
    """The kinds that are meant, in the order of syncing. Raises Misconfigured for what is not switched on."""
    from kontobro.core.level import KINDS_OF, LEVELS

    on = [known for known in KINDS_OF[LEVELS[-1]] if known in connection.settings.sync]
    if not on:
        raise Misconfigured(*told("cli_no_sync"))
    if kind is not None and kind not in on:
        level = next(level for level in LEVELS if kind in KINDS_OF[level])
        raise Misconfigured(*told("cli_kind_off", kind=kind, on=tuple(on), level=level))
    return [kind] if kind else on
