"""The Beancount connector: one ledger, a folder of text files (`docs/connectors/beancount.md`).

Every write is one whole file put in place under a lock, and every method looks before it writes: it may be
killed between any two file operations and called again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from kontobro.core.errors import Conflict, NotAllowed, Note, Problem, Unreachable, shown
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Booking, Entry, EntryKey, InvoiceKey, Reference, entry_id_of
from kontobro.core.model.masterdata import Company, MasterRecord, Vendor
from kontobro.core.ports import Capabilities
from kontobro.core.words import told
from kontobro.erp.beancount.checks import SYSTEM, problems_of
from kontobro.erp.beancount.files.folder import VENDORS, Folder
from kontobro.erp.beancount.files.replaced import Change
from kontobro.erp.beancount.files.shelf import Shelf
from kontobro.erp.beancount.load.ledger import root_options
from kontobro.erp.beancount.load.masters import KINDS
from kontobro.erp.beancount.load.rehearsal import TRIES, Rehearsal, Texts
from kontobro.erp.beancount.load.reload import MasterFile
from kontobro.erp.beancount.syntax import bookings as standing_entries
from kontobro.erp.beancount.syntax.assertions import broken_by, pads_of
from kontobro.erp.beancount.syntax.blocks import Key, LedgerEntry, posted, with_documents, with_lines
from kontobro.erp.beancount.syntax.edits import Edit, Edits, edited, is_readable
from kontobro.erp.beancount.syntax.render import link_of, quoted, render_entry
from kontobro.erp.beancount.vendors import additions, with_vendors
from kontobro.erp.kit import flow
from kontobro.erp.kit.lookup import picked
from kontobro.erp.kit.receipts import EXTENSIONS, RECEIPTS, require

R = TypeVar("R", bound=MasterRecord)
FoundKey = EntryKey

_TOGETHER = 100
"""Entries rehearsed together: memory for so many, whatever a job has."""

CAPABILITIES = Capabilities(
    kinds=KINDS,
    bills=True,
    drafts=True,
    receipts=RECEIPTS,
    batch_size=100,
    reference="enforced",
    keeps_fingerprint=True,
    withdraws_drafts=True,
    writes_vendors=True,
    ids_are_names=True,  # account names
    rehearses=True,
    finds_twins=True,
)


def from_options(options: Mapping[str, str]) -> BeancountConnector:
    """The connector of a connection's options: `ledger` (path of the main file), `fava` (address, optional)."""
    return BeancountConnector(Path(options["ledger"]), fava=options.get("fava"))


