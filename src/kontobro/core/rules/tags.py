"""Tags of a line as dimensions (`posting-rules.md` §10)."""

from __future__ import annotations

from collections.abc import Sequence

from kontobro.core.errors import shown
from kontobro.core.model.export import TagRef
from kontobro.core.model.masterdata import Dimension, DimensionValue
from kontobro.core.rules.item import Item

Dimensions = tuple[tuple[str, str], ...]
"""Dimension id and value id, sorted."""


def dimensions_of(item: Item, at: int) -> Dimensions:
    """The dimension values of the line at index `at`. A tag whose group is not mapped goes to the text, with a note."""
    findings = item.findings
    values: dict[str, str] = {}
    for tag in item.given.lines[at].tags:
        field = f"accountingEntryLines[{at}].tags.{shown(tag.group_code)}"
        dimension = _dimension(item, tag, field)
        value = _value(item, dimension, tag, field) if dimension else None
        if not dimension or not value:
            continue
        if values.setdefault(dimension.id, value.id) != value.id:
            findings.fail(
                "tag_conflict",
                field,
                tag.code,
                f"The line has two different tags for the dimension {dimension.name}.",
                "Remove one of them in Pleo, or map their groups to different dimensions, then export it again.",
            )
    return tuple(sorted(values.items()))


def common_to(lines: Sequence[Dimensions]) -> Dimensions:
    """What all lines share: what a counter line can carry (setting `dimensions_on` all_lines)."""
    if not lines:
        return ()
    return tuple(sorted(set(lines[0]).intersection(*lines[1:])))


def _dimension(item: Item, tag: TagRef, field: str) -> Dimension | None:
    mapped, findings = item.settings.dimensions.get(tag.group_code), item.findings
    found = [one for one in item.masters.dimensions.find(mapped or tag.group_code) if one.active]
    if len(found) == 1:
        return found[0]
    if mapped or found:
        key = mapped or tag.group_code
        what = "does not exist in the accounting system" if not found else "stands for several dimensions"
        findings.fail(
            "dimension_unknown",
            field,
            key,
            f"Dimension {shown(key)} {what}.",
            f"Correct the setting dimensions.{shown(tag.group_code)}, then export it again.",
        )
        return None
    findings.text(f"{tag.group_code}: {tag.code}")
    findings.note(f"The tag group {shown(tag.group_code)} is not mapped to a dimension: the tag is in the text.")
    return None


def _value(item: Item, dimension: Dimension, tag: TagRef, field: str) -> DimensionValue | None:
    index = item.masters.dimension_values.get(dimension.id)
    found = [one for one in index.find(tag.code) if one.active] if index else []
    if len(found) == 1:
        return found[0]
    what = "stands for several values" if found else "does not exist"
    item.findings.fail(
        "tag_ambiguous" if found else "tag_unknown",
        field,
        tag.code,
        f"Tag with code {shown(tag.code)} {what} in the dimension {dimension.name} of the accounting system.",
        "Check the tag in Pleo and the dimension's values, then export it again.",
    )
    return None
