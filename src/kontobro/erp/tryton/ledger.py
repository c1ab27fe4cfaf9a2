"""Reading what stands in Tryton: moves of ours with lines and receipts, by our keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kontobro.core.journal import InvoiceKey, Reference
from kontobro.erp.tryton.api import Api, Domain
from kontobro.erp.tryton.entries import BILL_MARK, SEPARATOR, SETTLES, marks_of, number_of
from kontobro.erp.tryton.masters import Masters
from kontobro.erp.tryton.standing import MOVE_FIELDS, RECEIPT_MARK, Standing, standing_of

Key = Reference | InvoiceKey

MOVE: Final = "account.move"


class Ledger:
    """The company's moves. Every answer is read now; nothing is kept."""

    def __init__(self, api: Api, masters: Masters) -> None:
        self._api = api
        self._masters = masters

    def under(self, keys: Iterable[Key]) -> list[Standing]:
        """What may stand under these keys, void ones too."""
        asked = set(keys)
        marks = sorted(mark for key in asked if not isinstance(key, InvoiceKey) for mark in marks_of(key))
        domain = ["OR", [["lines.description", "in", marks]]] if marks else ["OR"]
        bills = [_bill(key) for key in asked if isinstance(key, InvoiceKey) and key.vendor.isdigit()]
        return self._read([*domain, *bills]) if marks or bills else []

    def payments(self, vendors: Iterable[str], *, unsettled: bool = False) -> list[Standing]:
        """Our posted payments to these vendors."""
        parties = sorted(int(vendor) for vendor in set(vendors) if vendor.isdigit())
        line = [["party", "in", parties], ["description", "like", f"{SETTLES}%"]]
        if unsettled:
            line.append(["reconciliation", "=", None])
        return self._read([["state", "=", "posted"], ["lines", "where", line]]) if parties else []

    def _read(self, domain: Domain) -> list[Standing]:
        company = [["company", "=", self._api.company], domain]
        moves = [move for move in self._api.rows(MOVE, company, MOVE_FIELDS) if not _is_cancellation(move["origin"])]
        if not moves:
            return []
        resources = [f"{MOVE},{move['id']}" for move in moves]
        receipts = self._receipts(resources)
        posted = [f"{MOVE},{move['id']}" for move in moves if move["state"] == "posted"]
        cancelled = self._cancelled(posted) if posted else set()
        currency = self._masters.snapshot().company.currency
        return [
            standing_of(move, currency, receipts.get(resource, ()), reversed_=resource in cancelled)
            for move, resource in zip(moves, resources, strict=True)
        ]

    def _cancelled(self, resources: list[str]) -> set[str]:
        """Those that a posted move takes back."""
        domain = [["origin", "in", resources], ["state", "=", "posted"]]
        return {row["origin"] for row in self._api.rows(MOVE, domain, ["origin"])}

    def _receipts(self, resources: list[str]) -> dict[str, list[str]]:
        """The SHA-256 of what we attached, in order."""
        domain = [["resource", "in", resources], ["description", "like", f"{RECEIPT_MARK}%"]]
        found: dict[str, list[str]] = {}
        for row in self._api.rows("ir.attachment", domain, ["resource", "description"]):
            found.setdefault(row["resource"], []).append(row["description"].removeprefix(RECEIPT_MARK))
        return found


def _bill(key: InvoiceKey) -> Domain:
    """The bills of that vendor and number: in which currency is seen afterwards."""
    number = "".join(_escaped(number_of(key.number)))
    owed = [["party", "=", int(key.vendor)], ["description", "like", f"{BILL_MARK}%"]]
    return [["description", "like", f"{number}{SEPARATOR}%"], ["lines", "where", owed]]


def _escaped(text: str) -> Iterator[str]:
    """What stands for itself in a pattern."""
    for character in text:
        yield f"\\{character}" if character in "\\%_" else character


def _is_cancellation(origin: str | None) -> bool:
    """Tryton copies the descriptions of what it cancels: such a move is none of ours."""
    return bool(origin) and str(origin).startswith(f"{MOVE},")
