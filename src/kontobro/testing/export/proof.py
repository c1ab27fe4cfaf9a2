"""Kill an exporter at a boundary, run another, compare both sides: what `ExportContract` and `kontobro prove` do."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.journal import Entry, Reference
from kontobro.core.model.settings import Settings
from kontobro.export.job.masters import load_masters
from kontobro.service.demo.sandbox_process import SandboxProcess, running_sandbox
from kontobro.testing.connector.books import Books, CountsAll
from kontobro.testing.export.company import FAILS, Codes, PleoCompany, codes_of, hashes, open_company, settings_of
from kontobro.testing.export.compared import differences, entries_of
from kontobro.testing.export.exporter import Ended, Exporters, exporters
from kontobro.testing.export.home import DATABASE, empty_store, forget_history

QUIET_MINUTES = 9
"""Until the next run: a job whose claim is in doubt has been quiet for long enough. With what came before it never ends
right when an exporter would act otherwise: else the seconds that a busy machine takes would decide."""

RECEIPTS: Mapping[int, int] = {1: 1, 2: 2}
"""How many receipts each expense has."""

History = Literal["kept", "deleted"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong after a kill and another run; nothing when everything exists once and Pleo says the same."""

    boundary: str
    history: History
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        return f"killed at {self.boundary}, history {self.history}: {'; '.join(self.wrong) or 'whole'}"


@dataclass(frozen=True, slots=True)
class Step:
    """One exporter, which may take over, killed at the boundary `at` if there is one, or none; then history is deleted,
    and time passes."""

    runs: bool
    take_over: bool
    at: str | None
    forget: bool
    minutes: int


