"""Reading what is in Tryton: moves and invoices of ours with lines and receipts, by our keys."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Final

from kontobro.core.model.journal import EntryKey, InvoiceKey, TwinKey, spellings
from kontobro.erp.kit.http import Refused
from kontobro.erp.kit.receipts import RECEIPT_MARK, digest_in
from kontobro.erp.kit.texts import whole
from kontobro.erp.tryton.bills import INVOICE, INVOICE_FIELDS
from kontobro.erp.tryton.booked import (
    HEAD_FIELDS,
    MOVE,
    MOVE_FIELDS,
    POST_NUMBER,
    BookedMove,
    amount_in,
    booked_of,
    pick,
)
from kontobro.erp.tryton.calls import Calls, Domain, Row
from kontobro.erp.tryton.entries import BILL_MARK, INVOICE_TEXT, SEPARATOR, SETTLES, marks_of, number_of
from kontobro.erp.tryton.masters import TrytonMasters

Key = EntryKey

OURS: Final = ["description", "like", f"{BILL_MARK}%"]


class Ledger:
    """The company's moves. Every answer is read now; nothing is kept."""

    def __init__(self, api: Calls, masters: TrytonMasters, field: str | None = None) -> None:
        """`field`: the one that holds the reference, where there is one."""
        self._api = api
        self._fields = [field] if field else []
        self._masters = masters

    @cached_property
    def _post_number(self) -> list[str]:
        """Until Tryton 7.0 a move is numbered twice: `number` as a draft, `post_number` for good when it is posted."""
        return [POST_NUMBER] if POST_NUMBER in self._api.read(f"model.{MOVE}.fields_get", [POST_NUMBER]) else []

    @property
    def _move_fields(self) -> list[str]:
        return [*MOVE_FIELDS, *self._fields, *self._post_number]

    def under(self, keys: Iterable[Key]) -> list[BookedMove]:
        """What may be under these keys, void ones too."""
        asked = set(keys)
        references = sorted(key for key in asked if not isinstance(key, InvoiceKey | TwinKey))
        marks = sorted(mark for reference in references for mark in marks_of(reference))
        named = [key for key in asked if isinstance(key, InvoiceKey) and key.vendor.isdigit()]
        twins = [key for key in asked if isinstance(key, TwinKey) and key.vendor.isdigit()]
        if not marks and not named and not twins:
            return []
        held: list[Domain] = [[[field, "in", references]] for field in self._fields]
        invoices = self._invoices([[["description", "in", marks]], *held, *map(_invoice, named)])
        if twins:
            known = {invoice["id"] for invoice in invoices}
            like = self._invoices([[_like(key)] for key in twins], ours=False)
            invoices += [invoice for invoice in like if invoice["id"] not in known]
        booked = [f"{INVOICE},{invoice['id']}" for invoice in invoices if invoice["move"]]
        moves = [[["lines.description", "in", marks]], *held, *map(_bill, named), [["origin", "in", booked]]]
        return self._read(["OR", *moves, *map(_twin, twins)], invoices)

    def strangers_like(self, bill: BookedMove) -> bool:
        """True when an invoice that is none of ours has this bill's vendor and number."""
        invoice = bill.invoice or {}
        same = [["party", "=", invoice.get("party")], ["reference", "=", invoice.get("reference")], ["type", "=", "in"]]
        rows = self._api.rows(INVOICE, [["company", "=", self._api.company], *same], ["description"])
        return any(not (row["description"] or "").startswith(BILL_MARK) for row in rows)

    def payments(self, vendors: Iterable[str], *, unsettled: bool = False) -> list[BookedMove]:
        """Our posted payments to these vendors."""
        parties = sorted(int(vendor) for vendor in set(vendors) if vendor.isdigit())
        line = [["party", "in", parties], ["description", "like", f"{SETTLES}%"]]
        if unsettled:
            line.append(["reconciliation", "=", None])
        return self._read([["state", "=", "posted"], ["lines", "where", line]]) if parties else []

    def posted_heads(self, moves: Sequence[int]) -> dict[int, Row]:
        """Those of these moves that are posted, without their lines: a tenth of the time."""
        domain = [["id", "in", list(moves)], ["state", "=", "posted"]]
        return {row["id"]: row for row in self._api.rows(MOVE, domain, [*HEAD_FIELDS, *self._post_number])}

    def receipts(self, resources: list[str]) -> dict[str, list[str]]:
        """The SHA-256 of what we attached to these documents, in order."""
        domain = [["resource", "in", resources], ["description", "like", f"{RECEIPT_MARK}%"]]
        found: dict[str, list[str]] = {}
        for row in self._api.rows("ir.attachment", domain, ["resource", "description"]):
            if digest := digest_in(row["description"]):
                found.setdefault(row["resource"], []).append(digest)
        return found

    def _invoices(self, domains: list[Domain], *, ours: bool = True) -> list[Row]:
        """Our suppliers' invoices under any of these, or everyone's."""
        marked: Domain = ["OR", OURS, *([field, "!=", None] for field in self._fields)] if ours else []
        domain = [["company", "=", self._api.company], ["type", "=", "in"], marked, ["OR", *domains]]
        return list(self._api.rows(INVOICE, domain, [*INVOICE_FIELDS, *self._fields]))

    def _read(self, domain: Domain, invoices: Iterable[Row] = ()) -> list[BookedMove]:
        """The moves of a domain, each with its invoice if it has one, and the invoices that have no move yet."""
        company = [["company", "=", self._api.company], domain]
        moves = [
            move for move in self._api.rows(MOVE, company, self._move_fields) if not _is_cancellation(move["origin"])
        ]
        by_name = {f"{INVOICE},{invoice['id']}": invoice for invoice in invoices}
        pairs: list[tuple[Row | None, Row | None]] = [(move, by_name.pop(str(move["origin"]), None)) for move in moves]
        pairs += [(None, invoice) for invoice in by_name.values()]
        if not pairs:
            return []
        receipts = self.receipts([_resource(move, invoice) for move, invoice in pairs])
        posted = [f"{MOVE},{move['id']}" for move in moves if move["state"] == "posted"]
        cancelled = self._cancelled(posted) if posted else set()
        currency = self._masters.snapshot().company.currency
        return [
            booked_of(
                move,
                currency,
                receipts.get(_resource(move, invoice), ()),
                reversed_=move is not None and f"{MOVE},{move['id']}" in cancelled,
                invoice=invoice,
            )
            for move, invoice in pairs
        ]

    def _cancelled(self, resources: list[str]) -> set[str]:
        """Those that a posted move takes back."""
        domain = [["origin", "in", resources], ["state", "=", "posted"]]
        return {row["origin"] for row in self._api.rows(MOVE, domain, ["origin"])}


