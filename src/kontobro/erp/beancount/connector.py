"""The Beancount connector: one ledger, a folder of text files (`docs/connectors/beancount.md`).

Every write is one whole file put in place under a lock, and every method looks before it writes: it may be
killed between any two file operations and called again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from kontobro.core.errors import Conflict, Misconfigured, NotAllowed, Problem, shown
from kontobro.core.export import Receipt
from kontobro.core.journal import Booking, Entry, EntryKey, InvoiceKey, Reference
from kontobro.core.masterdata import Company, MasterRecord, Vendor
from kontobro.core.ports import Capabilities, ReceiptRules
from kontobro.erp.beancount import bookings as standing_entries
from kontobro.erp.beancount.blocks import Key, Standing, posted, splice, with_documents, with_lines
from kontobro.erp.beancount.checks import problems_of
from kontobro.erp.beancount.folder import VENDORS, Folder
from kontobro.erp.beancount.masters import KINDS, Masters
from kontobro.erp.beancount.reload import MasterFile
from kontobro.erp.beancount.render import link_of, quoted, render_entry
from kontobro.erp.beancount.shelf import Shelf
from kontobro.erp.beancount.vendors import HEADER, additions, render_vendor

R = TypeVar("R", bound=MasterRecord)
FoundKey = EntryKey

EXTENSIONS = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "application/msword": ".doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
"""The receipts a ledger keeps, by media type: what Pleo delivers, but for plain text, which proves nothing."""

MAX_RECEIPT = 30 * 1024 * 1024

RECEIPTS = ReceiptRules(media_types=frozenset(EXTENSIONS), max_bytes=MAX_RECEIPT)

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
    finds_twins=True,
)


def from_options(options: Mapping[str, str]) -> BeancountConnector:
    """The connector of a connection's options: `ledger` (path of the main file), `fava` (address, optional)."""
    unknown = sorted(set(options) - {"ledger", "fava"})
    if unknown:
        raise Misconfigured(f"Beancount has no option {shown(', '.join(unknown))}.", "Options are ledger and fava.")
    if not options.get("ledger"):
        raise Misconfigured(
            "The Beancount ledger is not named.", "Set `ledger` (--ledger) to the path of its main file."
        )
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

    def check(self) -> Company:
        company = self._masters.read().company
        for folder in (self._folder.root, self._folder.bookings, self._folder.documents):
            if not os.access(folder, os.W_OK | os.X_OK):
                raise NotAllowed(
                    f"The folder {folder.name} of the ledger can't be written to.", "Allow it and try again."
                )
        return company

    def read(self, kind: type[R]) -> Iterable[R]:
        return self._masters.read().all(kind)

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        masters = self._masters.read()
        return [problems_of(entry, masters) for entry in entries]

    def find(self, keys: Sequence[FoundKey]) -> Mapping[FoundKey, Booking]:
        standings = self._shelf.standing([standing_entries.search_key(key) for key in keys])
        named = [key for key in keys if isinstance(key, InvoiceKey)]
        bills = [one for one in standings if standing_entries.is_bill(one)] if named else []
        paid = self._shelf.standing([key for bill in bills for key in standing_entries.payments_of(bill)])
        left = {bill: standing_entries.open_of(bill, paid) for bill in bills}
        found = {key: one for key in keys if (one := standing_entries.pick(key, standings, left))}
        return {key: replace(self._booking(one), open=left.get(one)) for key, one in found.items()}

    def book(self, entries: Sequence[Entry]) -> Sequence[Booking | Problem]:
        masters = self._masters.read()
        with self._folder.writing():
            known = {key for key, booking in self.find(_references(entries)).items() if booking.status != "void"}
            refused = _refusals([entry for entry in entries if entry.reference not in known], masters)
            new: dict[Reference, Entry] = {}
            for entry in entries:
                if entry.reference not in known and entry.reference not in refused:
                    new.setdefault(entry.reference, entry)
            if new:
                self._add_batch(list(new.values()))
        return self._answers(_references(entries), refused)

    def attach(self, booking: Booking, receipts: Sequence[Receipt]) -> None:
        for receipt in receipts:
            RECEIPTS.require(receipt)
        with self._folder.writing():
            standing = self._standing_of(booking)
            paths = [self._folder.add_document(r.content, EXTENSIONS[r.media_type]) for r in receipts]
            there = standing_entries.documents_of(standing)
            new = [path for path in dict.fromkeys(paths) if path not in there]
            if new:
                self._rewrite({standing: _attached(standing, new)})

    def post(self, bookings: Sequence[Booking]) -> Sequence[Booking | Problem]:
        references = [booking.reference for booking in bookings]
        with self._folder.writing():
            drafts = [standing for standing in self._current(references) if standing.is_draft]
            changed = self._changed({standing: posted(standing.block.text) for standing in drafts}, {})
            ours = self._shelf.standing([Key.of("kontobro", reference) for reference in references], changed)
            others = self._shelf.standing([k for s in ours for k in standing_entries.keys_to_settle(s)], changed)
            self._write(self._changed(_settled(ours, others), changed))
        return self._answers(references, {})

    def write(self, vendors: Sequence[Vendor]) -> Sequence[Vendor | Problem]:
        self._masters.read()  # it makes the folder, under the same lock
        with self._folder.writing():
            new, refused = additions(vendors, self._masters.read().all(Vendor))
            if new:
                text = self._folder.text(VENDORS).decode() or HEADER
                text = "\n".join([text, *(render_vendor(vendor) for vendor in new)])
                self._folder.write_batch(VENDORS, text.encode())
        known = {vendor.pleo_id: vendor for vendor in self._masters.read().all(Vendor)}
        ids = [vendor.pleo_id or vendor.id for vendor in vendors]
        return [refused.get(pleo_id) or known[pleo_id] for pleo_id in ids]

    def withdraw(self, bookings: Sequence[Booking]) -> None:
        with self._folder.writing():
            standings = self._current([booking.reference for booking in bookings])
            self._rewrite({standing: b"" for standing in standings if standing.is_draft})

    # ------------------------------------------------------------------------------ reading what stands

    def _current(self, references: Sequence[Reference]) -> list[Standing]:
        """The entries under these references that count."""
        standings = self._shelf.standing([Key.of("kontobro", reference) for reference in references])
        picked = (standing_entries.pick(reference, standings) for reference in dict.fromkeys(references))
        return [standing for standing in picked if standing and not standing.is_void]

    def _standing_of(self, booking: Booking) -> Standing:
        key = [Key.of("kontobro", booking.reference)]
        for fresh in (False, True):  # most often it is where it was: then 500 files need no look
            standing = standing_entries.pick(booking.reference, self._shelf.standing(key, fresh=fresh))
            if standing and not standing.is_void:
                return standing
        raise Conflict(
            f"Entry {shown(booking.reference)} is not in the ledger any more.",
            "Export the expense again in Pleo, if it should be booked.",
        )

    def _answers(
        self, references: Sequence[Reference], refused: Mapping[Reference, Problem]
    ) -> Sequence[Booking | Problem]:
        found = self.find(references)
        return [refused.get(reference) or found.get(reference) or _gone(reference) for reference in references]

    def _booking(self, standing: Standing) -> Booking:
        paths = standing_entries.documents_of(standing)
        receipts = frozenset(standing_entries.digest_of(path) for path in paths if self._folder.has_document(path))
        return standing_entries.booking_of(standing, receipts, self._url(standing))

    def _url(self, standing: Standing) -> str:
        if self._fava:
            return f"{self._fava}/journal/?filter={quote('^' + link_of(Reference(standing.meta('kontobro'))))}"
        return f"{(self._folder.bookings / standing.block.file).as_uri()}#L{standing.block.line}"

    # ----------------------------------------------------------------------- writing, only under the lock

    def _add_batch(self, entries: Sequence[Entry]) -> None:
        text = "\n".join(render_entry(entry, posted=False) for entry in entries)
        self._folder.write_batch(self._folder.next_batch(), text.encode())

    def _rewrite(self, blocks: Mapping[Standing, bytes]) -> None:
        self._write(self._changed(blocks, {}))

    def _changed(self, blocks: Mapping[Standing, bytes], texts: Mapping[str, bytes]) -> dict[str, bytes]:
        """The files' texts with these blocks replaced, the last of each file first: the others stay in place."""
        changed = dict(texts)
        for standing in sorted(blocks, key=lambda s: s.block.start, reverse=True):
            file = standing.block.file
            text = changed.get(file)
            changed[file] = splice(self._folder.text(file) if text is None else text, standing.block, blocks[standing])
        return changed

    def _write(self, changed: Mapping[str, bytes]) -> None:
        for file, text in changed.items():
            self._folder.write_batch(file, text)


