"""Entries are tried before they are written: would the ledger still load with them?

Once a job for all its entries, by Beancount itself in a process of its own: with the ledger's outline where that is
enough, else with all of it. Only when that load has errors the entries are sifted, until those that break the ledger
are found; each fails alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from kontobro.core.errors import KontobroError, Problem, Unreachable
from kontobro.core.model.journal import Reference
from kontobro.core.words import told
from kontobro.erp.beancount.files.folder import Folder
from kontobro.erp.beancount.files.swap import Stamp
from kontobro.erp.beancount.load.apart import faults_apart
from kontobro.erp.beancount.load.ledger import root_options, unloadable
from kontobro.erp.beancount.load.outline import Outline, Touched, earliest, touched_by
from kontobro.erp.beancount.load.reload import MasterFile
from kontobro.erp.beancount.load.scratch import Scratch
from kontobro.erp.beancount.load.sift import Sift, drafts_of
from kontobro.erp.beancount.syntax.render import quoted

TRIES = 4
"""How often the check is made again because the ledger's files changed meanwhile."""

_HALF = 8
"""Bytes of a digest's two halves: the reference, and the text."""

Texts = Mapping[Reference, str]
"""Entries in Beancount notation."""


class Rehearsal:
    """What of one job's entries is known to leave the ledger in order. It keeps 16 bytes an entry in memory."""

    def __init__(self, ledger: Path, folder: Folder, masters: MasterFile) -> None:
        self._ledger = ledger
        self._folder = folder
        self._masters = masters
        self._stamps: dict[str, Stamp] | None = None
        self._good: set[bytes] = set()
        """The digests of the job's entries that passed and are not written yet."""
        self._bad: dict[bytes, Problem] = {}
        self._texts: Scratch | None = None
        """The file that holds their texts."""
        self.is_known = False
        """Whether they were tried with the ledger as the index knows it, and are all whole transactions: then it is
        known with them, too."""

    def begin(self, job: Iterable[Texts]) -> None:
        """Forget what was rehearsed; try all entries of a job at once, and remember which may be written."""
        self._stamps, self._good, self._bad = None, set(), {}
        self._try(job, keep=True)

    def refusals(self, texts: Texts) -> dict[Reference, Problem]:
        """Which of these entries, none of them in the ledger, would break it as it is now. Loads it only for entries
        that were not rehearsed, or when its files have changed since."""
        bad = self._bad
        if not self.is_current() or any(_digest(r, t) not in self._good | bad.keys() for r, t in texts.items()):
            bad = self._try([texts], keep=False)
        found = {reference: bad.get(_digest(reference, text)) for reference, text in texts.items()}
        return {reference: problem for reference, problem in found.items() if problem}

    def is_good(self, texts: Texts) -> bool:
        """True when all of them passed, unless the ledger has changed since: `is_current` tells."""
        return all(_digest(reference, text) in self._good for reference, text in texts.items())

    def is_current(self) -> bool:
        """True while no one but us has changed the ledger since it was tried."""
        return self._stamps is not None and not self._changed(self._stamps, self._masters.stamps())

    def written(self, texts: Texts) -> None:
        """These entries are in the ledger now."""
        self._good.difference_update(_digest(reference, text) for reference, text in texts.items())

    def _changed(self, before: Mapping[str, Stamp], now: Mapping[str, Stamp]) -> bool:
        if before == now:
            return False
        files = {file for file in before.keys() | now.keys() if before.get(file) != now.get(file)}
        return any(now.get(file, (0, 0, 0)) != self._folder.ours.get(file) for file in files)

    def _try(self, texts: Iterable[Texts], *, keep: bool) -> dict[bytes, Problem]:
        """Load the ledger with these entries and those that wait; which of them break it."""
        spool, new, touched = self._gathered(texts)
        for _ in range(TRIES):
            now, outline = self._masters.stamps(), self._masters.outline()
            bad = self._breaking(spool.path, outline, touched) if self._good or new else {}
            if not self._changed(now, self._masters.stamps()):
                break
        else:
            raise Unreachable(*told("ledger_restless"))
        bad = (self._bad if self.is_current() else {}) | bad
        self._stamps, self._good, self._bad = now, self._good - bad.keys(), bad
        self.is_known = outline is not None and touched is not None
        old: Scratch | None = spool
        if keep:
            self._good |= new - bad.keys()
            old, self._texts = self._texts, spool
        if old is not None:
            old.close()
        return bad

    def _gathered(self, texts: Iterable[Texts]) -> tuple[Scratch, set[bytes], Touched | None]:
        """A file with these entries and those that wait (each in its newest form), the digests of these, and what all
        of them touch."""
        spool = Scratch()
        new = set[bytes]()
        touched: Touched | None = {}
        head = root_options(self._masters.read().roots) + "\n"
        with spool.path.open("w", encoding="utf-8", newline="\n") as file:
            file.write(head)
            for some in texts:
                new.update(_digest(reference, text) for reference, text in some.items())
                touched = _and_touched_by(head, some.values(), touched)
                file.writelines(f"{text}\n" for text in some.values())
            renewed = {digest[:_HALF] for digest in new} if self._good else set()
            for draft in drafts_of(self._texts.path) if self._good and self._texts is not None else ():
                digest = _digest(draft.reference, draft.text)
                if digest in self._good and digest[:_HALF] not in renewed:
                    touched = _and_touched_by(head, [draft.text], touched)
                    file.write(draft.text + "\n")
        return spool, new, touched

    def _breaking(self, candidate: Path, outline: Outline | None, touched: Touched | None) -> dict[bytes, Problem]:
        if (
            outline is not None
            and touched is not None
            and outline.suffices(touched, self._masters.read().assertions)
            and _is_clear(candidate, outline)
        ):
            return {}
        faults = faults_apart(self._ledger, candidate)
        if not faults:
            return {}
        if before := faults_apart(self._ledger, None):
            raise unloadable(self._ledger, before)  # not ours
        found = Sift(self._ledger).breaking(candidate, faults)
        return {_digest(draft.reference, draft.text): problem for draft, problem in found.items()}


def _is_clear(candidate: Path, outline: Outline) -> bool:
    """True when Beancount has nothing against these entries with the ledger's accounts alone."""
    scratch = Scratch()
    try:
        scratch.path.write_text(f"{outline.text}include {quoted(str(candidate))}\n", "utf-8")
        return not faults_apart(scratch.path, None)
    except KontobroError:  # what is wrong is said of the ledger itself
        return False
    finally:
        scratch.close()


def _and_touched_by(head: str, texts: Iterable[str], touched: Touched | None) -> Touched | None:
    """What is touched by these too; None when that can't be said."""
    more = None if touched is None else touched_by(head + "\n".join(texts))
    return None if touched is None or more is None else earliest(touched, more)


def _digest(reference: Reference, text: str) -> bytes:
    halves = (hashlib.blake2b(part.encode(), digest_size=_HALF).digest() for part in (reference, text))
    return b"".join(halves)
