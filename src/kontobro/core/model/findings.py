"""What the posting rules find wrong or worth saying while they look at one item."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from kontobro.core.errors import ItemFailure, Problem, shown

REASONS: dict[str, ItemFailure] = {
    # the item itself
    "type_unknown": "invalid_configuration",
    "subtype_unknown": "invalid_configuration",
    "method_unknown": "invalid_configuration",
    "lines_missing": "validation_failure",
    "amount_invalid": "validation_failure",
    "amount_zero": "validation_failure",
    "currency_unknown": "validation_failure",
    "currency_mixed": "validation_failure",
    "sum_differs": "validation_failure",
    "invoice_voided": "validation_failure",
    # accounts
    "account_missing": "missing_configuration",
    "account_unknown": "account_unknown",
    "account_blocked": "account_unknown",
    "account_closed": "account_unknown",
    "account_ambiguous": "account_unknown",
    "account_currency": "invalid_configuration",
    "journal_missing": "missing_configuration",
    # tax
    "tax_type_unsupported": "validation_failure",
    "tax_code_missing": "tax_code_unknown",
    "tax_code_unknown": "tax_code_unknown",
    "tax_code_ambiguous": "tax_code_unknown",
    "tax_account_missing": "missing_configuration",
    "reverse_tax_missing": "validation_failure",
    "tax_type_differs": "validation_failure",
    "tax_on_zero_rate": "validation_failure",
    "tax_sign_differs": "validation_failure",
    "tax_exceeds_line": "validation_failure",
    "tax_rate_impossible": "validation_failure",
    # dimensions, vendors, dates
    "tag_unknown": "tag_unknown",
    "tag_ambiguous": "tag_unknown",
    "tag_conflict": "invalid_configuration",
    "dimension_unknown": "invalid_configuration",
    "vendor_unknown": "vendor_unknown",
    "vendor_ambiguous": "vendor_unknown",
    "period_closed": "accounting_system_validation_failure",
    "time_zone_unknown": "invalid_configuration",
    # settings and the company's own function
    "setting_missing": "missing_configuration",
    "setting_unknown": "invalid_configuration",
    "setting_wrong": "invalid_configuration",
    "setting_is_id": "invalid_configuration",
    "setting_was_id": "invalid_configuration",
    "types_would_fail": "missing_configuration",
    "hook_missing": "invalid_configuration",
    "hook_failed": "unexpected_failure",
    "hook_result_wrong": "invalid_configuration",
}
"""Each problem code of the rules and settings, and what Pleo is told. Explained in `docs/problems.md`."""


LIST = ", "
"""Between several codes in one `value`, such as types of expenses."""


def problem(code: str, field: str, value: object, message: str, remedy: str) -> Problem:
    """A problem of a known code; `value` is shortened to what may stand in a message."""
    return Problem(code, field, shown(value), message, remedy, REASONS[code])


@dataclass(slots=True)
class Findings:
    """Collects all of them at once: problems stop the item, notes and texts go on its entries."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """What has no field of its own in the books and goes into the entry's text."""
    day: date | None = None
    """The booking day: accounts and tax codes have to be open on it. None where nothing is booked."""

    def fail(self, code: str, field: str, value: object, message: str, remedy: str) -> None:
        found = problem(code, field, value, message, remedy)
        if found not in self.problems:
            self.problems.append(found)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def text(self, text: str) -> None:
        if text not in self.texts:
            self.texts.append(text)
