"""Tags of a line as dimensions (`posting-rules.md` §10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from kontobro.core.errors import shown
from kontobro.core.model.export import TagRef
from kontobro.core.model.masterdata import Dimension, DimensionValue
from kontobro.core.rules.item import Item

Dimensions = tuple[tuple[str, str], ...]
"""Dimension id and value id, sorted."""

R = TypeVar("R", Dimension, DimensionValue)


def dimensions_of(item: Item, at: int) -> Dimensions:
    """The dimension values of the line at index `at`. A tag whose group is not mapped goes to the text, with a note."""
    findings = item.findings
    values: dict[str, str] = {}
    for tag in item.given.lines[at].tags:
        dimension = _dimension(item, at, tag)
        value = _value(item, dimension, at, tag) if dimension else None
        if not dimension or not value:
            continue
        if values.setdefault(dimension.id, value.id) != value.id:
            findings.fail("tag_conflict", _field(at, tag), tag.code, dimension=dimension.name)
    return tuple(sorted(values.items()))


def _field(at: int, tag: TagRef) -> str:
    return f"accountingEntryLines[{at}].tags.{shown(tag.group_code)}"


def common_to(lines: Sequence[Dimensions]) -> Dimensions:
    """What all lines share: what a counter line can carry (setting `dimensions_on` all_lines)."""
    if not lines:
        return ()
    return tuple(sorted(set(lines[0]).intersection(*lines[1:])))


def _dimension(item: Item, at: int, tag: TagRef) -> Dimension | None:
    mapped, findings = item.settings.dimensions.get(tag.group_code), item.findings
    if sure := item.masters.dimensions.sure.get(mapped or tag.group_code):
        return sure
    found = _active(item.masters.dimensions.find(mapped or tag.group_code))
    if len(found) == 1:
        return found[0]
    if mapped or found:
        key = mapped or tag.group_code
        findings.fail(
            "dimension_unknown.several" if found else "dimension_unknown.missing",
            _field(at, tag),
            key,
            setting=f"dimensions.{shown(tag.group_code)}",
        )
        return None
    findings.text(f"{tag.group_code}: {tag.code}")
    findings.note("tag_not_mapped", group=shown(tag.group_code))
    return None


def _active(found: tuple[R, ...]) -> tuple[R, ...]:
    return tuple(one for one in found if one.active)


def _value(item: Item, dimension: Dimension, at: int, tag: TagRef) -> DimensionValue | None:
    index = item.masters.dimension_values.get(dimension.id)
    if index and (sure := index.sure.get(tag.code)):
        return sure
    found = _active(index.find(tag.code)) if index else ()
    if len(found) == 1:
        return found[0]
    field, name = _field(at, tag), dimension.name
    item.findings.fail("tag_ambiguous" if found else "tag_unknown", field, tag.code, dimension=name)
    return None
