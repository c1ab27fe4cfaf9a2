"""Changes of entries where they are, as functions of a file's text: a person may have edited it meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from kontobro.core.errors import Misconfigured
from kontobro.core.model.journal import Reference
from kontobro.erp.beancount.syntax.blocks import Key, LedgerEntry, blocks_with, parse, splice
from kontobro.erp.beancount.syntax.bookings import pick
from kontobro.erp.kit.lookup import picked

Edit = Callable[[LedgerEntry], bytes]
"""The new text of an entry's block; empty to remove it."""

Edits = dict[str, dict[Reference, list[Edit]]]
"""By file, by entry, in order."""


def edited(file: str, text: bytes, edits: Mapping[Reference, Sequence[Edit]]) -> bytes:
    """The file's text with these entries changed; those that it does not hold (any more) are left out."""
    longest = max((len(some) for some in edits.values()), default=0)
    for n in range(longest):
        text = _edited_once(file, text, {reference: some[n] for reference, some in edits.items() if len(some) > n})
    return text


def is_readable(file: str, text: bytes, references: Iterable[Reference]) -> bool:
    """Whether Beancount can read these entries in a file's text; those that it does not hold are left out."""
    try:
        _found(file, text, references)
    except Misconfigured:
        return False
    return True


def _found(file: str, text: bytes, references: Iterable[Reference]) -> list[LedgerEntry]:
    return parse(blocks_with(file, text, frozenset(Key.of("kontobro", reference) for reference in references)))


def _edited_once(file: str, text: bytes, edits: Mapping[Reference, Edit]) -> bytes:
    all_booked = _found(file, text, edits)
    counting = {
        found: edits[reference] for reference, found in picked(edits, all_booked, pick).items() if not found.is_void
    }
    for found in sorted(counting, key=lambda one: one.block.start, reverse=True):  # the others stay in place
        text = splice(text, found.block, counting[found](found))
    return text
