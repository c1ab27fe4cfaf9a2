"""What problems and faults say, in the languages of the screens: one TOML file a language, beside this one.

The core speaks English, and so does what Pleo is told. A screen in another language asks here for the same problem in
its words. Where the English says more than field and value do (a limit, a lock date, the accounting system's own
words), it is quoted behind the translation: nothing is lost. What no file knows stays English.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from kontobro.core.errors import KontobroError, Problem
from kontobro.core.model.findings import LIST

LANGUAGES: Final = ("da", "de", "fr", "sv")

SAYS_MORE: Final = frozenset(
    {
        # posting rules and settings
        "account_ambiguous",  # which accounts
        "account_unknown",  # the category, its identifier and its code
        "account_closed",  # its days, and the expense's
        "account_currency",  # the currencies that it takes, and the expense's
        "amount_invalid",  # why: digits, decimals, no number
        "hook_failed",
        "hook_missing",
        "hook_result_wrong",
        "invoice_duplicate",  # where the other one is
        "invoice_voided",  # its number
        "period_closed",  # which lock, and until when
        "setting_is_id",  # whose id it is
        "setting_was_id",  # whose, too
        "setting_missing",  # what the account is for
        "setting_unknown",  # which is near
        "setting_wrong",  # what it takes
        "subtype_unknown",  # of which type
        "tag_ambiguous",  # in which dimension
        "tag_conflict",
        "tag_unknown",
        "tax_exceeds_line",  # the line
        "tax_on_zero_rate",  # which code
        "tax_sign_differs",
        "tax_type_differs",
        "tax_type_unsupported",
        # items, receipts and bookings
        "already_booked_differently",  # where it stands, and what differs
        "booked_and_voided",
        "booked_differently",
        "connector_broke",  # the log id
        "malformed_item",
        "receipt_not_attached",
        "receipt_not_what_it_says",
        "receipt_too_large",
        "receipt_unavailable",
        "receipts_too_many",
        "still_a_draft",
        # what Pleo refuses, and what a sync leaves
        "code_taken",
        "duplicate_at_pleo",
        "exists",
        "gone_at_pleo",
        "refused_by_pleo",
        "tag_group_missing",
        "tax_rate_invalid",
        "uncertain",
        "vendor_currency_missing",
        "vendor_known",
        "vendor_same_name",  # whose
        "vendor_unknown",  # what was looked for, and who has the same name
        # what an accounting system refuses
        "currency_rate_missing",
        "journal_unknown",
        "not_posted",  # its own words
        "party_missing",
        "refused_by_accounting_system",
        "text_too_long",
        "unbalanced",
        "breaks_ledger",  # what Beancount says
        "pad_absorbs",  # how much
        "vendor_code_taken",  # by whom
        "vendor_inactive",
        "vendor_not_written",
    }
)
"""Problems whose English message has facts that neither the field nor the value has."""

LISTS: Final = frozenset({"types_would_fail"})
"""Problems whose value lists codes that have names."""

FAULTS: Final = frozenset(
    """Busy StoreUnreachable SeveralCompanies Uncertain Conflict EmptySource DuplicateCode TooManyChanges NotApproved
    UnsafePlan BadAnswer ConnectorFault""".split()
)
"""Faults with words of their own; the others say why the job fails."""

ENGLISH: Final[Mapping[str, str]] = {
    "atm_withdrawal": "ATM withdrawal",
    "wallet_topup": "Wallet top-up",
    "item": "Expense",
    "seen": "Waiting",
    "claiming": "Starting",
    "not ours": "Done by another installation",
    "completed_with_errors": "Completed, with expenses to mend",
    "rejected": "To mend",
    "uncertain": "Outcome unknown",
    "reported": "Told to Pleo",
    "waiting": "Waits for a decision",
    "create": "New in Pleo",
    "adopt": "Stands in Pleo, taken over",
    "update": "Changed in Pleo",
    "unarchive": "Back from Pleo's archive",
    "activate": "Activated in Pleo",
    "write": "Created in the accounting system",
    "set_aside": "Gets a temporary code",
    "archive": "Archived in Pleo",
}
"""Names whose English is not the code's own."""

Said = Mapping[str, str]


def in_language(problem: Problem, language: str | None) -> Problem:
    """The same problem with message and remedy in that language (`da`, `da_DK`); unchanged where no file knows it."""
    words = _words(language)
    said = _said(words, "problem", problem.code)
    if not said or (not problem.value and "{value}" in said["message"] and "message_without_value" not in said):
        return problem
    pattern = said["message"] if problem.value else said.get("message_without_value", said["message"])
    value = problem.value
    if problem.code in LISTS:
        value = LIST.join(name_in(code, language) for code in value.split(LIST))
    message = pattern.format(field=problem.field, value=value)
    if problem.code in SAYS_MORE:
        message = f"{message} {_quoted(words, problem.message)}"
    return replace(problem, message=message, remedy=said["remedy"].format(field=problem.field, value=problem.value))


def fault_in(fault: KontobroError, language: str | None) -> str:
    """What a fault says to a person in that language, with the English below it; the English alone for others."""
    return fault_told(fault_code(fault), str(fault), language)


def fault_code(fault: KontobroError) -> str:
    """What is kept of a fault beside its text, for `fault_told`: `fault.Busy`, else why the job fails, `job.…`."""
    kind = next((one.__name__ for one in type(fault).__mro__ if one.__name__ in FAULTS), None)
    return f"fault.{kind}" if kind else f"job.{fault.job_failure}"


def fault_told(code: str, english: str, language: str | None) -> str:
    """As `fault_in`, from what was kept of the fault: its `fault_code` and its English text."""
    section, _, name = code.partition(".")
    said = _said(_words(language), section, name)
    return f"{said['message']} {said['remedy']}\n{english}" if said else english


def name_in(code: str, language: str | None) -> str:
    """A type of expense, a kind of document, a state, a change, as lists name it; from its code where no file does."""
    key = code.replace("-", "_")
    english = ENGLISH.get(key, key.replace("_", " ").capitalize())
    return str(_words(language).get("names", {}).get(key, english))


def _quoted(words: Mapping[str, Mapping[str, Any]], english: str) -> str:
    return str(words["original"]["problem"]["message"]).format(original=english)


def _said(words: Mapping[str, Mapping[str, Any]], section: str, name: str) -> Said:
    said: Said = words.get(section, {}).get(name, {})
    return said


@cache
def _words(language: str | None) -> Mapping[str, Mapping[str, Any]]:
    """A language's file; nothing for a language that has none."""
    name = re.split(r"[-_.@]", language or "")[0].lower()
    if name not in LANGUAGES:
        return {}
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))