class ExportProof:
    """The demo company's export into one accounting system. Each case has a company of its own in Pleo-in-a-box, and
    expenses that were never there before: the accounting system itself need not be empty."""

    def __init__(
        self, books: Books, sandbox: SandboxProcess, processes: Exporters, settings: Settings | None = None
    ) -> None:
        self._books = books
        self._box = sandbox
        self._processes = processes
        self._masters = load_masters(books.connector, books.connector.check())
        self._codes: Codes = codes_of(books.chart, self._masters)
        self._settings = settings or settings_of(self._codes)
        self._boundaries: tuple[str, ...] = ()

    @property
    def not_proved(self) -> tuple[str, ...]:
        """What this bookkeeper can't see, in words."""
        keeper = self._books.bookkeeper
        told = {
            "shows": "what a person sees of an entry: only the connector's own `find` was compared",
            "count_all": "that nothing else was booked, under another reference say",
        }
        return tuple(words for method, words in told.items() if not hasattr(keeper, method))

    def boundaries(self) -> tuple[str, ...]:
        """The names of all boundaries, from a run in which nothing happens. Raises AssertionError when it fails."""
        with self._company() as (company, home):
            held = self._held()
            ended = self._processes.export(home)
            wrong = [*_not_ended(ended), *self.wrong_with(company, held)]
            if wrong:
                raise AssertionError(f"even a run without a kill is not whole: {'; '.join(wrong)}")
            self._boundaries = ended.boundaries
            return ended.boundaries

    def kill(self, boundary: str, history: History) -> Verdict:
        """Kill one exporter there, run another, compare."""
        if not self._boundaries:
            self.boundaries()
        with self._company() as (company, home):
            held = self._held()
            if not self._processes.export(home, at=boundary).killed:
                return Verdict(boundary, history, ("nothing was killed there: the boundaries differ from run to run",))
            company.wait_minutes(QUIET_MINUTES)
            if history == "deleted":
                home = self._home(home.parent / "new", company)
            ended = self._processes.export(home, take_over=history == "deleted")
            if ended.fault == "Taken" and self._books.connector.capabilities.reference != "enforced":
                ended = self._processes.export(home, take_over=True)  # a person decides, where it could double
            return Verdict(boundary, history, (*_not_ended(ended), *self.wrong_with(company, held)))

    def replay(self, steps: Sequence[Step]) -> tuple[list[Ended], tuple[str, ...]]:
        """One exporter after the other over one company, each killed where its step says; what is wrong then."""
        with self._company() as (company, home):
            held, ended = self._held(), []
            for step in steps:
                if step.runs:
                    ended.append(self._processes.export(home, at=step.at, take_over=step.take_over))
                if step.forget:
                    forget_history(home / DATABASE)
                company.wait_minutes(step.minutes)
            return ended, tuple(self.wrong_with(company, held))

    def wrong_with(self, company: PleoCompany, held: int | None = None) -> Iterator[str]:
        """What is not as it should be: each entry once and as Pleo's item says it under the settings, nothing beside
        them, each receipt once and in order, Pleo's statuses. `held`: how many documents there were before."""
        entries = [
            (number, entry) for number in company.items if number != FAILS for entry in self._entries(company, number)
        ]
        for number, entry in entries:
            yield from self._wrong_with_entry(number, entry)
        if held is not None and (more := (self._held() or 0) - held) != len(entries):
            yield f"{more} documents were booked, not {len(entries)}: some have another reference, or none"
        yield from self._wrong_with_receipts(company)
        wanted = {number: "failed" if number == FAILS else "successful" for number in company.entries}
        if (states := company.states()) != wanted:
            yield f"Pleo's statuses are {states}: {company.reasons()}"
        if (status := company.status()) != "completed_with_errors":
            yield f"the job's status in Pleo is {status}"
        if count := self._books.bookkeeper.count(Reference(company.entries[FAILS])):
            yield f"expense {FAILS} failed and exists {count} times"

    def _entries(self, company: PleoCompany, number: int) -> tuple[Entry, ...]:
        bills = self._books.connector.capabilities.bills
        today = self._books.chart.open_day
        return entries_of(company.items[number], self._settings, self._masters, today, bills=bills)

    def _held(self) -> int | None:
        keeper = self._books.bookkeeper
        return keeper.count_all() if isinstance(keeper, CountsAll) else None

    def _wrong_with_entry(self, number: int, entry: Entry) -> Iterator[str]:
        reference, keeper = entry.reference, self._books.bookkeeper
        count = keeper.count(reference)
        if count != 1:
            yield f"expense {number} exists {count} times under {reference}"
            return
        booking = self._books.connector.find([reference]).get(reference)
        if booking is None:
            yield f"expense {number} exists and is not found"
            return
        if booking.status != "posted":
            yield f"expense {number} is {booking.status}"
        can = self._books.connector.capabilities
        if hasattr(keeper, "shows"):
            for wrong in differences(entry, keeper.shows(reference), can):
                yield f"expense {number} is booked otherwise than Pleo says, {wrong}"
        for wrong in differences(entry, booking, can):
            yield f"expense {number} is found otherwise than Pleo says, {wrong}"

    def _wrong_with_receipts(self, company: PleoCompany) -> Iterator[str]:
        if self._books.connector.capabilities.receipts is None:
            return
        for number, count in RECEIPTS.items():
            held = list(self._books.bookkeeper.receipts(Reference(company.entries[number])))
            if held != hashes(number, count):
                yield f"expense {number} has {len(held)} receipts, not its {count} in order"

    @contextmanager
    def _company(self) -> Iterator[tuple[PleoCompany, Path]]:
        with tempfile.TemporaryDirectory(prefix="kontobro-proof-") as folder:
            company = open_company(self._box, self._codes)
            yield company, self._home(Path(folder) / "home", company)

    def _home(self, folder: Path, company: PleoCompany) -> Path:
        """A home with the connection and its key, and no history."""
        from kontobro.store import open_store

        folder.mkdir(mode=0o700)
        shutil.copy(empty_store(), folder / DATABASE)
        connection = Connection(
            id="proof",
            name="proof",
            environment="sandbox",
            api_url=self._box.url,
            auth_url=self._box.url,
            auth="api_key",
            company_id=company.id,
            company_name="Fjord & Bro ApS",
            erp="proof",
            settings=self._settings,
        )
        store = open_store(folder / DATABASE)
        store.save_connection(connection, Tokens(access=company.key))
        store.close()
        return folder


@contextmanager
def export_proof(books: Books, settings: Settings | None = None) -> Iterator[ExportProof]:
    """A proof over these books, whose `elsewhere` makes the connector in an exporter's process."""
    if books.elsewhere is None:
        raise ValueError("Books.elsewhere is missing: exporters are other processes, and make a connector of their own")
    with ExitStack() as stack:
        sandbox = stack.enter_context(running_sandbox())
        yield ExportProof(books, sandbox, stack.enter_context(exporters(books.elsewhere)), settings)


def _not_ended(ended: Ended) -> Iterator[str]:
    if ended.fault:
        yield f"the export ended with {ended.fault}: {ended.message}"
