"""The chart of accounts at Pleo: which creates are new, matched or refused (api.md F)."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from pleo_sandbox.clock import Clock
from pleo_sandbox.company.shelf import Record, Shelf
from pleo_sandbox.errors import PleoError
from pleo_sandbox.model import Json, SandboxCompany
from pleo_sandbox.rules import Rules


class Uses(NamedTuple):
    """Ids of accounts: those that categories and expenses are mapped to, and the contra accounts."""

    categories: frozenset[str]
    contra: frozenset[str]


class Accounts(Shelf):
    """All accounts of all companies. The externalId is unique in a company, archived ones included."""

    def __init__(self, clock: Clock, rules: Rules) -> None:
        super().__init__(clock, "ACCOUNT", _keys)
        self._rules = rules

    def create(self, company_id: str, facts: Json) -> tuple[Record, bool]:
        """The account, and whether it is new. Raises PleoError 409."""
        twin = self.twin(company_id, facts["externalId"])
        if twin is None:
            return self.add(company_id, facts), True
        if self._matches(twin, facts):
            return self.change(twin, facts), False
        message = f"externalId: {facts['externalId']!r} is that of account {twin.id}"
        raise PleoError(409, "EXTERNAL_ID_ALREADY_EXISTS", message)

    def twin(self, company_id: str, external_id: str) -> Record | None:
        return self.holder((company_id, external_id))

    def _matches(self, twin: Record, facts: Json) -> bool:
        """The rule between 200 and 409, which Pleo does not state: see Rules.account_match."""
        rule = self._rules.account_match
        if rule == "never":
            return False
        return twin.facts == facts or (rule == "identical_or_archived" and twin.archived)


def _keys(account: Record) -> tuple[Hashable, ...]:
    return ((account.company_id, account.facts["externalId"]),)


def uses(company: SandboxCompany) -> Uses:
    """Categories are no part of Pleo's API: an account is behind one when an expense was sorted to it."""
    items = [expense.item for expense in company.expenses]
    lines = (line for item in items for line in item["accountingEntryLines"])
    contra = [*company.contra_accounts.values(), *(item.get("contraAccount") for item in items)]
    return Uses(
        frozenset(line["account"]["id"] for line in lines if line.get("account")),
        frozenset(account["id"] for account in contra if account),
    )
