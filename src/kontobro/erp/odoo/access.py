"""Is it the right Odoo, which company, and may the key's user do what we need? Missing permissions by Odoo's names."""

from __future__ import annotations

from typing import Final

from kontobro.core.errors import Misconfigured, NotAllowed, SeveralCompanies, shown
from kontobro.core.words import Phrase, told
from kontobro.erp.kit.http import needed
from kontobro.erp.odoo.api import Api
from kontobro.erp.odoo.api.versions import OLDEST, major_of

NEEDS: Final = (
    ("account.move", "create", Phrase("right_book_entries"), "Accounting: Invoicing (account.group_account_invoice)"),
    (
        "account.move",
        "unlink",
        Phrase("right_withdraw_drafts"),
        "Accounting: Invoicing (account.group_account_invoice)",
    ),
    ("account.account", "read", Phrase("right_read_accounts"), "Accounting: Invoicing (account.group_account_invoice)"),
    (
        "account.partial.reconcile",
        "create",
        Phrase("right_settle_bills"),
        "Accounting: Invoicing (account.group_account_invoice)",
    ),
    (
        "account.analytic.account",
        "read",
        Phrase("right_read_analytic_accounts"),
        "Analytic Accounting (analytic.group_analytic_accounting)",
    ),
    ("ir.attachment", "create", Phrase("right_attach_receipts"), "Internal User (base.group_user)"),
)
"""Model and operation, the right in words, and the group that gives it."""


def missing_permissions(api: Api) -> list[Phrase]:
    """What the user may not do, each with the group that gives it."""
    return [needed(right, group) for model, operation, right, group in NEEDS if not may(api, model, operation)]


def may(api: Api, model: str, operation: str) -> bool:
    """Whether the user has this right at all."""
    if api.names().has_access:
        return bool(api.read(model, "has_access", operation=operation))
    return bool(api.read(model, "check_access_rights", operation=operation, raise_exception=False))


def find_company(api: Api) -> None:
    """Set the company that the API works for: the chosen one, else the only one that the user sees."""
    _check_version(api)
    domain = [["id", "=", api.company]] if api.company else []
    seen = list(api.rows("res.company", domain, ["name"]))
    if len(seen) == 1:
        api.company = int(seen[0]["id"])
        return
    if api.company:
        raise NotAllowed(*told("odoo_company_not_seen", company=str(api.company)))
    if not seen:
        raise NotAllowed(*told("odoo_no_company"))
    companies = [(str(row["id"]), shown(row["name"])) for row in seen]
    names = ", ".join(f"{id} ({name})" for id, name in companies)
    raise SeveralCompanies(*told("odoo_several_companies", companies=names), companies=companies).by("--erp-company ID")


def _check_version(api: Api) -> None:
    version = api.version()
    if major_of(version) < api.oldest:
        words = (
            told("odoo_too_old", version=shown(version), oldest=str(OLDEST))
            if version
            else told("odoo_version_unknown", oldest=str(OLDEST))
        )
        raise Misconfigured(*words)