def _references(entries: Sequence[Entry]) -> list[Reference]:
    return [entry.reference for entry in entries]


def _refusals(entries: Sequence[Entry], masters: Masters) -> dict[Reference, Problem]:
    """The first problem of each entry that the ledger would not take."""
    found = {entry.reference: problems_of(entry, masters) for entry in entries}
    return {reference: problems[0] for reference, problems in found.items() if problems}


def _attached(standing: Standing, paths: Sequence[str]) -> bytes:
    """The block with its receipts twice: as metadata, in order, and as documents, which Fava opens."""
    first = max((n for n, _ in standing_entries.numbered_documents(standing)), default=0) + 1
    lines = [f"document-{n}: {quoted(path)}" for n, path in enumerate(paths, first)]
    account, day = standing.transaction.postings[0].account, standing.transaction.date
    link = link_of(Reference(standing.meta("kontobro")))
    documents = [f"{day} document {account} {quoted(path)} ^{link}" for path in paths]
    return with_documents(with_lines(standing.block.text, lines), documents)


def _settled(ours: Sequence[Standing], others: Sequence[Standing]) -> dict[Standing, bytes]:
    """The blocks of the payments that can be settled now."""
    both = list({(s.block.file, s.block.start): s for s in (*ours, *others)}.values())
    return {
        payment: with_lines(payment.block.text, standing_entries.settlement_lines(payment, bill))
        for payment, bill in standing_entries.settlements(both)
    }


def _gone(reference: Reference) -> Problem:
    return Problem(
        "booking_gone",
        "reference",
        shown(reference),
        f"Entry {shown(reference)} is not in the ledger any more.",
        "Export the expense again in Pleo, if it should be booked.",
        "accounting_system_validation_failure",
    )
