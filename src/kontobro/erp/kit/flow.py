"""The steps of `book`: the first of each reference, without what exists; create; read back; answer in order. Pure.

A connector that needs nothing in between calls `book`. `find` always reads what exists now; nothing is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kontobro.core.errors import Note, Problem
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Booking, Entry, EntryKey, Reference

Found = Mapping[EntryKey, Booking]
"""What `Connector.find` answers."""


def book(
    entries: Sequence[Entry],
    system: str,
    find: Callable[[Sequence[EntryKey]], Found],
    validate: Callable[[Sequence[Entry]], Sequence[Sequence[Problem]]],
    create: Callable[[Sequence[Entry]], Mapping[Reference, Problem]],
) -> list[Booking | Problem]:
    """`Connector.book` of the connector's own `find`, `validate` and `create`: one answer each, in order.

    `create` makes entries that nothing is said against, and says which of them the system refused.
    """
    references = references_of(entries)
    new = new_among(entries, find(references) if references else {})
    wanted, problems = sorted_out(new, validate(new) if new else ())
    if wanted:
        problems |= create(wanted)
    return booked(references, system, problems, find(references) if references else {})


def references_of(entries: Sequence[Entry]) -> list[Reference]:
    """The references, in order, twice where they are there twice."""
    return [entry.reference for entry in entries]


def is_live(booking: Booking | None) -> bool:
    """Whether it exists and counts: what is void may be booked again under its reference."""
    return booking is not None and booking.status != "void"


def new_among(entries: Sequence[Entry], found: Found) -> list[Entry]:
    """The first of each reference, in order, without those that exist."""
    first: dict[Reference, Entry] = {}
    for entry in entries:
        if not is_live(found.get(entry.reference)):
            first.setdefault(entry.reference, entry)
    return list(first.values())


def sorted_out(
    entries: Sequence[Entry], problems: Sequence[Sequence[Problem]]
) -> tuple[list[Entry], dict[Reference, Problem]]:
    """Those to create, and the first problem of each other one. `problems` as `Connector.validate` answers: a `Note`
    stops nothing."""
    wanted: list[Entry] = []
    refused: dict[Reference, Problem] = {}
    for entry, found in zip(entries, problems, strict=True):
        stops = next((one for one in found if not isinstance(one, Note)), None)
        if stops is None:
            wanted.append(entry)
        else:
            refused[entry.reference] = stops
    return wanted, refused


def booked(
    references: Sequence[Reference], system: str, problems: Mapping[Reference, Problem], found: Found
) -> list[Booking | Problem]:
    """The answers to `book`, in order. What exists comes first: another may have booked it in the meantime."""
    still = {reference: one for reference, one in problems.items() if not is_live(found.get(reference))}
    return answered(references, system, still, found)


def answered(
    references: Sequence[Reference], system: str, problems: Mapping[Reference, Problem], found: Found
) -> list[Booking | Problem]:
    """The answers to `post`, in order: the problem of a reference, else what exists under it, else that it is gone."""
    return [problems.get(one) or found.get(one) or booking_gone(one, system) for one in references]


def booking_gone(reference: Reference, system: str) -> Problem:
    """Someone deleted it there."""
    return problem("booking_gone", "reference", reference, system=system)


def refused(reference: Reference, system: str, said: str) -> Problem:
    """What the system itself said no to."""
    return problem("refused_by_accounting_system", "entry", reference, system=system, said=said)


def not_posted(reference: Reference, system: str, said: str) -> Problem:
    """A draft that the system would not post."""
    return problem("not_posted", "entry", reference, system=system, said=said)
