"""What the posting rules find wrong or worth saying while they look at one item."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from kontobro.core.errors import OWN, ItemFailure, Problem
from kontobro.core.words import Fact, Noted, Phrase

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
    "tax_code_unsupported": "tax_code_unknown",
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
    # items, receipts and bookings
    "malformed_item": "validation_failure",
    "item_missing": "unexpected_failure",
    "receipt_unavailable": "receipt_download_failure",
    "receipt_too_large": "receipt_file_size_limit_exceeded",
    "receipt_not_what_it_says": "receipt_conversion_failure",
    "receipt_type_refused": "receipt_conversion_failure",
    "receipts_too_many": "receipt_upload_failure",
    "receipt_not_attached": "receipt_upload_failure",
    "invoice_duplicate": "validation_failure",
    "already_booked_differently": "accounting_system_validation_failure",
    "booked_differently": "accounting_system_validation_failure",
    "document_account": "account_unknown",
    "document_currency": "accounting_system_validation_failure",
    "document_letters": "accounting_system_validation_failure",
    "document_setting": "invalid_configuration",
    "document_too_long": "accounting_system_validation_failure",
    "document_unsure": "accounting_system_timeout",
    "was_released": "validation_failure",
    "booked_and_voided": "accounting_system_validation_failure",
    "write_not_taken": "accounting_system_timeout",
    "booking_vanished": "accounting_system_validation_failure",
    "still_a_draft": "accounting_system_validation_failure",
    "connector_broke": "unexpected_failure",
    # what Pleo refuses, and what a sync leaves
    "exists": "invalid_configuration",
    "refused_by_pleo": "validation_failure",
    "gone_at_pleo": "invalid_configuration",
    "tag_group_missing": "invalid_configuration",
    "tax_rate_invalid": "invalid_configuration",
    "tax_type_unsupported.sync": "invalid_configuration",
    "tax_code_unsupported.sync": "invalid_configuration",
    "vendor_currency_missing": "invalid_configuration",
    "code_shared": "validation_failure",
    "code_taken": "validation_failure",
    "duplicate_at_pleo": "validation_failure",
    "vendor_conflict": "validation_failure",
    "vendor_known": "validation_failure",
    "vendor_same_name": "validation_failure",
    "parent_missing": "validation_failure",
    "uncertain": "validation_failure",
    # what an accounting system refuses
    "account_currency.system": "accounting_system_validation_failure",
    "booking_gone": "accounting_system_validation_failure",
    "breaks_ledger": "accounting_system_validation_failure",
    "currency_inactive": "accounting_system_validation_failure",
    "currency_invalid": "validation_failure",
    "currency_rate_missing": "accounting_system_validation_failure",
    "dimension_twice": "tag_unknown",
    "dimension_value_unknown": "tag_unknown",
    "journal_unknown": "missing_configuration",
    "not_posted": "accounting_system_validation_failure",
    "pad_absorbs": "accounting_system_validation_failure",
    "party_missing": "vendor_unknown",
    "reference_invalid": "validation_failure",
    "refused_by_accounting_system": "accounting_system_validation_failure",
    "text_too_long": "accounting_system_validation_failure",
    "unbalanced": "validation_failure",
    "vendor_address_missing": "accounting_system_validation_failure",
    "vendor_code_taken": "vendor_unknown",
    "vendor_inactive": "vendor_unknown",
    "vendor_known.number": "vendor_unknown",
    "vendor_not_written": "vendor_unknown",
}
"""Each problem code, and what Pleo is told; a form of it where that differs. Explained in `docs/problems.md`."""


LIST = ", "
"""Between several codes in one `value`, such as types of expenses."""


def problem(name: str, field: str, value: object, /, **facts: Fact) -> Problem:
    """A problem of the catalogue; `name` is its code, or code and form. Every other placeholder of its templates is a
    fact."""
    reason = REASONS.get(name) or REASONS[name.partition(".")[0]]
    return Problem.of(name, field, value, reason, facts)


def noted(name: str, /, **facts: Fact) -> Noted:
    """The phrase `note_<name>` as a note."""
    return Noted(Phrase(f"note_{name}", facts))


def phrase_of(found: Problem) -> Phrase | str:
    """A problem's message as a part of another text; its own words as they are."""
    if found.form == OWN:
        return found.message
    name = f"{found.code}.{found.form}" if found.form else found.code
    return Phrase(name, {"field": found.field, "value": found.value, **found.facts})


@dataclass(slots=True)
class Findings:
    """Collects all of them at once: problems stop the item, notes and texts go on its entries."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """What has no field of its own in the books and goes into the entry's text."""
    day: date | None = None
    """The booking day: accounts and tax codes have to be open on it. None where nothing is booked."""

    def fail(self, name: str, field: str, value: object, /, **facts: Fact) -> None:
        found = problem(name, field, value, **facts)
        if found not in self.problems:
            self.problems.append(found)

    def note(self, name: str, /, **facts: Fact) -> None:
        """A note of the catalogue: `note_<name>` of its phrases."""
        note = noted(name, **facts)
        if note not in self.notes:
            self.notes.append(note)

    def text(self, text: str) -> None:
        if text not in self.texts:
            self.texts.append(text)
