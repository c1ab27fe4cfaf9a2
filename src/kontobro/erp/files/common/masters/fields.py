"""What columns are called, and cells as values of the core's fields. Pure; data in `columns.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import resources
from typing import Any, Final, get_type_hints

from kontobro.core.errors import shown
from kontobro.core.model.masterdata import Account, MasterRecord
from kontobro.core.words import phrase
from kontobro.erp.kit.masters_file import COLUMNS, TABLES

_WORDS: Final[Mapping[str, Any]] = tomllib.loads(
    resources.files(__package__).joinpath("columns.toml").read_text("utf-8")
)

LEFT_OUT: Final = frozenset({"id", "through", "pleo_id"})
"""Fields that no column gives: ids are codes."""

INVERTED: Final = "!active"
"""A column that says of a record that it is blocked."""

MOST_WORDS: Final = 4
"""Of a kind's name: `plan de comptes`."""

DEFAULTS: Final[Mapping[str, Any]] = {"type": "inclusive", "state": "open"}
"""Of tax codes and of periods."""

NOT_OF: Final[Mapping[Any, frozenset[str]]] = {Account: frozenset({"type"})}
"""Fields that no column of a kind gives: what a file calls an account's type is its own, in words of any system."""


def folded(name: str) -> str:
    """A name as it is compared: letters, digits and the percent sign, in lower case."""
    return re.sub(r"[\W_]", "", name.casefold())


KIND_COLUMNS: Final = frozenset(map(folded, _WORDS["kind"]))
_KINDS: Final = {
    folded(name): kind for table, kind in TABLES.items() for name in (table, table[:-1], *_WORDS["kinds"][table])
}
_VALUES: Final[Mapping[str, str]] = {folded(word): value for value, words in _WORDS["values"].items() for word in words}


def kind_named(name: str) -> type[MasterRecord] | None:
    """The kind that a file, a sheet or a cell names, by its longest words: `Kontenplan 2026`, `Fjord tax codes`; None
    for none, or for several."""
    words = [folded(word) for word in re.split(r"[\W\d_]+", name) if word][:20]
    for length in range(min(len(words), MOST_WORDS), 0, -1):
        parts = ("".join(words[at : at + length]) for at in range(len(words) - length + 1))
        if found := {_KINDS[part] for part in parts if part in _KINDS}:
            return found.pop() if len(found) == 1 else None
    return None


def _names(table: str, kind: type[MasterRecord]) -> Mapping[str, tuple[str, int]]:
    own = [field for field in COLUMNS[kind].__struct_fields__ if field not in LEFT_OUT | NOT_OF.get(kind, frozenset())]
    names: dict[str, tuple[str, int]] = {folded(field): (field, 0) for field in own}
    general = {field: words for field, words in _WORDS["columns"].items() if isinstance(words, list)}
    for rank, fields in ((1, _WORDS["columns"].get(table, {})), (2, general)):
        for field, words in fields.items():
            for word in words if field.removeprefix("!") in own else ():
                names.setdefault(folded(word), (field, rank))
    return names


NAMED: Final = {kind: _names(table, kind) for table, kind in TABLES.items()}
"""The fields of each kind by what columns are called, folded; beside each how near the name is: 0 its own, 1 of the
kind, 2 of all kinds."""

_NUMBER: Final = re.compile(r"(\d{1,9})(?:[.,](\d{1,9}))?", re.ASCII)


def number(text: str) -> Decimal:
    """`25`, `0,25`, `25.0`, and `25 %` as a hundredth of it."""
    bare = text.removesuffix("%").strip()
    found = _NUMBER.fullmatch(bare)
    if found is None:
        raise ValueError(phrase("file_number_wrong", given=shown(text)))
    value = Decimal(f"{found[1]}.{found[2] or 0}")
    return value / 100 if text.endswith("%") else value


_DAYS: Final = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y%m%d", "%Y/%m/%d")


def day(text: str) -> date:
    """The day comes before the month, as in Europe."""
    for pattern in _DAYS:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise ValueError(phrase("file_day_wrong", given=shown(text)))


def flag(text: str) -> bool:
    value = _VALUES.get(folded(text))
    if value not in {"true", "false"}:
        raise ValueError(phrase("file_flag_wrong", given=shown(text)))
    return value == "true"


def choice(text: str) -> str:
    """A word of the core's; one that is unknown is refused with the record."""
    return str(_VALUES.get(folded(text), text))


def code(text: str) -> str:
    """A code is text: as a spreadsheet shortens a long number, it is lost."""
    if re.fullmatch(r"\d[.,]?\d*E\+\d+", text, re.IGNORECASE | re.ASCII):
        raise ValueError(phrase("file_code_shortened", given=shown(text)))
    return text


def _reader(field: str, hint: str) -> Callable[[str], Any]:
    if field in DEFAULTS:
        return choice
    if field in {"code", "dimension_id"}:
        return code
    return next((read for name, read in _OF_TYPE.items() if name in hint), str)


def currencies(text: str) -> tuple[str, ...]:
    return tuple(filter(None, re.split(r"[\s,;/]+", text.upper())))


_OF_TYPE: Final[Mapping[str, Callable[[str], Any]]] = {
    "Decimal": number,
    "date": day,
    "tuple": currencies,
    "bool": flag,
}

READERS: Final = {
    kind: {INVERTED: lambda text: not flag(text)}
    | {field: _reader(field, str(hint)) for field, hint in get_type_hints(kind).items()}
    for kind in TABLES.values()
}
"""How a cell of each field of a kind is read. They raise ValueError, saying what the cell is not."""


def is_number(kind: type[MasterRecord], field: str) -> bool:
    return READERS[kind][field] is number
