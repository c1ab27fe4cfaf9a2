"""Is it the right Tryton, which company, and may the user do what we need? Missing permissions by Tryton's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kontobro.core.errors import Misconfigured, NotAllowed, SeveralCompanies, shown
from kontobro.core.words import Phrase, told
from kontobro.erp.kit.http import needed
from kontobro.erp.tryton.calls import Calls

OLDEST: Final = (7, 0)
ACCOUNTING: Final = "Accounting (account.group_account)"
DELETING: Final = f"{ACCOUNTING}; in Tryton 7.0 Account Administration (account.group_account_admin)"

NEEDS: Final = (
    ("account.account", "read", Phrase("right_read_accounts"), ACCOUNTING),
    ("account.move", "create", Phrase("right_book_entries"), ACCOUNTING),
    ("account.move", "delete", Phrase("right_withdraw_drafts"), DELETING),
    ("account.invoice", "create", Phrase("right_book_bills"), ACCOUNTING),
    ("account.tax.line", "create", Phrase("right_book_tax"), ACCOUNTING),
    ("analytic_account.line", "create", Phrase("right_book_dimensions"), ACCOUNTING),
    ("account.move.reconciliation", "create", Phrase("right_settle_bills"), ACCOUNTING),
    ("ir.attachment", "create", Phrase("right_attach_receipts"), ACCOUNTING),
    ("party.party", "read", Phrase("right_read_vendors"), ACCOUNTING),
    ("company.employee", "read", Phrase("right_read_employees"), ACCOUNTING),
)
"""Model and operation, the right in words, and the group that gives it in a Tryton as it comes."""


TO_ADD_VENDORS: Final = (
    ("party.party", "create", Phrase("right_create_parties"), ACCOUNTING),
    ("party.identifier", "create", Phrase("right_create_identifiers"), ACCOUNTING),
    ("party.address", "create", Phrase("right_create_addresses"), ACCOUNTING),
)
"""Asked for only when there is a vendor to add. As Tryton comes, every user may."""


def missing_permissions(api: Calls, needs: Sequence[tuple[str, str, Phrase, str]] = NEEDS) -> list[Phrase]:
    """What the user may not do of this, each with the group that gives it."""
    models = sorted({model for model, *_ in needs})
    granted = api.read("model.ir.model.access.get_access", models)
    return [needed(right, group) for model, mode, right, group in needs if not granted[model][mode]]


def find_company(api: Calls) -> None:
    """Set the company that the API works for: the chosen one, else the only one of the user."""
    _check_version(api)
    seen = api.read("model.res.user.get_preferences", False).get("companies") or []
    if api.company:
        if api.company not in seen:
            raise NotAllowed(*told("tryton_company_not_seen", company=str(api.company)))
        return
    if not seen:
        raise Misconfigured(*told("tryton_no_company"))
    if len(seen) > 1:
        raise SeveralCompanies(
            *told("tryton_several_companies", companies=tuple(map(str, seen))),
            companies=[(str(id), f"company {id}") for id in seen],
        ).by("--erp-company ID")
    api.company = int(seen[0])


def _check_version(api: Calls) -> None:
    series = api.version()
    numbers = tuple(int(part) for part in series.split(".")[:2] if part.isdigit())
    if len(numbers) < 2 or numbers < OLDEST:
        words = told("tryton_series_wrong", series=shown(series)) if series else told("tryton_not_there")
        raise Misconfigured(*words)
