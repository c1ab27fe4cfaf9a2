"""A folder and the accounting system that imports from it: what of either a person sees, and how both are judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from kontobro.core.model.journal import Booking, Reference
from kontobro.core.ports import Capabilities, Connector
from kontobro.delivery.filed import FiledDelivery
from kontobro.erp.kit.guard import GuardedTarget, guarded_target_from
from kontobro.testing.connector.shown import Shown
from proof.simulator.books.files.place import PROBE, delivery_by_hand
from proof.simulator.books.files.rows import (
    MANIFEST,
    MARK,
    RECEIPTS,
    Row,
    is_rows,
    manifest_in,
    number_of,
    receipts_in,
    rows_in,
    sha256,
    vouchers_in,
)
from proof.simulator.books.files.target import target_of
from proof.simulator.plan import Plan


class FileBooks:
    """`Held`: what was imported, and what is in the folder to be. `seen`: every file that ever got its name there, by
    name and content; files may be taken, and be withdrawn by us.

    `unknown`: what is in documents whose memory is lost, as a person confirmed; `skipped` and `skipped_vouchers`:
    numbers that the person said were the last, or before; `doubtful`: documents of which a delivery was interrupted, or
    files were taken; `wrong`: what no delivery may do, as it was done.
    """

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.target: GuardedTarget = guarded_target_from(lambda: target_of(plan))
        self.by_hand: FiledDelivery = delivery_by_hand(folder, self)
        self.touched: set[Reference] = set()
        self.voided: set[Reference] = set()
        self.revived: set[Reference] = set()
        self.unknown: set[Reference] = set()
        self.doubtful: set[int] = set()
        self.skipped: set[int] = set()
        self.skipped_vouchers: set[tuple[str, str, int]] = set()
        self.wrong: list[str] = []
        self.seen: dict[str, list[bytes]] = {}
        self._there: dict[str, bytes] = {}
        self._imported: dict[str, list[bytes]] = {}
        self._rows: dict[str, list[Row]] = {}

    # ------------------------------------------------------------------------------------------- Held

    @property
    def capabilities(self) -> Capabilities:
        return self.target.capabilities

    def connector(self) -> Connector:
        """What reads master data: documents are written by the target, whole."""
        return cast(Connector, self.target)

    def doubles(self) -> Mapping[Reference, int]:
        counts = Counter(row.reference for row in self._live())
        return {reference: count - 1 for reference, count in counts.items() if count > 1}

    def references(self) -> Sequence[Reference]:
        return sorted({row.reference for contents in self.seen.values() for row in self._rows_of(contents)})

    def status(self, reference: Reference) -> str:
        if any(row.reference == reference for row in self._live()):
            return "posted"
        return "void" if reference in self.references() else ""

    def shows(self, reference: Reference) -> Shown:
        return self._row(reference).shown

    def booking(self, reference: Reference) -> Booking:
        return self._row(reference).booking

    def receipts(self, reference: Reference) -> Sequence[str]:
        row = self._row(reference)
        held: dict[str, str] = {}
        for name, contents in self.seen.items():
            if name.endswith(RECEIPTS) and number_of(name) == row.document:
                held |= receipts_in(contents[-1])
        return [held.get(name, "") for name in row.receipts]

    def undone(self) -> Sequence[Reference]:
        return ()

    # ---------------------------------------------------------------------------------------- Watched

    def arrived(self, name: str, content: bytes) -> None:
        if is_rows(name) and not any(number_of(one) == number_of(name) for one in self.seen if one.endswith(MANIFEST)):
            self.wrong.append(f"the rows of document {number_of(name)} are delivered, and its manifest never was")
        before = self.seen.setdefault(name, [])
        if content not in before:
            before.append(content)
        self._there[name] = content

    def withdrawn(self, name: str) -> None:
        self._there.pop(name, None)

    def interrupted(self, name: str) -> None:
        self.doubtful.add(number_of(name.removeprefix(".")))

    # ---------------------------------------------------------------------------------- what people do

    def take(self, size: float) -> Sequence[int]:
        """Import all rows that are there, and remove them; from 0.5 on what accompanies them too, from 0.7 on all."""
        numbers = sorted({number_of(name) for name in self._there if is_rows(name)})
        for name in [one for one in sorted(self._there) if number_of(one) in numbers]:
            if is_rows(name):
                self._imported.setdefault(name, []).append(self._there[name])
            elif size < (0.7 if name.endswith(MANIFEST) else 0.5):
                continue
            (self.folder / name).unlink()
            del self._there[name]
        self.doubtful |= set(numbers)
        return numbers

    def mark(self, number: int) -> None:
        """Drop the file that says that a document was imported."""
        (self.folder / f"kontobro-{number:05d}{MARK}").touch()

    def imported(self) -> Sequence[int]:
        """Documents whose rows were taken."""
        return sorted({number_of(name) for name in self._imported})

    def manifests(self) -> Mapping[int, Mapping[str, Any]]:
        """Of all documents that ever were delivered, in part at least; of two under one number the last."""
        names = sorted(name for name in self.seen if name.endswith(MANIFEST))
        return {number_of(name): manifest_in(self.seen[name][-1]) for name in names}

    def has_manifest(self, number: int) -> bool:
        """Whether it is there now."""
        return any(name.endswith(MANIFEST) and number_of(name) == number for name in self._there)

    def has_come(self, number: int) -> bool:
        """Whether its rows ever were there, and were not withdrawn."""
        return any(row.document == number for row in self._live())

    def is_in_doubt(self, number: int) -> bool:
        """Whether no one but a person can tell if the accounting system has it."""
        return number in self.doubtful or not self.has_come(number)

    def forget_released(self) -> None:
        """The history is gone: that a document was released is known nowhere else."""
        self.revived |= self.voided

    # -------------------------------------------------------------------------------------- the judge

    def wrong_with(self) -> Iterator[str]:
        """What is not as sealed documents have to be, in words."""
        yield from self.wrong
        yield from self._wrong_names()
        yield from _wrong_numbers("document", sorted(self.manifests()), self.skipped)
        yield from self._wrong_vouchers()
        for number, manifest in self.manifests().items():
            yield from self._wrong_document(number, manifest)

    def _wrong_names(self) -> Iterator[str]:
        there = {path.name: path.read_bytes() for path in self.folder.iterdir() if not path.name.startswith(".")}
        there = {name: content for name, content in there.items() if not name.endswith(MARK) and name != PROBE}
        if there != self._there:
            changed = sorted({*there} ^ {*self._there}) or sorted(there)
            yield f"the folder is not as it was left: {', '.join(changed)}"
        for name, contents in self.seen.items():
            if len(contents) > 1:
                yield f"{name} was delivered with {len(contents)} contents: a number is given twice"

    def _wrong_vouchers(self) -> Iterator[str]:
        """Each number of a series is one entry's of one document, for ever."""
        owners: dict[tuple[str, str, int], set[tuple[int, Reference]]] = {}
        for number, manifest in self.manifests().items():
            for reference, voucher in vouchers_in(manifest):
                owners.setdefault(voucher, set()).add((number, reference))
        for (series, _, number), some in sorted(owners.items()):
            if len(some) > 1:
                yield f"voucher {series}{number} is given {len(some)} times"
        for series, year in sorted({(series, year) for series, year, _ in owners}):
            numbers = sorted(number for name, of, number in owners if (name, of) == (series, year))
            skipped = {number for *of, number in self.skipped_vouchers if of == [series, year]}
            yield from _wrong_numbers(f"voucher of series {series}", numbers, skipped)

    def _wrong_document(self, number: int, manifest: Mapping[str, Any]) -> Iterator[str]:
        """Every file that came is as its manifest says, and what it says is in the rows."""
        said = {name: digest for name, _, digest, _ in manifest["files"]}
        for name, contents in self.seen.items():
            if number_of(name) == number and not name.endswith(MANIFEST) and sha256(contents[-1]) != said.get(name):
                yield f"{name} has another SHA-256 than its manifest says"
        if not self.has_come(number):
            return
        if lacking := sorted(name for name in said if name not in self.seen):
            yield f"document {number} is delivered without {', '.join(lacking)}"
        rows = [row for name in said if is_rows(name) for row in self._rows_of(self.seen.get(name, []))]
        if [(row.reference, row.voucher) for row in rows] != list(vouchers_in(manifest)):
            yield f"the manifest of document {number} says otherwise than its rows"
        named = [name for row in rows for name in row.receipts]
        held = [name for one in said if one.endswith(RECEIPTS) for name in receipts_in(self.seen[one][-1])]
        if sorted(named) != sorted(held):
            yield f"document {number} has receipts, not its own each once"

    # -------------------------------------------------------------------------------------------------

    def _live(self) -> Iterator[Row]:
        """Rows that the accounting system has, or will take."""
        for name, content in self._there.items():
            if is_rows(name):
                yield from self._rows_of([content])
        for contents in self._imported.values():
            yield from self._rows_of(contents)

    def _row(self, reference: Reference) -> Row:
        return next(row for row in self._live() if row.reference == reference)

    def _rows_of(self, contents: Sequence[bytes]) -> Iterator[Row]:
        for content in contents:
            digest = sha256(content)
            if digest not in self._rows:
                self._rows[digest] = rows_in(content) if content.startswith(b"document,") else []
            yield from self._rows[digest]


def _wrong_numbers(what: str, numbers: Sequence[int], skipped: Collection[int]) -> Iterator[str]:
    last = max(numbers, default=0)
    if gaps := [number for number in range(1, last) if number not in numbers and number not in skipped]:
        yield f"there is a {what} {last}, and there is none {gaps[0]}: a gap"
