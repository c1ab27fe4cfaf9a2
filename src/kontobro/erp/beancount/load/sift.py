"""Which entries break a ledger: found by loading it with fewer and fewer of them."""

from __future__ import annotations

import itertools
import re
import tempfile
import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kontobro.core.batches import halves
from kontobro.core.errors import Problem
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Reference, entry_id_of
from kontobro.erp.beancount.load.apart import faults_apart
from kontobro.erp.beancount.load.ledger import Fault

PATIENCE = 180.0
"""Seconds for finding them. After that what was not cleared fails: better than a broken ledger."""

_REFERENCE = re.compile(r'^  kontobro: "((?:[^"\\]|\\.)*)"', re.MULTILINE)
_NAMED = re.compile(r"[A-Z][\w-]*(?::[\w-]+)+|\b[A-Z][A-Z0-9'._-]*[A-Z0-9]\b")
"""The accounts and currencies in an error's words."""

_WORDS = re.compile(r"\b[a-z]+\b")
"""An error's words without the names and numbers in it."""

_COMMODITY = re.compile(r"Missing Commodity directive for '([^']+)'")


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that is not in the ledger yet. `line` is its first one in the candidate's file."""

    reference: Reference
    text: str
    line: int

    @property
    def item(self) -> str:
        return entry_id_of(self.reference)


Item = tuple[Draft, ...]
"""The entries of one export item: they are booked together, or not at all."""


def drafts_of(candidate: Path) -> Iterator[Draft]:
    """The entries of a candidate's file: an empty line is between them, and none within."""
    lines: list[str] = []
    first = 1
    with candidate.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if line != "\n":
                lines.append(line)
                continue
            yield from _draft("".join(lines), first)
            lines, first = [], number + 1
    yield from _draft("".join(lines), first)


def _draft(text: str, line: int) -> Iterator[Draft]:
    found = _REFERENCE.search(text)
    if found:
        yield Draft(Reference(re.sub(r"\\(.)", r"\1", found[1])), text, line)


Found = tuple[tuple[Fault, Item | None], ...]
"""Errors, each with the item in whose own lines it is."""


class Sift:
    """One search in one ledger, within `patience` seconds."""

    def __init__(self, ledger: Path, patience: float = PATIENCE) -> None:
        self._ledger = ledger
        self._until = time.monotonic() + patience
        self._head = ""
        self._good: list[Item] = []
        self._bad: dict[Draft, Problem] = {}

    def breaking(self, candidate: Path, faults: Sequence[Fault]) -> dict[Draft, Problem]:
        """The entries of a candidate's file that break the ledger; `faults` are what all together cause."""
        with candidate.open(encoding="utf-8") as file:
            self._head = "".join(itertools.takewhile(lambda line: line != "\n", file))
        drafts: dict[str, list[Draft]] = {}
        for draft in drafts_of(candidate):
            drafts.setdefault(draft.item, []).append(draft)
        items = [tuple(item) for item in drafts.values()]
        self._sift(items, _pointed(faults, sorted((draft.line, item) for item in items for draft in item)))
        return self._bad

    def _sift(self, items: Sequence[Item], found: Found) -> None:
        """These items do not go with the good ones: clear what goes, refuse what does not."""
        own = {item: fault for fault, item in reversed(found) if item}
        if len(items) == 1 or self._is_late():
            self._refuse(items, next(iter(own.values()), found[0][0]))
        elif own:
            clean = self._look([item for item in items if item not in own])
            self._suspect(own, is_it=clean and len(own) == 1)
        else:
            clear, suspect = _parted(items, [fault for fault, _ in found])
            if self._look(clear):
                self._sift(suspect, found)  # it is these, as the load of all has shown
            else:
                self._look(suspect)

    def _suspect(self, own: Mapping[Item, Fault], *, is_it: bool) -> None:
        """Items that errors point at: each may break the ledger, or only go badly with another one that does. One of a
        kind of error is tried; what holds of it holds of its kind."""
        broken = set[str]()
        for item, fault in own.items():
            kind = " ".join(_WORDS.findall(fault.message))
            if is_it or kind in broken or self._is_late():
                self._refuse([item], fault)
            elif not self._look([item]):
                broken.add(kind)

    def _is_late(self) -> bool:
        return time.monotonic() > self._until

    def _look(self, items: Sequence[Item]) -> bool:
        """True when all of these go with the good ones; else they are sifted."""
        found = self._with(items) if items else ()
        if found:
            self._sift(items, found)
        else:
            self._good += items
        return not found

    def _refuse(self, items: Sequence[Item], fault: Fault) -> None:
        for item in items:
            self._bad.update({draft: _problem(fault, self._ledger) for draft in item})

    def _with(self, items: Sequence[Item]) -> Found:
        """The errors of the ledger with the good items and these."""
        begins: list[tuple[int, Item]] = []
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="\n", suffix=".beancount") as file:
            file.write(self._head + "\n")
            line = self._head.count("\n") + 2
            for item in (*self._good, *items):
                begins.append((line, item))
                for draft in item:
                    file.write(draft.text + "\n")
                    line += draft.text.count("\n") + 1
            file.flush()
            return _pointed(faults_apart(self._ledger, Path(file.name)), begins)


def _pointed(faults: Sequence[Fault], begins: Sequence[tuple[int, Item]]) -> Found:
    """Each fault with the item that begins above its line."""
    lines = [line for line, _ in begins]
    places = [bisect_right(lines, fault.line) - 1 if fault.line is not None else -1 for fault in faults]
    return tuple((fault, begins[at][1] if at >= 0 else None) for fault, at in zip(faults, places, strict=True))


def _parted(items: Sequence[Item], faults: Sequence[Fault]) -> tuple[Sequence[Item], Sequence[Item]]:
    """Those that name nothing of what the faults name, and those that do; halves where that parts nothing."""
    names = {name for fault in faults for name in _NAMED.findall(fault.message)}
    suspect = [item for item in items if any(name in draft.text for draft in item for name in names)]
    if 0 < len(suspect) < len(items):
        return [item for item in items if item not in suspect], suspect
    return halves(items)


def _problem(fault: Fault, ledger: Path) -> Problem:
    if commodity := _COMMODITY.search(fault.message):
        return problem(
            "breaks_ledger.commodity",
            "entry",
            fault.place,
            fault=str(fault),
            commodity=commodity[1],
            ledger=ledger.name,
        )
    return problem("breaks_ledger", "entry", fault.place, fault=str(fault))
