"""Reading what is in Odoo: documents with their lines and receipts, by our keys."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from kontobro.core.model.journal import EntryKey, InvoiceKey, Reference, TwinKey, spellings
from kontobro.erp.kit.http import Refused
from kontobro.erp.kit.texts import whole
from kontobro.erp.odoo.api import Api, Domain
from kontobro.erp.odoo.booked import LINE_FIELDS, MOVE_FIELDS, RECEIPT_FIELDS, BookedMove, amount_in, booked_of, pick
from kontobro.erp.odoo.entries import origin_of
from kontobro.erp.odoo.masters import OdooMasters
from kontobro.erp.odoo.names import MODULE

Key = EntryKey

BILLS: Final = ("in_invoice", "in_refund")


class Ledger:
    """The company's documents. Every answer is read now; nothing is kept."""

    def __init__(self, api: Api, masters: OdooMasters) -> None:
        self._api = api
        self._masters = masters

    def under(self, keys: Iterable[Key]) -> list[BookedMove]:
        """What may be under these keys, void ones too."""
        asked = set(keys)
        origins = sorted(origin_of(key) for key in asked if not isinstance(key, InvoiceKey | TwinKey))
        bills = [key for key in asked if isinstance(key, InvoiceKey)]
        twins = [key for key in asked if isinstance(key, TwinKey) and key.vendor.isdigit()]
        found = self._ours(self._read([["invoice_origin", "in", origins]])) if origins else []
        for domain in ([_bills(bills)] if bills else []) + ([_twins(twins)] if twins else []):
            known = {booked.id for booked in found}
            found += [booked for booked in self._read(domain) if booked.id not in known]
        return found

    def open_payments(self, vendors: Iterable[str]) -> list[BookedMove]:
        """Our posted payments to these vendors that are reconciled with nothing yet."""
        lines = self._payable_lines(vendors, [["reconciled", "=", False]])
        found = self._read([["id", "in", lines]]) if lines else []
        return [booked for booked in found if booked.settles and not booked.is_settled]

    def payments(self, vendors: Iterable[str]) -> list[BookedMove]:
        """All our posted payments to these vendors."""
        lines = self._payable_lines(vendors, [])
        return [booked for booked in self._read([["id", "in", lines]]) if booked.settles] if lines else []

    def _ours(self, all_booked: list[BookedMove]) -> list[BookedMove]:
        """Without a bookkeeper's own reversals, which take over the origin: those have no external id of ours."""
        origins = Counter(booked.move["invoice_origin"] for booked in all_booked)
        shared = [booked.id for booked in all_booked if origins[booked.move["invoice_origin"]] > 1]
        if not shared:
            return all_booked
        known = {
            row["id"]
            for row in self._api.read("account.move", "get_metadata", ids=shared)
            if any(one["xmlid"].startswith(f"{MODULE}.") for one in row["xmlids"])
        }
        return [booked for booked in all_booked if booked.id in known or booked.id not in shared]

    def _payable_lines(self, vendors: Iterable[str], more: Domain) -> list[int]:
        """The documents of ours, no bills, with a posted payable line of these vendors."""
        partners = sorted(int(vendor) for vendor in set(vendors) if vendor.isdigit())
        domain = [
            ["partner_id", "in", partners],
            ["account_type", "=", "liability_payable"],
            ["parent_state", "=", "posted"],
            ["move_type", "=", "entry"],
            ["move_id.invoice_origin", "=like", f"{MODULE}.%"],
            *more,
        ]
        rows = self._api.rows("account.move.line", domain, ["move_id"], names=False) if partners else ()
        return sorted({row["move_id"] for row in rows})

    def _read(self, domain: Domain) -> list[BookedMove]:
        moves = list(self._api.rows("account.move", domain, MOVE_FIELDS, names=False))
        ids = [move["id"] for move in moves]
        if not ids:
            return []
        lines = self._api.rows(
            "account.move.line",
            [["move_id", "in", ids], ["display_type", "not in", ["line_section", "line_subsection", "line_note"]]],
            LINE_FIELDS,
            names=False,
        )
        attached = [["res_model", "=", "account.move"], ["res_id", "in", ids]]
        receipts = self._api.rows("ir.attachment", attached, RECEIPT_FIELDS, names=False)
        codes = {number: code for code, number in self._masters.snapshot().currencies.items()}
        return self._with_reversals(list(booked_of(moves, lines, receipts, codes)))

    def _with_reversals(self, all_booked: list[BookedMove]) -> list[BookedMove]:
        """A posted document whose posted reversal takes back all of it is as good as void."""
        reversals = [number for booked in all_booked for number in booked.move["reversal_move_ids"]]
        if not reversals:
            return all_booked
        posted = [["id", "in", reversals], ["state", "=", "posted"]]
        fields = ["reversed_entry_id", "amount_total"]
        taken_back: dict[int, object] = {
            row["reversed_entry_id"]: row["amount_total"]
            for row in self._api.rows("account.move", posted, fields, names=False)
        }
        own = self._api.rows("account.move", [["id", "in", sorted(taken_back)]], ["amount_total"], names=False)
        whole = {row["id"] for row in own if taken_back[row["id"]] == row["amount_total"]}
        return [replace(booked, reversed=booked.id in whole) for booked in all_booked]