class BeancountConnector:
    """One ledger. `fava` is the address of its Fava (https://host/ledger), for links; else links name the file."""

    capabilities = CAPABILITIES

    def __init__(self, ledger: Path, fava: str | None = None) -> None:
        # as Beancount itself names it: "..", but not links, taken out
        self._ledger = Path(os.path.abspath(ledger.expanduser()))  # noqa: PTH100  (a Path has no such method)
        self._fava = fava.rstrip("/") if fava else None
        self._folder = Folder(self._ledger)
        self._shelf = Shelf(self._folder)
        self._masters = MasterFile(self._ledger, self._folder)
        self._rehearsal = Rehearsal(self._ledger, self._folder, self._masters)

    def check(self) -> Company:
        company = self._masters.read().company
        for folder in (self._folder.root, self._folder.bookings, self._folder.documents):
            if not os.access(folder, os.W_OK | os.X_OK):
                raise NotAllowed(*told("ledger_folder_not_writable", folder=folder.name))
        return company

    def read(self, kind: type[R]) -> Iterable[R]:
        return self._masters.read().all(kind)

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        found, fitting = self._looked_at(entries)
        refused = self._rehearsal.refusals(fitting)
        return [[*problems, *([bad] if (bad := refused.get(entry.reference)) else [])] for entry, problems in found]

    def rehearse(self, entries: Iterable[Entry]) -> None:
        # what another process books meanwhile is found when it is this batch's turn
        self._rehearsal.begin(self._looked_at(some, fresh=not n)[1] for n, some in enumerate(_batches(entries)))

    def find(self, keys: Sequence[FoundKey]) -> Mapping[FoundKey, Booking]:
        return self._found(keys)

    def _found(self, keys: Sequence[FoundKey], *, fresh: bool = True) -> Mapping[FoundKey, Booking]:
        """As `find`. `fresh` as `Shelf.booked` has it."""
        self._folder.take_in_late_edits()
        all_booked = self._shelf.booked([standing_entries.search_key(key) for key in keys], fresh=fresh)
        named = [key for key in keys if isinstance(key, InvoiceKey)]
        bills = [one for one in all_booked if standing_entries.is_bill(one)] if named else []
        payments = [key for bill in bills for key in standing_entries.payments_of(bill)]
        paid = self._shelf.booked(payments, fresh=False)
        left = {bill: standing_entries.open_of(bill, paid) for bill in bills}
        found = picked(keys, all_booked, partial(standing_entries.pick, left=left))
        owed = self._bills_settled_by(found.values())
        return {key: replace(self._booking(one, owed), open=left.get(one)) for key, one in found.items()}

    def book(self, entries: Sequence[Entry]) -> Sequence[Booking | Problem]:
        masters = self._masters.read()

        def refusals(new: Sequence[Entry]) -> list[list[Problem]]:
            return [problems_of(entry, masters) for entry in new]

        with self._folder.writing():
            return flow.book(entries, SYSTEM, self.find, refusals, lambda new: self._add_batch(self._rendered(new)))

    def attach(self, booking: Booking, receipts: Sequence[Receipt]) -> None:
        require(receipts)
        with self._folder.writing():
            booked = self._booked_of(booking)
            paths = [self._folder.add_document(r.content, EXTENSIONS[r.media_type]) for r in receipts]
            if _lacking(booked, paths):
                self._amend({booked.block.file: {booking.reference: [lambda found: _attached(found, paths)]}})

    def post(self, bookings: Sequence[Booking]) -> Sequence[Booking | Problem]:
        references = [booking.reference for booking in bookings]
        with self._folder.writing():
            edits: Edits = {}
            for booked in self._current(references):
                if booked.is_draft:
                    _add(edits, booked, lambda found: posted(found.block.text))
            texts = {file: edited(file, self._folder.text(file), some) for file, some in edits.items()}
            ours = self._shelf.booked([Key.of("kontobro", reference) for reference in references], texts, fresh=False)
            settling = [key for one in ours for key in standing_entries.keys_to_settle(one)]
            others = self._shelf.booked(settling, texts)  # which another process may have booked just now
            for payment, lines in _settled(ours, others):
                _add(edits, payment, _with_lines(lines))
            self._amend(edits)
        return flow.answered(references, SYSTEM, {}, self.find(references))

    def write(self, vendors: Sequence[Vendor]) -> Sequence[Vendor | Problem]:
        self._masters.read()  # it makes the folder, under the same lock
        with self._folder.writing():
            new, refused = additions(vendors, self._masters.read().all(Vendor))
            if new:
                self._folder.change(VENDORS, Change(lambda text: with_vendors(text, new)))
        known = {vendor.pleo_id: vendor for vendor in self._masters.read().all(Vendor)}
        ids = [vendor.pleo_id or vendor.id for vendor in vendors]
        return [refused.get(pleo_id) or known[pleo_id] for pleo_id in ids]

    def withdraw(self, bookings: Sequence[Booking]) -> None:
        with self._folder.writing():
            edits: Edits = {}
            for booked in self._current([booking.reference for booking in bookings]):
                if booked.is_draft:
                    _add(edits, booked, lambda _: b"")
            self._change(edits)

    # ------------------------------------------------------------------------------ reading what exists

    def _current(self, references: Sequence[Reference]) -> list[LedgerEntry]:
        """The entries under these references that count."""
        keys = [Key.of("kontobro", reference) for reference in references]
        current: list[LedgerEntry] = []
        for fresh in (False, True):  # most often they are where they were: then a thousand files need no look
            found = picked(references, self._shelf.booked(keys, fresh=fresh), standing_entries.pick)
            current = [booked for booked in found.values() if not booked.is_void]
            if len(current) == len(set(references)):
                break
        return current

    def _booked_of(self, booking: Booking) -> LedgerEntry:
        for booked in self._current([booking.reference]):
            return booked
        raise Conflict(*told("entry_gone", reference=shown(booking.reference)))

    def _bills_settled_by(self, all_booked: Iterable[LedgerEntry]) -> list[LedgerEntry]:
        """The bills that these payments say they settled."""
        named = [settles for one in all_booked if (settles := standing_entries.settled_bill(one))]
        return self._shelf.booked([standing_entries.search_key(one) for one in named], fresh=False)

    def _booking(self, booked: LedgerEntry, bills: Sequence[LedgerEntry]) -> Booking:
        paths = standing_entries.documents_of(booked)
        receipts = frozenset(standing_entries.digest_of(path) for path in paths if self._folder.has_document(path))
        return standing_entries.booking_of(booked, receipts, self._url(booked), bills)

    def _url(self, booked: LedgerEntry) -> str:
        if self._fava:
            return f"{self._fava}/journal/?filter={quote('^' + link_of(Reference(booked.meta('kontobro'))))}"
        return f"{(self._folder.bookings / booked.block.file).as_uri()}#L{booked.block.line}"

    # ------------------------------------------------------------------ what would be wrong, and how it is written

    def _looked_at(
        self, entries: Sequence[Entry], *, fresh: bool = True
    ) -> tuple[list[tuple[Entry, list[Problem]]], Texts]:
        """Each entry with what the ledger's directives say against it, and the texts of those that can be tried:
        not booked yet, and of items with nothing against them."""
        masters = self._masters.read()
        new = flow.new_among(entries, self._found(flow.references_of(entries), fresh=fresh))
        broken = broken_by(new, masters.assertions)
        found = [(entry, problems_of(entry, masters) + broken.get(entry.reference, [])) for entry in entries]
        bad = {entry_id_of(entry.reference) for entry, problems in found if not all(map(_is_note, problems))}
        return found, self._rendered(entry for entry in new if entry_id_of(entry.reference) not in bad)

    def _rendered(self, entries: Iterable[Entry]) -> Texts:
        """The entries as they are written: as drafts, with a note for each pad that takes them in."""
        assertions = self._masters.read().assertions
        return {
            entry.reference: render_entry(entry, posted=False, notes=pads_of(entry, assertions)) for entry in entries
        }

    # ----------------------------------------------------------------------- writing, only under the lock

    def _add_batch(self, texts: Texts) -> dict[Reference, Problem]:
        """Write these entries as a new file; those that would break the ledger are answered and left out."""
        for tries in range(TRIES if texts else 0):
            refused = {} if not tries and self._rehearsal.is_good(texts) else self._rehearsal.refusals(texts)
            good = {reference: text for reference, text in texts.items() if reference not in refused}
            if not good or self._create(good):
                return refused
        if texts:
            raise Unreachable(*told("ledger_restless"))
        return {}

    def _create(self, good: Texts) -> bool:
        """Write rehearsed entries as a new file. False when someone changed the ledger meanwhile."""
        roots = root_options(self._masters.read().roots)
        name, content = self._folder.next_batch(), "\n".join([*([roots] if roots else []), *good.values()]).encode()
        if not self._folder.create(name, content, self._rehearsal.is_current):
            return False
        self._rehearsal.written(good)
        if self._rehearsal.is_known:
            self._masters.follow(name, None, content)
        return True

    def _amend(self, edits: Edits) -> None:
        """Change marks, metadata and documents of entries: nothing by which others could become wrong."""
        for file, (before, after) in self._change(edits):
            if is_readable(file, after, edits[file]):
                self._masters.follow(file, before, after)

    def _change(self, edits: Edits) -> list[tuple[str, tuple[bytes, bytes]]]:
        """Each file that was changed, with what was in it and what is now."""
        put = [(file, self._folder.change(file, Change(_edit_of(file, some)))) for file, some in edits.items()]
        return [(file, texts) for file, texts in put if texts]


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """The entries, so many at a time; those of one item stay together."""
    rest = iter(entries)
    batch: list[Entry] = []
    for entry in rest:
        if len(batch) >= _TOGETHER and entry_id_of(entry.reference) != entry_id_of(batch[-1].reference):
            yield batch
            batch = []
        batch.append(entry)
    yield batch