def _resource(move: Row | None, invoice: Row | None) -> str:
    return f"{INVOICE},{invoice['id']}" if invoice else f"{MOVE},{(move or {})['id']}"


def _invoice(key: InvoiceKey) -> Domain:
    """The invoices of that vendor and number."""
    return [["party", "=", int(key.vendor)], ["reference", "=", whole(key.number)]]


def _like(key: TwinKey) -> Domain:
    """The invoices that may be the same: with anything between the characters of the number."""
    either = ["OR", *(["reference", "ilike", _pattern(one)] for one in spellings(key.number))]
    return [["party", "=", int(key.vendor)], ["state", "!=", "cancelled"], either]


def _twin(key: TwinKey) -> Domain:
    """The moves that may be the same invoice: bills that begin with its number, entries that tell of it."""
    patterns = [_pattern(one) for one in spellings(number_of(key.number))]
    starts = ("", f"%{INVOICE_TEXT}")
    either = ["OR", *(["description", "ilike", f"{start}{one}%"] for start in starts for one in patterns)]
    return [["lines.party", "=", int(key.vendor)], either]


def _bill(key: InvoiceKey) -> Domain:
    """The bills that are moves, of that vendor and number: in which currency is seen afterwards."""
    number = "".join(escaped(number_of(key.number)))
    owed = [["party", "=", int(key.vendor)], ["description", "like", f"{BILL_MARK}%"]]
    return [["description", "like", f"{number}{SEPARATOR}%"], ["lines", "where", owed]]


def _pattern(number: str) -> str:
    """A number with anything between its characters, for the blanks that one of them may have, and with any dash."""
    return "%".join("_" if character == "-" else character for character in escaped(number))


