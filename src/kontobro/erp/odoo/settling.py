"""Payments and their bills: posted lines on the payable account, reconciled.

A payment is booked as a journal entry on the payable account, not as an `account.payment`: it keeps exactly the
accounts that the posting rules gave, is created under our external id like any other entry, and one document says it
all. Each reconciliation is a call of its own and may be repeated; one that Odoo refuses leaves the payment open.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence

from kontobro.core.journal import InvoiceKey, Reference
from kontobro.erp.common import Refused
from kontobro.erp.odoo.api import Api
from kontobro.erp.odoo.ledger import Ledger
from kontobro.erp.odoo.standing import Standing, amount_in, pick

log = logging.getLogger(__name__)


def settle(api: Api, ledger: Ledger, posted: Sequence[Standing]) -> bool:
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


def _waiting(ledger: Ledger, posted: Sequence[Standing]) -> Iterator[Standing]:
    """The open payments that wait for one of these bills."""
    bills = [one for one in posted if one.is_document and one.key]
    names: set[object] = {bill.reference for bill in bills} | {_name(bill.key) for bill in bills}
    vendors = {bill.key.vendor for bill in bills if bill.key}
    waiting = ledger.open_payments(vendors) if bills else ()
    return (payment for payment in waiting if _name(payment.settles) in names)


def _name(bill: Reference | InvoiceKey | None) -> object:
    """How a bill is named: vendor and number weigh more than the currency."""
    return (bill.vendor, bill.number) if isinstance(bill, InvoiceKey) else bill


def _bill_of(payment: Standing, bills: Iterable[Standing]) -> Standing | None:
    """The posted bill that a payment names; of two under one number the one that is still owed. One that is settled
    takes no second payment, only one that came back (`posting-rules.md` §14.5)."""
    posted = [bill for bill in bills if bill.is_document and bill.status == "posted"]
    owed = [bill for bill in posted if bill.payable and not bill.payable["reconciled"]]
    if payment.settles is None:
        return None
    return pick(payment.settles, posted if payment.is_returned else owed)


def _reconcile(api: Api, one: Standing, other: Standing) -> bool:
    lines = [standing.payable for standing in (one, other)]
    if not all(lines):
        return False
    try:
        api.write("account.move.line", "reconcile", ids=[line["id"] for line in lines if line])
    except Refused as refusal:
        log.info("odoo left payment %d open: %s", one.id, refusal.name)
        return False
    return True


def _take_back(api: Api, ledger: Ledger, returned: Standing) -> bool:
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


def _undoes(returned: Standing, payment: Standing) -> bool:
    """The same bill, the same amount, the other direction; and not one that another return has undone."""
    mine, its = returned.payable, payment.payable
    if mine is None or its is None or payment.is_returned or payment.settles != returned.settles:
        return False
    currency = returned.currency
    return payment.currency == currency and amount_in(its, currency) == -amount_in(mine, currency)