def _is_note(problem: Problem) -> bool:
    return isinstance(problem, Note)


def _add(edits: Edits, booked: LedgerEntry, edit: Edit) -> None:
    reference = booked.reference
    edits.setdefault(booked.block.file, {}).setdefault(reference, []).append(edit)


def _edit_of(file: str, edits: Mapping[Reference, Sequence[Edit]]) -> Callable[[bytes], bytes]:
    return lambda text: edited(file, text, edits)


def _with_lines(lines: Sequence[str]) -> Edit:

    def edit(found: LedgerEntry) -> bytes:
        text = found.block.text
        return with_lines(text, [line for line in lines if f"\n  {line}".encode() not in text])

    return edit


def _lacking(booked: LedgerEntry, paths: Sequence[str]) -> list[str]:
    there = standing_entries.documents_of(booked)
    return [path for path in dict.fromkeys(paths) if path not in there]


def _attached(booked: LedgerEntry, paths: Sequence[str]) -> bytes:
    """The block with its receipts twice: as metadata, in order, and as documents, which Fava opens."""
    new = _lacking(booked, paths)
    first = standing_entries.next_document(booked)
    lines = [f"document-{n}: {quoted(path)}" for n, path in enumerate(new, first)]
    account, day = booked.transaction.postings[0].account, booked.transaction.date
    link = link_of(booked.reference)
    documents = [f"{day} document {account} {quoted(path)} ^{link}" for path in new]
    return with_documents(with_lines(booked.block.text, lines), documents)


def _settled(ours: Sequence[LedgerEntry], others: Sequence[LedgerEntry]) -> Iterator[tuple[LedgerEntry, list[str]]]:
    """The payments that can be settled now, each with the lines that it gets."""
    both = list({(s.block.file, s.block.start): s for s in (*ours, *others)}.values())
    for payment, bill in standing_entries.settlements(both):
        yield payment, standing_entries.settlement_lines(payment, bill)
