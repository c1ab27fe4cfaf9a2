"""The company of a simulated world: its expenses in Pleo-in-a-box, and the people who press buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from kontobro.core.model.journal import Entry, Reference, entry_id_of
from kontobro.core.model.masters import Masters
from kontobro.core.model.settings import Settings
from kontobro.export.job.masters import load_masters
from kontobro.testing.connector.entries import Chart
from kontobro.testing.export.company import FAILS, codes_of, content_of, expenses, hashes, settings_of
from kontobro.testing.export.compared import entries_of
from pleo_sandbox.errors import PleoError
from pleo_sandbox.model import FileBlob, SandboxCompany
from pleo_sandbox.state.sandbox import Sandbox
from proof.simulator.books.held import Held
from proof.simulator.plan import Plan
from proof.simulator.world import World

CHART = Chart()


@dataclass
class Company:
    """Pleo's side and the accounting system's. `items`: Pleo's JSON of each expense by its number, from 1."""

    plan: Plan
    world: World
    sandbox: Sandbox
    books: Held
    id: str
    items: Mapping[int, Mapping[str, Any]]
    receipts: Mapping[int, int]
    """How many receipts each expense has."""
    voided_at: dict[Reference, int] = field(default_factory=dict)
    """How many seams had been crossed when a person voided a document."""

    @cached_property
    def masters(self) -> Masters:
        return masters_of(self.books)

    @cached_property
    def settings(self) -> Settings:
        settings = settings_of(codes_of(CHART, self.masters))
        is_posted = self.plan.posted or not self.plan.drafts
        return replace(settings, posting="posted" if is_posted else "draft", voided=self.plan.voided)

    @cached_property
    def entries(self) -> Mapping[int, tuple[Entry, ...]]:
        """What each expense becomes; nothing of the one that can't be booked."""
        return {number: self._entries(number) for number in self.items}

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        return {str(item["accountingEntryId"]): number for number, item in self.items.items()}

    def number_of(self, reference: Reference) -> int:
        return self.numbers[entry_id_of(reference)]

    def _entries(self, number: int) -> tuple[Entry, ...]:
        if number == FAILS:
            return ()
        item = {**self.items[number], "companyId": self.id}
        return entries_of(item, self.settings, self.masters, self.today, bills=self.plan.bills)

    @property
    def today(self) -> date:
        return self.world.clock.now().date()

    def hashes(self, number: int) -> list[str]:
        return hashes(number, self.receipts[number])

    def status(self, number: int) -> str:
        """Pleo's status of an expense in the newest job that held it."""
        state = self.sandbox.item_state(self.id, str(self.items[number]["accountingEntryId"]))
        return str(state["status"]) if state else "never exported"

    def external_id(self, number: int) -> str | None:
        """What Pleo was told an expense is in the books."""
        state = self.sandbox.item_state(self.id, str(self.items[number]["accountingEntryId"]))
        return state["externalId"] if state else None

    @property
    def is_done(self) -> bool:
        """Whether Pleo has no open job."""
        return not any(job.is_open for job in self.sandbox.jobs)

    @property
    def is_settled(self) -> bool:
        """Whether every expense is booked, or failed where it has to."""
        statuses = [self.status(number) for number in self.items]
        return set(statuses) <= {"successful", "failed"} and statuses.count("failed") <= 1

    def press_again(self, *numbers: int) -> bool:
        """Queue these expenses, or all that are not exported, and press Export. False where Pleo does not let us."""
        chosen = numbers or self._known_missing()
        if chosen is not None and not (chosen := [one for one in chosen if not self._is_lost(one)]):
            return False
        ids = [str(self.items[number]["accountingEntryId"]) for number in chosen] if chosen is not None else None
        try:
            self.sandbox.queue(self.id, ids)
            self.sandbox.press_export(self.id, ids, vendor_based=True)
        except PleoError:
            return False
        return True

    def _is_lost(self, number: int) -> bool:
        """Whether it was imported from a document whose memory is lost: a person does not export it again."""
        return any(entry.reference in self.books.unknown for entry in self.entries[number])

    def _known_missing(self) -> Sequence[int] | None:
        """Where something is to be left out, all else that Pleo does not have as exported; None for all such."""
        if not any(map(self._is_lost, self.items)):
            return None
        return [number for number in self.items if self.status(number) != "successful"]


def open_company(plan: Plan, world: World, books: Held) -> Company:
    """A company with its expenses queued; Export is not pressed yet."""
    sandbox = Sandbox(clock=world.clock)
    made = SandboxCompany("Fjord & Bro ApS", "DKK", "DK", vendor_based_bookkeeping=True)
    company = sandbox.add_company(made)
    items, receipts = {}, {}
    for number, (item, count) in enumerate(expenses(codes_of(CHART, masters_of(books))), start=1):
        files = [
            FileBlob(f"receipt-{number}-{place}.png", "image/png", content_of(number, place)) for place in range(count)
        ]
        sandbox.add_expense(company, item, files)
        items[number], receipts[number] = item, count
    return Company(plan, world, sandbox, books, company, items, receipts)


def masters_of(books: Held) -> Masters:
    connector = books.connector()
    return load_masters(connector, connector.check())
