"""Is it the right Odoo, which company, and may the key's user do what we need? Missing permissions by Odoo's names."""

from __future__ import annotations

from typing import Final

from kontobro.core.errors import Misconfigured, NotAllowed, SeveralCompanies, shown
from kontobro.erp.odoo.api import Api
from kontobro.erp.odoo.api.versions import OLDEST, major_of

NEEDS: Final = (
    ("account.move", "create", "book entries", "Accounting: Invoicing (account.group_account_invoice)"),
    ("account.move", "unlink", "withdraw drafts", "Accounting: Invoicing (account.group_account_invoice)"),
    ("account.account", "read", "read the accounts", "Accounting: Invoicing (account.group_account_invoice)"),
    ("account.partial.reconcile", "create", "settle bills", "Accounting: Invoicing (account.group_account_invoice)"),
    (
        "account.analytic.account",
        "read",
        "read analytic accounts",
        "Analytic Accounting (analytic.group_analytic_accounting)",
    ),
    ("ir.attachment", "create", "attach receipts", "Internal User (base.group_user)"),
)
"""Model and operation, in plain words, and the group that gives it."""


def missing_permissions(api: Api) -> list[str]:
    """What the user may not do, each with the group that gives it."""
    return [f"{words} (group {group})" for model, operation, words, group in NEEDS if not may(api, model, operation)]


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
        raise NotAllowed(
            f"The API key's user does not see company {api.company} in Odoo.",
            "Allow it for the user in Odoo (Settings > Users), or choose another company.",
        )
    if not seen:
        raise NotAllowed(
            "The API key's user sees no company in Odoo.", "Allow one for the user in Odoo (Settings > Users)."
        )
    companies = [(str(row["id"]), shown(row["name"])) for row in seen]
    names = ", ".join(f"{id} ({name})" for id, name in companies)
    raise SeveralCompanies(f"This Odoo has several companies: {names}.", "Choose one of them.", companies=companies).by(
        "--erp-company ID"
    )


def _check_version(api: Api) -> None:
    version = api.version()
    if major_of(version) < api.oldest:
        raise Misconfigured(
            f"Odoo {shown(version) or 'of an unknown version'} answers there.",
            f"Kontobro needs Odoo {OLDEST} or newer; for 17 and 18 set `login` (the user's) and `database` besides.",
        )
