"""Vendors at Pleo: which of them are the same (api.md E)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from pleo_sandbox.clock import Clock
from pleo_sandbox.company.shelf import Record, Shelf
from pleo_sandbox.errors import PleoError
from pleo_sandbox.model import Json

UNIQUE = ("externalId", "code")


class Vendors(Shelf):
    """All vendors of all companies. An externalId or code is one vendor's of its company, archived ones included.

    Pleo says only that to create a vendor that exists is a 409; by these two it tells vendors apart (rules.md §4.3).
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, "VENDOR", _keys)

    def check_free(self, company_id: str, facts: Json, *, but: Record | None = None, status: int = 409) -> None:
        """Raises PleoError, of this status, when another vendor has the externalId or the code."""
        for name in UNIQUE:
            twin = self.holder((company_id, name, facts.get(name)), but)
            if twin is not None:
                message = f"{name}: {facts[name]!r} is that of vendor {twin.id}"
                raise PleoError(status, "VENDOR_ALREADY_EXISTS", message)

    def set_state(self, vendor: Record, state: str, sent: Json) -> None:
        self.change(vendor, vendor.facts | sent | {"state": state})


def _keys(vendor: Record) -> Iterator[Hashable]:
    for name in UNIQUE:
        if value := vendor.facts.get(name):
            yield vendor.company_id, name, value
