"""What files say of records, joined: each record once, with the place that says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, TypeVar

from kontobro.core.errors import shown
from kontobro.core.model.masterdata import Company, Dimension, DimensionValue, MasterRecord, Period
from kontobro.core.words import Fact, part_of, phrase, worded
from kontobro.erp.files.common.master_file import MasterFile, Source
from kontobro.erp.kit.masters_file import TABLES, placed, wrong

K = TypeVar("K", bound=MasterRecord)

NAMES: Final = {kind: name for name, kind in TABLES.items()}


@dataclass(frozen=True, slots=True)
class Found:
    """A record, what else its row says, and where: `row 7`, `accounts[3]`, of which file."""

    record: MasterRecord
    file: str
    place: Fact
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[type, str]:
        return type(self.record), id_of(self.record)


@dataclass(frozen=True, slots=True)
class Content:
    """What one file says. `stated` is what its header says of the company, for the format (`MasterFile.extra` of
    Company)."""

    found: tuple[Found, ...]
    notes: tuple[str, ...] = ()
    stated: Mapping[str, str] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """How many records of each kind, in the order of the tables."""
        kinds = Counter(type(one.record) for one in self.found)
        return {name: kinds[kind] for name, kind in TABLES.items() if kinds[kind]}


def id_of(record: MasterRecord) -> str:
    """A record's id among all of its kind."""
    return f"{record.dimension_id}/{record.id}" if isinstance(record, DimensionValue) else record.id


def joined(files: Iterable[tuple[Source, Content]]) -> MasterFile:
    """One MasterFile of all files. Raises Misconfigured for a record that is given twice, a value of an unknown
    dimension, periods that overlap, or headers that are not of one company."""
    given = list(files)
    everything = [one for _, content in given for one in content.found]
    _once(everything)
    everything += _dimensions_of(everything)
    records: dict[type, list[MasterRecord]] = {}
    extra: dict[type, dict[str, Mapping[str, str]]] = {}
    for one in everything:
        kind, id = one.key
        records.setdefault(kind, []).append(one.record)
        if one.extra:
            extra.setdefault(kind, {})[id] = one.extra
    _apart(one for one in everything if isinstance(one.record, Period))
    if stated := _stated(given):
        extra.setdefault(Company, {})[""] = stated
    return MasterFile(
        {kind: tuple(rows) for kind, rows in records.items()},
        extra,
        tuple(
            worded("file_at", place=source.name, what=part_of(note))
            for source, content in given
            for note in content.notes
        ),
        tuple(source for source, _ in given),
    )


def _once(found: Iterable[Found]) -> None:
    """Ids and codes are unique; a company is the only one."""
    seen: dict[tuple[type, str], Found] = {}
    for one in found:
        if not one.key[1]:
            raise wrong(one.file, placed(one.place, phrase("masters_code_empty")), phrase("masters_give_code"))
        for key in _names_of(one):
            before = seen.setdefault(key, one)
            if before is not one:
                raise _twice(before, one)


def _names_of(one: Found) -> set[tuple[type, str]]:
    """What no other record may be called."""
    kind, id = one.key
    if kind is Company:
        return {(Company, "")}
    code = getattr(one.record, "code", "")
    parent = f"{one.record.dimension_id}/" if isinstance(one.record, DimensionValue) else ""
    return {(kind, id), *([(kind, f"{parent}{code}")] if code else [])}


def _twice(before: Found, one: Found) -> Exception:
    kind, id = one.key
    code = shown(getattr(one.record, "code", "") or id)
    elsewhere = phrase("masters_place_of", place=before.place, file=shown(before.file))
    where = before.place if before.file == one.file else elsewhere
    if kind is Company:
        return wrong(
            one.file, phrase("masters_second_company", place=one.place, first=where), phrase("masters_keep_one")
        )
    what = phrase("masters_twice", table=NAMES[kind], code=code, first=where, second=one.place)
    return wrong(one.file, what, phrase("masters_keep_or_correct"))


def _dimensions_of(found: Iterable[Found]) -> list[Found]:
    """The dimensions that values name, where the files list none: their codes are their names then."""
    values = [one for one in found if isinstance(one.record, DimensionValue)]
    known = {one.record.id for one in found if isinstance(one.record, Dimension)}
    made: dict[str, Found] = {}
    for one in values:
        dimension = one.record.dimension_id if isinstance(one.record, DimensionValue) else ""
        if known and dimension not in known:
            what = placed(one.place, phrase("masters_dimension_unknown", dimension=shown(dimension)))
            raise wrong(one.file, what, phrase("masters_dimensions", names=shown(", ".join(sorted(known)), 120)))
        if not known:
            made[dimension] = Found(Dimension(dimension, dimension, dimension), one.file, one.place)
    for name, other in pairwise(sorted(known | set(made))):
        if other.startswith(f"{name}/"):  # a value's id at Pleo begins with its dimension's
            what = phrase("masters_dimension_begins", other=shown(other), name=shown(name))
            raise wrong("dimensions", what, phrase("masters_change_code"))
    return list(made.values())


def _apart(found: Iterable[Found]) -> None:
    """A day is in one period."""
    periods = [(one.record, one) for one in found if isinstance(one.record, Period)]
    for (first, _), (second, one) in pairwise(sorted(periods, key=lambda each: each[0].start)):
        if second.start <= first.end:
            what = phrase("masters_periods_overlap", second=second.start, first=first.start)
            raise wrong(one.file, placed(one.place, what), phrase("masters_correct_days"))


def _stated(given: Iterable[tuple[Source, Content]]) -> dict[str, str]:
    """What all headers say together: they are of one company."""
    stated: dict[str, tuple[str, str]] = {}
    for source, content in given:
        for name, value in content.stated.items():
            before, file = stated.setdefault(name, (value, source.name))
            if before != value:
                what = phrase("masters_differ", name=name, value=shown(value), other=shown(before), file=shown(file))
                raise wrong(source.name, what, phrase("masters_one_company"))
    return {name: value for name, (value, _) in stated.items()}
