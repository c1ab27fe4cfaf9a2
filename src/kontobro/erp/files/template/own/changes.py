"""What differs between two templates, in words, for the audit trail and whoever saves one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import Fact, Noted, Phrase, phrase, worded
from kontobro.erp.files.template.layout import Column, Layout, parsed


def changes_of(old: str, new: str) -> list[Noted]:
    """Each change of a template that can be used, from → to, in words of every language. Texts that say the same differ
    in remarks alone."""
    if old == new:
        return []
    after = parsed(new, "the template")
    try:
        before = parsed(old, "the template")
    except Misconfigured:
        return [worded("change_unreadable")]
    return [Noted(change) for change in _changes(before, after)] or [worded("change_remarks")]


def _changes(before: Layout, after: Layout) -> Iterator[Phrase]:
    yield from _fields("name", {"": before.name}, {"": after.name})
    for part in ("file", "rows"):
        yield from _fields(part, msgspec.to_builtins(getattr(before, part)), msgspec.to_builtins(getattr(after, part)))
    yield from _columns("column", before.columns, after.columns)
    yield from _columns("line_column", before.line_columns, after.line_columns)


def _columns(kind: str, before: Sequence[Column], after: Sequence[Column]) -> Iterator[Phrase]:
    """By their titles; the nth of one title is compared with the nth."""
    old, new = _by_title(before), _by_title(after)
    yield from (phrase("change_removed", place=_column(kind, key)) for key in old if key not in new)
    yield from (phrase("change_added", place=_column(kind, key)) for key in new if key not in old)
    for key in (key for key in old if key in new):
        yield from _fields(_column(kind, key), msgspec.to_builtins(old[key]), msgspec.to_builtins(new[key]))
    if [key for key in old if key in new] != [key for key in new if key in old]:
        yield phrase(f"change_order_{kind}s")


def _column(kind: str, key: tuple[str, int]) -> Phrase:
    return phrase(f"change_{kind}", title=shown(key[0]))


def _by_title(columns: Sequence[Column]) -> dict[tuple[str, int], Column]:
    found: dict[tuple[str, int], Column] = {}
    for column in columns:
        at = sum(1 for title, _ in found if title == column.title)
        found[column.title, at] = column
    return found


def _fields(place: Fact, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Phrase]:
    for name in before:
        if before[name] != after[name]:
            field = phrase("change_field", place=place, name=name) if name else place
            yield phrase("change_value", place=field, before=_told(before[name]), after=_told(after[name]))


def _told(value: object) -> Fact:
    return phrase("change_none") if value is None or value in ("", [], {}) else shown(value)
