"""Can a connection export at all, and which types of expenses would fail for an account that no one has set?

A connection is made once both sides have answered, so its access works and its company is known: what may be missing
is the account of the wallet. The other accounts are asked for when an expense needs them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kontobro.core.errors import Problem
from kontobro.core.model.findings import LIST, REASONS, problem
from kontobro.core.model.history import JobRow
from kontobro.core.model.settings import Settings
from kontobro.core.rules.accounts import SETTINGS_OF
from kontobro.core.rules.table import table_of

MEANINGS = {
    "out_of_pocket": "what employees paid themselves, and what they owe",
    "contra": "money in transit between bank and wallet",
    "accounts_payable": "invoices and their payments",
}

EXPORTED = ("completed", "completed_with_errors")


def wallet_missing(settings: Settings) -> Problem | None:
    """What keeps a connection from its first export; None when it has a wallet account, in whatever currency."""
    if settings.wallet or settings.wallets:
        return None
    return problem(
        "setting_missing",
        "settings.wallet",
        "",
        "Account for the Pleo wallet missing.",
        "Provide it in the settings (wallet, or wallets for each currency).",
    )


def not_usable(settings: Settings, jobs: Iterable[JobRow]) -> Problem | None:
    """Why nothing can be exported yet. A connection that has exported before gets its wallets from Pleo."""
    return None if any(job.status in EXPORTED for job in jobs) else wallet_missing(settings)


@dataclass(frozen=True, slots=True)
class MissingAccount:
    """A setting without an account, and the types of expenses that need it (Pleo's names)."""

    setting: str
    types: tuple[str, ...]

    @property
    def problem(self) -> Problem:
        """What would happen. `value` lists the types by their codes."""
        named = ", ".join(one.replace("_", " ") for one in self.types)
        more = ", and all that Pleo sends for accounts payable" if self.setting == "accounts_payable" else ""
        also = ("accounts_payable",) if more else ()
        return Problem(
            "types_would_fail",
            f"settings.{self.setting}",
            LIST.join((*self.types, *also)),
            f"No account for {MEANINGS[self.setting]} is set. These types would fail: {named}{more}.",
            f"Set {self.setting} if you export such expenses.",
            REASONS["types_would_fail"],
        )


def missing_accounts(settings: Settings) -> Sequence[MissingAccount]:
    """The accounts that are not set, with the types that would fail for it; none for what no row needs."""
    needed: dict[str, list[str]] = {}
    for row in table_of(settings.rows).values():
        for role in (row.debit, row.credit):
            names = SETTINGS_OF.get(role, ())
            if names and not any(getattr(settings, name) for name in names):
                needed.setdefault(names[-1], []).append(row.type)
    return [MissingAccount(name, tuple(dict.fromkeys(needed[name]))) for name in MEANINGS if name in needed]
