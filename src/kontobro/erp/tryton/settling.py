"""Payments and their bills: posted lines of what is owed, reconciled.

Tryton reconciles lines that cancel out and nothing else (a difference has to be written off by a person): a bill is
settled with all payments that name it when together they pay it, or with the one that pays it alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from decimal import Decimal

from kontobro.erp.common import Refused
from kontobro.erp.tryton.calls import Calls
from kontobro.erp.tryton.ledger import Ledger
from kontobro.erp.tryton.standing import Standing, amount_in, pick

log = logging.getLogger(__name__)

LINE = {"active_model": "account.move.line"}


def settle(api: Calls, ledger: Ledger, posted: Sequence[Standing]) -> bool:
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


def _vendors(standings: Iterable[Standing]) -> set[str]:
    return {one.party for one in standings if one.party}


def _settles(payment: Standing, bill: Standing, bills: Sequence[Standing]) -> bool:
    """True when the payment names this very bill and no other first, of those that are still owed."""
    named = [one for one in bills if one.is_bill and one.status == "posted" and not one.is_settled]
    picked = pick(payment.settles, named) if payment.settles else None
    return picked is not None and picked.id == bill.id


def _settle_bill(api: Calls, bill: Standing, payments: Sequence[Standing]) -> bool:
    together = _balance([bill, *payments])
    alone = next((one for one in payments if not _balance([bill, one])), None)
    if not together:
        return _reconcile(api, [bill, *payments])
    return _reconcile(api, [bill, alone]) if alone else False


def _balance(standings: Sequence[Standing]) -> Decimal:
    """What is left of these in their currency; no number when they are of several, or one owes nothing."""
    if len({one.currency for one in standings}) > 1 or any(one.owed is None for one in standings):
        return Decimal("NaN")
    return sum((amount_in(one.owed, one.currency) for one in standings if one.owed), Decimal(0))


def _reconcile(api: Calls, standings: Sequence[Standing]) -> bool:
    """By Tryton's own wizard: it books the difference of exchange rates itself."""
    return _run(api, "account.move.reconcile_lines", "start", standings)


def _take_back(api: Calls, ledger: Ledger, returned: Standing) -> bool:
    """A payment that came back: what it settled is undone, so that the bill is open again; the two cancel out."""
    paid = [one for one in ledger.payments(_vendors([returned])) if _undoes(returned, one)]
    if not paid:
        return False
    payment = max(paid, key=lambda one: (one.is_settled, one.id))
    if payment.is_settled and not _run(api, "account.move.unreconcile_lines", "unreconcile", [payment]):
        return False
    return _reconcile(api, [returned, payment])


def _undoes(returned: Standing, payment: Standing) -> bool:
    """The same bill, the same amount, the other direction."""
    return not payment.is_returned and payment.settles == returned.settles and not _balance([returned, payment])


def _run(api: Calls, wizard: str, state: str, standings: Sequence[Standing]) -> bool:
    """A wizard over the lines that are owed. One that Tryton refuses leaves the payment open."""
    lines = [int(one.owed["id"]) for one in standings if one.owed]
    try:
        number, *_ = api.write(f"wizard.{wizard}.create")
        told = api.write(f"wizard.{wizard}.execute", number, {}, state, active_ids=lines, **LINE)
        api.write(f"wizard.{wizard}.delete", number)
    except Refused as refusal:
        log.info("tryton left %s undone: %s", wizard, refusal.name)
        return False
    return "view" not in told
