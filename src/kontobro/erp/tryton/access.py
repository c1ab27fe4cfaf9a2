"""Is it the right Tryton, which company, and may the user do what we need? Missing permissions by Tryton's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kontobro.core.errors import Misconfigured, NotAllowed, SeveralCompanies, shown
from kontobro.erp.tryton.calls import Calls

OLDEST: Final = (7, 0)
ACCOUNTING: Final = "Accounting (account.group_account)"
DELETING: Final = f"{ACCOUNTING}; in Tryton 7.0 Account Administration (account.group_account_admin)"

NEEDS: Final = (
    ("account.account", "read", "read the accounts", ACCOUNTING),
    ("account.move", "create", "book entries", ACCOUNTING),
    ("account.move", "delete", "withdraw drafts", DELETING),
    ("account.invoice", "create", "book bills", ACCOUNTING),
    ("account.tax.line", "create", "book tax", ACCOUNTING),
    ("analytic_account.line", "create", "book dimensions", ACCOUNTING),
    ("account.move.reconciliation", "create", "settle bills", ACCOUNTING),
    ("ir.attachment", "create", "attach receipts", ACCOUNTING),
    ("party.party", "read", "read the vendors", ACCOUNTING),
    ("company.employee", "read", "read the employees", ACCOUNTING),
)
"""Model and operation, in plain words, and the group that gives it in a Tryton as it comes."""


TO_ADD_VENDORS: Final = (
    ("party.party", "create", "create parties", ACCOUNTING),
    ("party.identifier", "create", "create identifiers of parties", ACCOUNTING),
    ("party.address", "create", "create addresses of parties", ACCOUNTING),
)
"""Asked for only when there is a vendor to add. As Tryton comes, every user may."""


def missing_permissions(api: Calls, needs: Sequence[tuple[str, str, str, str]] = NEEDS) -> list[str]:
    """What the user may not do of this, each with the group that gives it."""
    models = sorted({model for model, *_ in needs})
    granted = api.read("model.ir.model.access.get_access", models)
    return [f"{words} (group {group})" for model, mode, words, group in needs if not granted[model][mode]]


def find_company(api: Calls) -> None:
    """Set the company that the API works for: the chosen one, else the only one of the user."""
    _check_version(api)
    seen = api.read("model.res.user.get_preferences", False).get("companies") or []
    if api.company:
        if api.company not in seen:
            raise NotAllowed(
                f"The user does not work in company {api.company} in Tryton.",
                "Add the company to the user in Tryton (Administration > Users), or choose another.",
            )
        return
    if not seen:
        raise Misconfigured("The user works in no company in Tryton.", "Add one to the user (Administration > Users).")
    if len(seen) > 1:
        raise SeveralCompanies(
            f"The user works in several companies in Tryton: {', '.join(map(str, seen))}.",
            "Choose one of them.",
            companies=[(str(id), f"company {id}") for id in seen],
        ).by("--erp-company ID")
    api.company = int(seen[0])


def _check_version(api: Calls) -> None:
    series = api.version()
    numbers = tuple(int(part) for part in series.split(".")[:2] if part.isdigit())
    if len(numbers) < 2 or numbers < OLDEST:
        raise Misconfigured(
            f"{f'Tryton {shown(series)}' if series else 'No Tryton'} answers at this address.",
            "Check the address. Kontobro works with Tryton 7.0 and 8.2.",
        )
