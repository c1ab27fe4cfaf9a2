"""What people do with documents in a simulated world: import them, mark them, take them back, answer what is in doubt.

They are truthful: a document is released only while its rows were not imported, and marked as delivered only when they
came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import cast

from kontobro.core.errors import KontobroError
from kontobro.core.ports import DocumentStore
from kontobro.export.documents.actions import DocumentsOf, NotWithdrawn
from kontobro.export.documents.memory import lost
from kontobro.export.job.run import DocumentPorts
from proof.simulator.books.files.held import FileBooks
from proof.simulator.books.files.rows import vouchers_in
from proof.simulator.company import Company
from proof.simulator.exporters.worker import Exporters
from proof.simulator.plan import Act


class HandClock:
    """Time of a person, who sleeps elsewhere."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def now(self) -> datetime:
        return self._company.world.clock.now()

    def sleep(self, seconds: float) -> None:
        raise AssertionError("no person waits in a simulated world")


class Desk:
    """An owner at the pages of documents, a bookkeeper at the folder."""

    def __init__(self, company: Company, exporters: Exporters, books: FileBooks) -> None:
        self._company, self._exporters, self._books = company, exporters, books

    def do(self, act: Act) -> str:
        """Do it; what was done, in words. Nothing where it can't be done now: there is nothing, or an export runs."""
        try:
            match act.kind:
                case "take the files":
                    return _documents(self._books.take(act.size))
                case "mark as imported":
                    return self._one(act, self._markable(), self._mark)
                case "take the mark back":
                    return self._one(act, self._marked(), self._unmark)
                case "release a document":
                    return self._one(act, self._releasable(), self._release)
                case "look after the documents":
                    return "; ".join(self.look_after())
        except KontobroError:
            return ""
        return ""

    def look_after(self) -> Sequence[str]:
        """Answer what is in doubt, deliver what waits, and say what was last where all memory is lost. A late rename is
        waited for."""
        if self._company.world.is_under_way:
            return ()
        with self._opened() as desk:
            done = [*self._conflicts(desk), *self._unsure(desk)]
            if waiting := desk.deliver():
                done.append(f"delivered {_documents(waiting)}")
            return [*done, *self._confirm(desk)]

    def is_delivering(self) -> bool:
        """Whether a document waits to be delivered: an old copy of that moment may know less than any place shows."""
        return bool(self._rows("sealed", "delivering"))

    # -------------------------------------------------------------------------------------------------

    @contextmanager
    def _opened(self) -> Iterator[DocumentsOf]:
        with self._exporters.homes.open(self._company.plan.homes[0]) as store:
            documents = DocumentPorts(self._books.target, cast(DocumentStore, store), self._books.by_hand)
            connection = store.connections()[0]
            yield DocumentsOf(connection=connection, store=store, documents=documents, clock=HandClock(self._company))

    def _one(self, act: Act, numbers: Sequence[int], do: Callable[[int, float], None]) -> str:
        if not numbers:
            return ""
        number = numbers[int(act.size * len(numbers))]
        do(number, act.size)
        return f"document {number}"

    def _rows(self, *states: str) -> Sequence[int]:
        with self._opened() as desk:
            return [row.number for row in desk.documents.store.documents(desk.connection.id) if row.state in states]

    def _markable(self) -> Sequence[int]:
        return [number for number in self._rows("delivered", "unsure") if number in self._books.imported()]

    def _mark(self, number: int, size: float) -> None:
        """By a file beside it, or on its page."""
        if size * 10 % 1 < 0.5:
            self._books.mark(number)
            return
        with self._opened() as desk:
            desk.mark_imported(number)

    def _marked(self) -> Sequence[int]:
        with self._opened() as desk:
            rows = desk.documents.store.documents(desk.connection.id)
            return [row.number for row in rows if row.imported_at is not None and row.vouchers]

    def _unmark(self, number: int, _: float) -> None:
        with self._opened() as desk:
            desk.mark_imported(number, undo=True)

    def _releasable(self) -> Sequence[int]:
        """Whose manifest came, so that its numbers are known, and whose rows no one imported."""
        if self._company.world.is_under_way:
            return ()
        known = {*self._books.manifests()} - {*self._books.imported()}
        return [number for number in self._rows("sealed", "delivering", "unsure", "delivered") if number in known]

    def _release(self, number: int, _: float) -> None:
        books, company = self._books, self._company
        with self._opened() as desk:
            try:
                desk.release(number, "rejected")
            except NotWithdrawn:
                desk.release(number, "rejected", is_gone=True)
        self._exporters.homes.drop_copy(company.plan.homes[0])  # what was released, our history alone knows
        references = [reference for reference, _ in vouchers_in(books.manifests()[number])]
        books.touched |= {*references}
        books.voided |= {*references}
        for reference in references:
            company.voided_at[reference] = company.world.crossings
        company.press_again(*sorted({company.number_of(reference) for reference in references}))

    def _conflicts(self, desk: DocumentsOf) -> Iterator[str]:
        while (number := desk.documents.store.conflict(desk.connection.id)) is not None:
            desk.mark_imported(number, undo=True)
            yield f"removed the mark of released document {number}"

    def _unsure(self, desk: DocumentsOf) -> Iterator[str]:
        for row in desk.documents.store.documents(desk.connection.id, states=("unsure",)):
            if self._books.has_come(row.number):
                desk.mark_delivered(row.number)
                yield f"marked document {row.number} as delivered"
            elif row.kept:
                desk.deliver(row.number, again=True)
                yield f"delivered document {row.number} again"
            else:
                self._release(row.number, 0)
                yield f"released document {row.number}, whose files are not kept"

    def _confirm(self, desk: DocumentsOf) -> Iterator[str]:
        """As the message says, once no manifest tells more and no export is open. What was in those documents, and was
        imported, is not exported again."""
        books, documents = self._books, desk.documents.store
        said = lost(desk.connection, desk.store, documents)
        known = documents.last_numbers(desk.connection.id)
        manifests = [number for number in books.manifests() if books.has_manifest(number)]
        if said is None or not self._company.is_done or any(number > known.document for number in manifests):
            return
        desk.confirm_last(said.document, said.vouchers)
        books.skipped |= {*range(known.document + 1, said.document + 1)}
        for (series, year), last in said.vouchers.items():
            before = known.vouchers.get((series, year), 0)
            books.skipped_vouchers |= {(series, year, number) for number in range(before + 1, last + 1)}
        live = [one for one in books.references() if books.status(one) == "posted"]
        books.unknown |= {*live} - {*documents.sealed(desk.connection.id, live)}
        books.touched |= books.unknown
        yield f"confirmed that document {said.document} was the last"


def _documents(numbers: Sequence[int]) -> str:
    return f"documents {', '.join(map(str, numbers))}" if numbers else ""