def _bills(keys: Sequence[InvoiceKey]) -> Domain:
    """The bills of these vendors and numbers: who has which is seen afterwards."""
    partners = sorted({int(key.vendor) for key in keys if key.vendor.isdigit()})
    return [
        ["move_type", "in", list(BILLS)],
        ["partner_id", "in", partners],
        ["ref", "in", sorted({whole(key.number) for key in keys})],
    ]


def _twins(keys: Sequence[TwinKey]) -> Domain:
    """What may be the same invoice: bills by their number, and entries of ours that have it in their title. Who is
    one is seen afterwards."""
    partners = sorted({int(key.vendor) for key in keys})
    patterns = sorted({_pattern(one) for key in keys for one in spellings(key.number)})
    bills = ["&", ["move_type", "in", list(BILLS)], *_any_of([["ref", "=ilike", one] for one in patterns])]
    ours = [["move_type", "=", "entry"], ["invoice_origin", "=like", f"{MODULE}.%"]]
    entries = ["&", "&", *ours, *_any_of([["ref", "=ilike", f"%{one}%"] for one in patterns])]
    return [["partner_id", "in", partners], ["state", "!=", "cancel"], "|", *bills, *entries]


def _any_of(terms: Sequence[object]) -> list[object]:
    return ["|"] * (len(terms) - 1) + list(terms)


def _pattern(number: str) -> str:
    """A number with anything between its characters, for the blanks that one of them may have, and with any dash."""
    any_dash = {"-": "_"} | {character: f"\\{character}" for character in "\\%_"}
    return "%".join(any_dash.get(character, character) for character in number)


log = logging.getLogger(__name__)


def settle(api: Api, ledger: Ledger, posted: Sequence[BookedMove]) -> bool:
    """Settle what can be settled among these posted documents and their other halves. True when something changed."""
    payments = [one for one in [*posted, *_waiting(ledger, posted)] if one.settles and not one.is_settled]
    payments = list({payment.id: payment for payment in payments if payment.status == "posted"}.values())
    if not payments:
        return False
    bills = ledger.under(payment.settles for payment in payments if payment.settles)
    pairs = [(payment, bill) for payment in payments if (bill := _bill_of(payment, bills))]
    changed = False
    for payment, bill in (pair for pair in pairs if not pair[0].is_returned):
        changed |= _reconcile(api, payment, bill)
    for payment, _ in (pair for pair in pairs if pair[0].is_returned):
        changed |= _take_back(api, ledger, payment)
    return changed


def _waiting(ledger: Ledger, posted: Sequence[BookedMove]) -> Iterator[BookedMove]:
    """The open payments that wait for one of these bills."""
    bills = [one for one in posted if one.is_document and one.key]
    names: set[object] = {bill.reference for bill in bills} | {_name(bill.key) for bill in bills}
    vendors = {bill.key.vendor for bill in bills if bill.key}
    waiting = ledger.open_payments(vendors) if bills else ()
    return (payment for payment in waiting if _name(payment.settles) in names)


def _name(bill: Reference | InvoiceKey | None) -> object:
    """How a bill is named: vendor and number weigh more than the currency."""
    return (bill.vendor, bill.number) if isinstance(bill, InvoiceKey) else bill


def _bill_of(payment: BookedMove, bills: Iterable[BookedMove]) -> BookedMove | None:
    """The posted bill that a payment names; of two under one number the one that is still owed. One that is settled
    takes no second payment, only one that came back (`posting-rules.md` §14.5)."""
    posted = [bill for bill in bills if bill.is_document and bill.status == "posted"]
    owed = [bill for bill in posted if bill.payable and not bill.payable["reconciled"]]
    if payment.settles is None:
        return None
    return pick(payment.settles, posted if payment.is_returned else owed)


def _reconcile(api: Api, one: BookedMove, other: BookedMove) -> bool:
    lines = [booked.payable for booked in (one, other)]
    if not all(lines):
        return False
    try:
        api.write("account.move.line", "reconcile", ids=[line["id"] for line in lines if line])
    except Refused as refusal:
        log.info("odoo left payment %d open: %s", one.id, refusal.name)
        return False
    return True


def _take_back(api: Api, ledger: Ledger, returned: BookedMove) -> bool:
    """A payment that came back: what it settled is undone, so that the bill is open again; the two cancel."""
    line = returned.payable
    vendor = str(line["partner_id"]) if line else ""
    paid = [one for one in ledger.payments([vendor]) if _undoes(returned, one)]
    if not paid:
        return False
    payment = max(paid, key=lambda one: (one.is_settled, one.id))
    if payment.is_settled and payment.payable:
        api.write("account.move.line", "remove_move_reconcile", ids=[payment.payable["id"]])
    return _reconcile(api, returned, payment)


def _undoes(returned: BookedMove, payment: BookedMove) -> bool:
    """The same bill, the same amount, the other direction; and not one that another return has undone."""
    mine, its = returned.payable, payment.payable
    if mine is None or its is None or payment.is_returned or payment.settles != returned.settles:
        return False
    currency = returned.currency
    return payment.currency == currency and amount_in(its, currency) == -amount_in(mine, currency)
