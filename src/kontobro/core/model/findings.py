"""What the posting rules find wrong or worth saying while they look at one item."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from typing import cast

from kontobro.core.errors import OWN, ItemFailure, KontobroError, Problem
from kontobro.core.words import REMEDY, Fact, Noted, Phrase, catalogue, part_of

LIST = ", "
"""Between several codes in one `value`, such as types of expenses."""


def problem(name: str, field: str, value: object, /, **facts: Fact) -> Problem:
    """A problem of the catalogue; `name` is its code, or code and form. Every other placeholder of its templates is a
    fact."""
    reasons = catalogue().reasons
    reason = reasons.get(name) or reasons[name.partition(".")[0]]
    return Problem.of(name, field, value, cast(ItemFailure, reason), facts)


def noted(name: str, /, **facts: Fact) -> Noted:
    """The phrase `note_<name>` as a note."""
    return Noted(Phrase(f"note_{name}", facts))


def phrase_of(found: Problem) -> Phrase | str:
    """A problem's message as a part of another text; its own words as they are."""
    if found.form == OWN:
        return found.message
    name = f"{found.code}.{found.form}" if found.form else found.code
    return Phrase(name, {"field": found.field, "value": found.value, **found.facts})


def remedy_of(found: Problem) -> Phrase | str:
    """A problem's remedy as a part of another text."""
    message = phrase_of(found)
    return Phrase(f"{REMEDY}{message.name}", message.facts) if isinstance(message, Phrase) else found.remedy


def sentences(*parts: Fact) -> Fact:
    """One after the other, with a blank between them."""
    return reduce(lambda before, after: Phrase("said", {"message": before, "remedy": after}), parts)


def note_of(fault: KontobroError) -> str:
    """What a fault says, message and remedy, as a note that can be kept and read in every language."""
    if not isinstance(fault.message, Noted):
        return str(fault)
    whole = sentences(fault.message.phrase, part_of(fault.remedy)) if fault.remedy else fault.message.phrase
    return Noted(cast(Phrase, whole))


@dataclass(slots=True)
class Findings:
    """Collects all of them at once: problems stop the item, notes and texts go on its entries."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """What has no field of its own in the books and goes into the entry's text."""
    day: date | None = None
    """The booking day: accounts and tax codes have to be open on it. None where nothing is booked."""

    def fail(self, name: str, field: str, value: object, /, **facts: Fact) -> None:
        found = problem(name, field, value, **facts)
        if found not in self.problems:
            self.problems.append(found)

    def note(self, name: str, /, **facts: Fact) -> None:
        """A note of the catalogue: `note_<name>` of its phrases."""
        note = noted(name, **facts)
        if note not in self.notes:
            self.notes.append(note)

    def text(self, text: str) -> None:
        if text not in self.texts:
            self.texts.append(text)
