"""What differs between two templates, in words, for the audit trail and whoever saves one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from kontobro.core.errors import Misconfigured, shown
from kontobro.erp.files.template.layout import Column, Layout, parsed


def changes_of(old: str, new: str) -> list[str]:
    """Each change of a template that can be used, from → to. Texts that say the same differ in remarks alone."""
    if old == new:
        return []
    after = parsed(new, "the template")
    try:
        before = parsed(old, "the template")
    except Misconfigured:
        return ["all: the template before it could not be read"]
    return list(_changes(before, after)) or ["remarks and spacing alone"]


def _changes(before: Layout, after: Layout) -> Iterator[str]:
    yield from _fields("name", {"": before.name}, {"": after.name})
    for part in ("file", "rows"):
        yield from _fields(part, msgspec.to_builtins(getattr(before, part)), msgspec.to_builtins(getattr(after, part)))
    yield from _columns("column", before.columns, after.columns)
    yield from _columns("line column", before.line_columns, after.line_columns)


def _columns(word: str, before: Sequence[Column], after: Sequence[Column]) -> Iterator[str]:
    """By their titles; the nth of one title is compared with the nth."""
    old, new = _by_title(before), _by_title(after)
    yield from (f'{word} "{shown(title)}" removed' for title, _ in old if (title, _) not in new)
    yield from (f'{word} "{shown(title)}" added' for title, _ in new if (title, _) not in old)
    for key in (key for key in old if key in new):
        yield from _fields(f'{word} "{shown(key[0])}"', msgspec.to_builtins(old[key]), msgspec.to_builtins(new[key]))
    if [key for key in old if key in new] != [key for key in new if key in old]:
        yield f"{word}s in another order"


def _by_title(columns: Sequence[Column]) -> dict[tuple[str, int], Column]:
    found: dict[tuple[str, int], Column] = {}
    for column in columns:
        at = sum(1 for title, _ in found if title == column.title)
        found[column.title, at] = column
    return found


def _fields(place: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    for name in before:
        if before[name] != after[name]:
            yield f"{place}{f'.{name}' if name else ''}: {_told(before[name])} → {_told(after[name])}"


def _told(value: object) -> str:
    return "none" if value is None or value in ("", [], {}) else shown(value)