def escaped(text: str) -> Iterator[str]:
    """What stands for itself in a pattern."""
    for character in text:
        yield f"\\{character}" if character in "\\%_" else character


def _is_cancellation(origin: str | None) -> bool:
    """Tryton copies the descriptions of what it cancels: such a move is none of ours."""
    return bool(origin) and str(origin).startswith(f"{MOVE},")


log = logging.getLogger(__name__)


LINE = {"active_model": "account.move.line"}


def settle(api: Calls, ledger: Ledger, posted: Sequence[BookedMove]) -> bool:
    """Settle what can be settled among these posted moves and their other halves. True when something changed."""
    concerned = [one for one in posted if one.is_bill or one.settles]
    if not concerned:
        return False
    waiting = ledger.payments(_vendors(concerned), unsettled=True)
    open_ = {one.id: one for one in [*concerned, *waiting] if one.settles and not one.is_settled}
    if not open_:
        return False
    bills = ledger.under(one.settles for one in open_.values() if one.settles)
    changed = False
    for bill in {one.id: one for one in bills if one.is_bill and one.status == "posted"}.values():
        mine = [one for one in open_.values() if not one.is_returned and _settles(one, bill, bills)]
        if mine and not bill.is_settled:
            changed |= _settle_bill(api, bill, mine)
    for returned in (one for one in open_.values() if one.is_returned):
        changed |= _take_back(api, ledger, returned)
    return changed


def _vendors(all_booked: Iterable[BookedMove]) -> set[str]:
    return {one.party for one in all_booked if one.party}


def _settles(payment: BookedMove, bill: BookedMove, bills: Sequence[BookedMove]) -> bool:
    """True when the payment names this very bill and no other first, of those that are still owed."""
    named = [one for one in bills if one.is_bill and one.status == "posted" and not one.is_settled]
    picked = pick(payment.settles, named) if payment.settles else None
    return picked is not None and picked.id == bill.id


def _settle_bill(api: Calls, bill: BookedMove, payments: Sequence[BookedMove]) -> bool:
    together = _balance([bill, *payments])
    alone = next((one for one in payments if not _balance([bill, one])), None)
    if not together:
        return _reconcile(api, [bill, *payments])
    return _reconcile(api, [bill, alone]) if alone else False


def _balance(all_booked: Sequence[BookedMove]) -> Decimal:
    """What is left of these in their currency; no number when they are of several, or one owes nothing."""
    if len({one.currency for one in all_booked}) > 1 or any(one.owed is None for one in all_booked):
        return Decimal("NaN")
    return sum((amount_in(one.owed, one.currency) for one in all_booked if one.owed), Decimal(0))


def _reconcile(api: Calls, all_booked: Sequence[BookedMove]) -> bool:
    """By Tryton's own wizard: it books the difference of exchange rates itself."""
    return _run(api, "account.move.reconcile_lines", "start", all_booked)


def _take_back(api: Calls, ledger: Ledger, returned: BookedMove) -> bool:
    """A payment that came back: what it settled is undone, so that the bill is open again; the two cancel out."""
    paid = [one for one in ledger.payments(_vendors([returned])) if _undoes(returned, one)]
    if not paid:
        return False
    payment = max(paid, key=lambda one: (one.is_settled, one.id))
    if payment.is_settled and not _run(api, "account.move.unreconcile_lines", "unreconcile", [payment]):
        return False
    return _reconcile(api, [returned, payment])


def _undoes(returned: BookedMove, payment: BookedMove) -> bool:
    """The same bill, the same amount, the other direction."""
    return not payment.is_returned and payment.settles == returned.settles and not _balance([returned, payment])


def _run(api: Calls, wizard: str, state: str, all_booked: Sequence[BookedMove]) -> bool:
    """A wizard over the lines that are owed. One that Tryton refuses leaves the payment open."""
    lines = [int(one.owed["id"]) for one in all_booked if one.owed]
    try:
        number, *_ = api.write(f"wizard.{wizard}.create")
        told = api.write(f"wizard.{wizard}.execute", number, {}, state, active_ids=lines, **LINE)
        api.write(f"wizard.{wizard}.delete", number)
    except Refused as refusal:
        log.info("tryton left %s undone: %s", wizard, refusal.name)
        return False
    return "view" not in told
