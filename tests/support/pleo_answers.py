"""Every answer that Pleo's documents leave open, as Pleo in a box plays it: one company's expenses, and what becomes of
them under each. Nothing is booked wrong under any; what is not booked says so.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from kontobro.core.dialect import SWITCHES
from pleo_sandbox.model import Expense
from pleo_sandbox.rules import ANSWERS, LENIENT
from tests.support.pleo_company import a_line, a_receipt, an_item, invoice, money

Answers = Mapping[str, Any]

GOOD: Final = 23
"""Expenses that can be booked: more than the smallest batch and the smallest page."""
ISK, INVOICE, TAXED, REFUNDS = 5, GOOD - 3, GOOD - 2, (GOOD - 1, GOOD)


def expenses() -> list[Expense]:
    """The good ones, by number: two with a receipt, one of 1,500 Icelandic kronur, an invoice, one with
    tax, two refunds."""
    good = [Expense(an_item(number), (a_receipt(number),) if number < 3 else ()) for number in range(1, INVOICE)]
    good[ISK - 1] = Expense(an_item(ISK, **in_isk(1_500)))
    good.append(Expense(invoice(INVOICE, "INV-20")))
    tax = {"id": str(uuid.uuid4()), "type": "inclusive", "rate": 0.25, "amount": money(2_000), "code": "I25"}
    good.append(Expense(an_item(TAXED, accountingEntryLines=[a_line(10_000, tax=tax)])))
    return [*good, *(Expense(an_item(number, type="refund", minor=-5_000)) for number in REFUNDS)]


def in_isk(units: int) -> dict[str, Any]:
    """Fields of an expense from a wallet in Icelandic kronur, which have no decimals."""
    amount = money(units, "ISK")
    wallet = {"id": str(uuid.UUID(int=89)), "name": "Pleo clearing", "code": "1089", "identifier": None}
    line = a_line(units, lineAmount=amount, netAmount=amount)
    return {"amount": amount, "accountingEntryLines": [line], "contraAccount": wallet}


@dataclass(frozen=True)
class Effect:
    """What an answer does to an export. `refused`: the expenses by number that fail, with the reason and a part of the
    text that Pleo is told; `stops`: a part of what is said of the job, which does not end well; `unseen`: the job is
    never worked on."""

    refused: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    stops: str = ""
    unseen: bool = False


NONE: Final = Effect()
_NO_RECEIPT = ("receipt_download_failure", "receipt")

EFFECTS: Final[Mapping[tuple[str, object], Effect]] = {
    ("unseen_word", "type"): Effect({1: ("invalid_configuration", "type unseen_word")}),
    ("unseen_word", "method"): Effect({1: ("invalid_configuration", "method unseen_word")}),
    ("unseen_word", "taxType"): Effect({TAXED: ("validation_failure", "unseen_word")}),
    ("unseen_word", "itemStatus"): Effect(stops="status unseen_word"),
    ("unseen_word", "jobStatus"): Effect(unseen=True),
    ("amount_fractions", True): Effect({1: ("validation_failure", "whole")}),
    ("receipts_need_login", True): Effect(dict.fromkeys((1, 2), _NO_RECEIPT)),
}
"""Switch and answer → its effect; under all others every good expense is booked."""


def effect_of(rules: Answers) -> Effect:
    found = [effect for known, effect in EFFECTS.items() if known in rules.items()]
    return found[0] if found else NONE


CASES: Final = [(name, answer) for name, answers in ANSWERS.items() for answer in answers[1:]]
CUT: Final = {"largest_page": 20, "refuses_large_pages": False}
STUCK: Final = {"follows_cursors": False, "largest_page": 20}

PLAYED: Final = {
    "the first answers": {},
    **{f"{name}={answer}": {name: answer} for name, answer in CASES},
    "lenient": dict(LENIENT),
    "pages are cut": CUT,
    "others": {name: answers[-1] for name, answers in ANSWERS.items() if name in SWITCHES},
}
"""By name: what Pleo answers, each other answer alone."""


OF_EXPORTS: Final = frozenset(
    """update_batch job_key keep_alive_by_item all_failed reason_on_errors unknown_reasons login_reason longest_reason
    max_active_tags account_match batch_items_fail_alone tax_code_must_be_known exclusive_tax_codes keeps_external_id
    successful_is_final unknown_job entries_scope entries_need_scope pending_takes_updates expires_in events_take
    update_limit_status incoming_sign amount_fractions receipts_need_login contra_accounts_needed pending_may_fail
    final_event_fits_items failed_needs_reason external_url_is_checked twins_are_refused""".split()
)
"""Switches that show in exports and syncs alone: a login, an installation and webhooks meet none of them."""
CONNECTING: Final = {name: rules for name, rules in PLAYED.items() if not rules or rules.keys() - OF_EXPORTS}
"""The cases that a login, an installation or webhooks may meet."""


def played(cases: Mapping[str, Answers] = PLAYED) -> list[Any]:
    """The cases for `parametrize`."""
    return [pytest.param(dict(rules), id=name) for name, rules in cases.items()]
