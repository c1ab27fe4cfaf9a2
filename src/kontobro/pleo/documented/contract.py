"""What Pleo's documents say of each call: fields and statuses (`contract.json`, made by `scripts/documented.py`), and
the words that a field may have (`pleo/api.md` B3, E, H, I).

Paths of fields: `data[].status`, `metadata.*` where the names are free.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

GENERAL: Final = frozenset({400, 401, 403, 404, 429})
"""Answers that HTTP has for every call: Pleo names only those that are special to one (`pleo/api.md` B0)."""

_JOB = frozenset("pending in_progress failed completed completed_with_errors".split())
_ITEM = frozenset("pending in_progress failed successful abandoned".split())
_JOB_FAILURE = frozenset(
    """invalid_configuration missing_configuration authentication_failure accounting_system_authentication_failure
    pleo_rate_limit accounting_system_rate_limit service_unreachable accounting_system_unreachable validation_failure
    authorization_failure integration_unusable job_expired service_timeout accounting_system_timeout
    canceled_by_user""".split()
)
_ITEM_FAILURE = frozenset(
    """receipt_upload_failure receipt_download_failure receipt_file_size_limit_exceeded receipt_conversion_failure
    unexpected_failure invalid_configuration missing_configuration accounting_system_authentication_failure
    accounting_system_rate_limit accounting_system_unreachable validation_failure accounting_system_validation_failure
    authorization_failure accounting_system_timeout vendor_unknown account_unknown tax_code_unknown
    tag_unknown""".split()
)
_TYPES = frozenset(
    """card_purchase card_invoice out_of_pocket mileage per_diem external_reimbursement direct_reimbursement invoice
    invoice_payment chargeback refund cashback atm_withdrawal wallet_topup wallet_unload personal_spend fee""".split()
)
_SUBTYPES = frozenset(
    """reimbursement_to_employee_refund reimbursement_to_company reimbursement_to_employee invoice_payment_returned
    invoice_payment_sent interest""".split()
)
_INVOICE = frozenset(
    """pending_approval parsed preparing prepared ready rejected_by_approver marked_as_paid scheduled
    payment_in_progress paid voided_by_user rejected_by_user failed_payment""".split()
)
_JOB_FIELDS = {"status": _JOB, "failureReasonType": _JOB_FAILURE}
_CONTROL_FIELDS = {"status": _ITEM, "failureReasonType": _ITEM_FAILURE}
_INSTALLATION = {
    "status": frozenset("ACTIVATED INACTIVE AUTHORIZED PENDING_INTEGRATION ERROR".split()),
    "errorCode": frozenset({"NOT_ENTITLED", "AUTH_ERROR"}),
}
_UPDATE_ERRORS = frozenset(
    "ACCOUNTING_ENTRY_DOES_NOT_EXIST EXPORT_ENTRY_STATUS_UPDATE_FAILED ACCOUNTING_ENTRY_UPDATE_FAILED".split()
)
_TAX = frozenset({"inclusive", "exclusive", "reverse"})
_VENDOR = frozenset({"DRAFT", "ACTIVE", "ARCHIVED"})
_EVENTS = frozenset({"v1.export-job.created", "v1.export.job-created", "v1.vendor.created"})

Words = Mapping[str, frozenset[str]]


def _under(prefix: str, words: Words) -> Words:
    return {f"{prefix}.{name}": known for name, known in words.items()}


WORDS: Final[Mapping[str, Words]] = {
    "GET /v3/export-jobs": _under("data[]", _JOB_FIELDS),
    "GET /v3/export-jobs/{id}": _under("data", _JOB_FIELDS),
    "GET /v3/export-jobs/{id}/items": _under("data[]", _CONTROL_FIELDS),
    "PUT /v3/export-jobs/{id}/items": {**_under("data[]", _CONTROL_FIELDS), "errors[].type": _UPDATE_ERRORS},
    "GET /v3/export-items": {
        "data[].type": _TYPES,
        "data[].subType": _SUBTYPES,
        "data[].bookkeeping.method": frozenset({"none", "journal", "accounts_payable"}),
        "data[].accountingEntryLines[].tax.type": _TAX,
        "data[].additionalInformation.invoiceInformation.status": _INVOICE,
    },
    "GET /v1/introspect": {"data.authMethod": frozenset({"OAUTH2", "API_KEY", "NONE"})},
    "GET /v1/installations/me": _INSTALLATION,
    "POST /v1/installations/me": _INSTALLATION,
    "PUT /v1/installations/me": _INSTALLATION,
    "POST /v1/installations/me:activate": _INSTALLATION,
    "GET /v1/subscriptions": {"data[].eventTypes[]": _EVENTS, "data[].status": frozenset({"ACTIVE", "INACTIVE"})},
    "POST /v1/vendors:search": {"data[].state": _VENDOR},
    "GET /v1/vendors/{id}": {"data.state": _VENDOR},
    "POST /v0/tax-codes:search": {"data[].type": _TAX},
}
"""By call and field: the words that Pleo's documents have. A text of any other field is never shown."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One call, as Pleo documents it."""

    statuses: frozenset[int] = frozenset()
    fields: frozenset[str] = frozenset()
    words: Words = field(default_factory=dict)

    def is_free(self, path: str) -> bool:
        """Whether the names below this field are anyone's: no part of the contract, and not to be shown."""
        return f"{path}.*" in self.fields

    def expects(self, status: int) -> bool:
        """Whether an answer of this status is documented for the call, or general; 5xx are HTTP's."""
        named = status in self.statuses or (200 <= status < 300 and not any(one < 300 for one in self.statuses))
        return named or status in GENERAL or status >= 500


@cache
def contract_of(call: str) -> Contract | None:
    """What Pleo documents of a call (`GET /v3/export-jobs/{id}`); None for one that its documents leave out."""
    known = _documents().get(call)
    if known is None:
        return None
    return Contract(frozenset(known["statuses"]), frozenset(known["fields"]), WORDS.get(call, {}))


@cache
def _documents() -> Mapping[str, Mapping[str, list]]:  # type: ignore[type-arg]
    read: Mapping[str, Mapping[str, list]] = json.loads(  # type: ignore[type-arg]
        Path(__file__).with_name("contract.json").read_text(encoding="utf-8")
    )
    return read
