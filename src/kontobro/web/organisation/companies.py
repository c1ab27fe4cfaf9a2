"""The companies of an organisation as lists show them: what waits for a person in each, who is in charge of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from kontobro.export.documents.waiting import LATE
from kontobro.store.read.among import Ids
from kontobro.store.read.firm import Company
from kontobro.web.models import ConnectionOwner, Membership, Organisation
from kontobro.web.process import process
from kontobro.web.tenancy import Member


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a company waits for a person. `page`: the address of a connection where it is solved."""

    words: Any
    page: str


CAUSES: Final[Mapping[str, Cause]] = {
    "reconnect": Cause(_("Connect to Pleo again"), "connection"),
    "failed": Cause(_("Expenses need attention"), "connection_jobs"),
    "unsure": Cause(_("Documents may have been sent: check whether they arrived"), "documents"),
    "decision": Cause(_("A sync needs your decision"), "sync"),
    "sealed": Cause(_("Documents are sealed and not delivered yet"), "documents"),
    "uncertain": Cause(_("Expenses are unconfirmed; they will be checked at the next export"), "connection_jobs"),
    "delivered": Cause(_("Documents are delivered and not marked as imported"), "documents"),
}
"""Why a company waits, the most urgent first: what stops everything, what stops expenses, what can wait a day."""

URGENCY: Final = {cause: rank for rank, cause in enumerate(CAUSES)}
CALM: Final = len(CAUSES)


NOTHING: Final[Mapping[str, int]] = MappingProxyType({})


NO_ONE: Final[tuple[None, str]] = (None, "")
"""Who is in charge where no one is."""


class Listed(NamedTuple):
    """A company in a list. `waits`: how much of each cause; `in_charge`: a membership, and its mail address."""

    company: Company
    waits: Mapping[str, int] = NOTHING
    in_charge: int | None = None
    person: str = ""

    @property
    def urgency(self) -> int:
        return min(map(URGENCY.__getitem__, self.waits), default=CALM)

    @property
    def causes(self) -> list[tuple[Cause, int]]:
        """What waits here and how much of it, the most urgent first."""
        return [(cause, self.waits[name]) for name, cause in CAUSES.items() if name in self.waits]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One cause over all companies: how many wait for it, how many things those are, and the first few of them."""

    name: str
    cause: Cause
    companies: int
    things: int
    first: Sequence[Listed]


def people(member: Member) -> Mapping[int, str]:
    """The organisation's members, by membership: who can be in charge."""
    rows = Membership.objects.filter(organisation=member.organisation).order_by("user__email")
    return dict(rows.values_list("id", "user__email"))


def listed_companies(member: Member, known: Mapping[int, str]) -> list[Listed]:
    """Every company of the organisation, by name, and which of these people is in charge of it."""
    return companies_of(member.organisation, known=known)


def companies_of(
    organisation: Organisation,
    only: Sequence[str] | None = None,
    known: Mapping[int, str] = MappingProxyType({}),
    *,
    expenses: bool = True,
) -> list[Listed]:
    """The organisation's companies, or `only` those of them, by name. `expenses`: as `waits_of` has it."""
    owners = ConnectionOwner.objects.filter(organisation=organisation)
    if only is not None:
        owners = owners.filter(connection_id__in=only)
    charges, ids = dict(owners.values_list("connection_id", "in_charge")), owners.values_list("connection_id")
    companies = process.firm.companies(ids)
    waits = waits_of({one.id: one.status for one in companies}, ids, expenses=expenses)
    persons: dict[int | None, tuple[int | None, str]] = {id: (id, email) for id, email in known.items()}
    return [Listed(one, waits.get(one.id, NOTHING), *persons.get(charges.get(one.id), NO_ONE)) for one in companies]


def waits_of(
    statuses: Mapping[str, str], ids: Ids | None = None, *, expenses: bool = True
) -> Mapping[str, Mapping[str, int]]:
    """What waits for a person, by connection; no entry where nothing does. One question for each kind of cause.

    `ids`: the question for the same connections, where there is one. `expenses`: those are asked for too.
    """
    found = process.overview.unsolved(list(statuses)) if expenses else {}
    ids = list(statuses) if ids is None else ids
    for id, status in statuses.items():
        if status == "reconnect":
            found.setdefault(id, {})["reconnect"] = 1
    for id, _kind in process.overview.waiting_plans(ids):
        waits = found.setdefault(id, {})
        waits["decision"] = waits.get("decision", 0) + 1
    for (id, state), number in process.overview.waiting_documents(ids, process.app.clock.now() - LATE).items():
        found.setdefault(id, {})[state] = number
    return found


def by_cause(companies: Iterable[Listed], shown: int = 3) -> list[Waiting]:
    """What waits across the companies, the most urgent cause first, and the first companies of each."""
    those: dict[str, list[Listed]] = {name: [] for name in CAUSES}
    for one in companies:
        for name in one.waits:
            those[name].append(one)
    return [_waiting(name, waiting, shown) for name, waiting in those.items() if waiting]


def _waiting(name: str, those: Sequence[Listed], shown: int) -> Waiting:
    things = sum(one.waits[name] for one in those)
    return Waiting(name, CAUSES[name], len(those), things, nsmallest(shown, those, key=lambda one: -one.waits[name]))
