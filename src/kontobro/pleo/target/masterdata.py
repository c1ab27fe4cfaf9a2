"""Pleo as the place where master data are kept in sync: the `Target` port (`core/ports/`) on five APIs of Pleo.

Reads, changes and archiving may be sent twice; a create is not, after a lost answer it raises Uncertain and the
caller reads again.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from kontobro.core.model.bindings import MasterKind
from kontobro.core.model.connection import Connection
from kontobro.core.plan.make import Desired, Existing
from kontobro.core.ports import Clock, TokenStore
from kontobro.pleo.http.calls import DIRECT, Calls, Ways
from kontobro.pleo.http.opening import open_calls
from kontobro.pleo.target.accounts import Accounts
from kontobro.pleo.target.records import Answer
from kontobro.pleo.target.tags import TagGroups, Tags
from kontobro.pleo.target.taxes import TaxCodes
from kontobro.pleo.target.vendors import Vendors


class Kind(Protocol):
    """One kind of master data at Pleo. Answers come in the order of what was asked."""

    def read(self) -> list[Existing]: ...

    def create(self, records: Sequence[Desired], parents: Mapping[str, str]) -> list[Answer]: ...

    def update(self, changes: Sequence[tuple[Existing, Desired]]) -> list[Answer]: ...

    def archive(self, records: Sequence[Existing]) -> list[Answer]: ...


class PleoTarget:
    """One company's master data at Pleo. `calls` counts the requests that left, by endpoint."""

    def __init__(self, calls: Calls, company_id: str) -> None:
        self.calls: Counter[str] = calls.counts
        # As the client of exports: connections end by this, or when the target is collected.
        self.close = weakref.finalize(self, calls.close)
        self._kinds: dict[MasterKind, Kind] = {
            "accounts": Accounts(calls, company_id),
            "tax_codes": TaxCodes(calls, company_id),
            "tag_groups": TagGroups(calls, company_id),
            "tags": Tags(calls, company_id),
            "vendors": Vendors(calls, company_id),
        }

    def read(self, kind: MasterKind) -> Sequence[Existing]:
        """All of them at once: whole, or an error before the first."""
        return self._kinds[kind].read()

    def create(self, kind: MasterKind, records: Sequence[Desired], parents: Mapping[str, str]) -> Sequence[Answer]:
        return self._kinds[kind].create(records, parents)

    def update(self, kind: MasterKind, changes: Sequence[tuple[Existing, Desired]]) -> Sequence[Answer]:
        return self._kinds[kind].update(changes)

    def archive(self, kind: MasterKind, records: Sequence[Existing]) -> Sequence[Answer]:
        return self._kinds[kind].archive(records)


def open_target(connection: Connection, tokens: TokenStore, clock: Clock, ways: Ways = DIRECT) -> PleoTarget:
    """The master data of a connection's company. Reads no token before the first call."""
    calls = open_calls(connection, tokens, clock, ways)
    return PleoTarget(calls, connection.company_id)
