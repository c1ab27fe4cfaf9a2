"""Can a connection export at all, and which types of expenses would fail for an account that no one has set?

A connection is made once both sides have answered, so its access works and its company is known: what may be missing
is the account of the wallet. The other accounts are asked for when an expense needs them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kontobro.core.errors import Problem
from kontobro.core.model.findings import LIST, problem
from kontobro.core.model.history import JobRow
from kontobro.core.model.settings import Settings
from kontobro.core.rules.accounts import SETTINGS_OF
from kontobro.core.rules.table import table_of
from kontobro.core.words import Name, Phrase

NEEDED = ("out_of_pocket", "contra", "accounts_payable")
"""The settings besides the wallet that an expense may need."""

EXPORTED = ("completed", "completed_with_errors")


def wallet_missing(settings: Settings) -> Problem | None:
    """What keeps a connection from its first export; None when it has a wallet account, in whatever currency."""
    if settings.wallet or settings.wallets:
        return None
    return problem("setting_missing.any_wallet", "settings.wallet", "")


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
        types = (*self.types, "accounts_payable") if self.setting == "accounts_payable" else self.types
        return problem(
            "types_would_fail",
            f"settings.{self.setting}",
            LIST.join(types),
            purpose=Phrase(f"meaning_{self.setting}"),
            types=tuple(map(Name, types)),
            setting=self.setting,
        )


def missing_accounts(settings: Settings) -> Sequence[MissingAccount]:
    """The accounts that are not set, with the types that would fail for it; none for what no row needs."""
    needed: dict[str, list[str]] = {}
    for row in table_of(settings.rows).values():
        for role in (row.debit, row.credit):
            names = SETTINGS_OF.get(role, ())
            if names and not any(getattr(settings, name) for name in names):
                needed.setdefault(names[-1], []).append(row.type)
    return [MissingAccount(name, tuple(dict.fromkeys(needed[name]))) for name in NEEDED if name in needed]
