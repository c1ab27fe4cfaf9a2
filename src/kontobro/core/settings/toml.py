"""Settings from and to a TOML document: every fault at once, each with its remedy."""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from kontobro.core.errors import Misconfigured, Problem, shown
from kontobro.core.model.findings import problem
from kontobro.core.model.money import EXPONENTS
from kontobro.core.model.settings import MOST_DIMENSIONS, RowOverride, Settings
from kontobro.core.plan.choice import MOST_RULES, unreadable
from kontobro.core.quoting import quoted, unquoted, why_unreadable
from kontobro.core.rules.dates import zone_named
from kontobro.core.rules.table import SUBTYPE_DECIDES, table_of
from kontobro.core.rules.text import FIELDS, unknown_fields
from kontobro.core.words import Phrase, told

LIMITS: Mapping[str, tuple[int, int]] = {
    "retention_days": (0, 3650),
    "patience_minutes": (0, 50),
    "sync_max_percent": (0, 100),
    "sync_floor": (0, 1000),
}
"""Smallest and largest value of each number. Patience ends well before Pleo's job does (one hour)."""


LONGEST_NAME = 100
"""Characters of an account's, a journal's or a dimension's code."""

LONGEST: Mapping[str, int] = {"description": 500, "hook": 500, "sync_choice": 300}
"""The same of longer texts."""


class _Wrong(Exception):
    """A value that is not what its setting takes."""

    def __init__(self, takes: Phrase) -> None:
        super().__init__(takes)
        self.takes = takes


LARGEST = 200_000
"""Bytes of a settings file. Ours have some thousand."""

MOST_DOTS = 200
"""In one line. Each part of a dotted key costs as much as all before it: 99,000 of them take minutes."""

MOST_DIGITS = 100
"""Of one number."""

MOST_FAULTS = 50
"""Named of one file: 20,000 unknown keys take seconds to compare with ours, and no one reads that many."""

_LONG_NUMBER = re.compile(rf"\d[0-9A-Fa-f_xob]{{{MOST_DIGITS},}}")


def read_toml(content: bytes, name: str) -> Mapping[str, object]:
    """A settings file's content, decoded; read no more than LARGEST + 1 bytes of it. Raises Misconfigured by `name`.

    What would take the parser minutes is refused before it begins.
    """
    if len(content) > LARGEST:
        raise Misconfigured(*told("file_too_large", name=name, most=LARGEST))
    text = ""
    try:
        text = content.decode("utf-8-sig")  # Windows' editors write a byte order mark
        for number, line in enumerate(text.split("\n"), 1):
            if line.count(".") > MOST_DOTS:
                raise Misconfigured(*told("settings_line_nested", name=name, line=str(number)))
            if _LONG_NUMBER.search(line):
                raise Misconfigured(*told("settings_line_number_long", name=name, line=str(number), most=MOST_DIGITS))
            if odd := unquoted(line):
                raise Misconfigured(*told("settings_line_unquoted", name=name, line=str(number), given=odd))
        return tomllib.loads(text)
    except RecursionError:
        raise Misconfigured(*told("file_nested_too_deep", name=name)) from None
    except ValueError as error:
        why = why_unreadable(text, error)
        raise Misconfigured(*told("not_toml", name=name, why=why)) from error


def settings_from(mapping: Mapping[str, object]) -> tuple[Settings, tuple[Problem, ...]]:
    """Settings of a decoded TOML document. A faulty setting keeps its default and is named in the problems.

    After MOST_FAULTS of them nothing more is read: with any problem the settings are not for use.
    """
    problems: list[Problem] = []
    values = _fields_from(Settings, mapping, "", problems)
    settings = Settings(**values)
    problems += _meaning_faults(settings)
    return settings, tuple(problems[:MOST_FAULTS])


def settings_to(settings: Settings) -> dict[str, object]:
    """Settings as a TOML-ready mapping: what is unset is left out, `settings_from` reads it back unchanged."""
    return _plain(settings)


def _plain(value: object) -> dict[str, object]:
    plain: dict[str, object] = {}
    for field in dataclasses.fields(value):  # type: ignore[arg-type]  # Settings or RowOverride
        got = getattr(value, field.name)
        if got is None:
            continue
        if field.name == "rows":
            plain["rows"] = [_plain(row) for row in got]
        else:
            plain[field.name] = _decoded(got)
    return plain


def _decoded(value: object) -> object:
    """As TOML decodes it."""
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def with_change(settings: Mapping[str, object], key: str, value: str) -> dict[str, object]:
    """The settings with one key changed; `wallets.EUR` reaches into a table, "" takes the key away."""
    name, dot, inner = key.partition(".")
    if name == "rows":
        raise Misconfigured(*told("rows_not_one_by_one"))
    changed = dict(settings)
    if dot:
        if not isinstance(getattr(Settings(), name, {}), Mapping):
            raise Misconfigured(*told("setting_not_a_table", name=shown(name)))
        table = changed.get(name)
        changed[name] = _without_empty({**(table if isinstance(table, Mapping) else {}), inner: value})
    else:
        changed[name] = _read_value(name, value)
    return _without_empty(changed)


def _without_empty(table: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in table.items() if value != ""}


def _read_value(name: str, value: str) -> object:
    """What a person types, as the setting's own type: an account 1920 stays text, 30 days become a number."""
    usual: object = getattr(Settings(), name, None)
    if isinstance(usual, bool):
        return {"true": True, "yes": True, "false": False, "no": False}.get(value.lower(), value)
    if isinstance(usual, tuple):
        return [part.strip() for part in value.split(",") if part.strip()]
    return int(value) if isinstance(usual, int) and value.isdecimal() and len(value) < MOST_DIGITS else value


@lru_cache(maxsize=4)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _fields_from(kind: type, mapping: Mapping[str, object], where: str, problems: list[Problem]) -> dict[str, Any]:
    """The values of a dataclass's fields that are given and right."""
    hints = _hints(kind)
    values: dict[str, Any] = {}
    for name, given in mapping.items():
        if len(problems) >= MOST_FAULTS:
            break
        if name not in hints:
            problems.append(_unknown(f"{where}{name}", str(name), hints))
        elif name == "rows":
            values[name] = _rows_from(given, problems)
        else:
            try:
                values[name] = _value(hints[name], given, name)
            except _Wrong as wrong:
                problems.append(_takes(f"{where}{name}", given, wrong.takes))
    return values


def _value(hint: Any, given: object, name: str) -> object:
    """`given` as the type of its setting; raises _Wrong with what it takes."""
    if get_origin(hint) in (Union, UnionType):
        return _value(get_args(hint)[0], given, name)
    if get_origin(hint) is Literal:
        if given not in get_args(hint):
            raise _Wrong(Phrase("takes_one_of", {"choices": tuple(f'"{choice}"' for choice in get_args(hint))}))
        return given
    if hint is bool:
        return _flag(given)
    if hint is int:
        return _number(given, name)
    if hint is str:
        return _text(given, name)
    if get_origin(hint) is tuple:
        return _listed(hint, given, name)
    return _names(given, name)


def _listed(hint: Any, given: object, name: str) -> tuple[object, ...]:
    """A list of texts or of choices, each once."""
    if not isinstance(given, list | tuple):
        raise _Wrong(Phrase("takes_dimensions" if name == "sync_dimensions" else "takes_list"))
    return tuple(dict.fromkeys(_value(get_args(hint)[0], part, name) for part in given))


def _flag(given: object) -> bool:
    if type(given) is not bool:
        raise _Wrong(Phrase("takes_flag"))
    return given


def _text(given: object, name: str) -> str:
    """A text that a form would take: not endless, and nothing in it that no one can see or store."""
    if type(given) is not str:
        raise _Wrong(quoted(name, given))
    longest = LONGEST.get(name, LONGEST_NAME)
    if len(given) > longest:
        raise _Wrong(Phrase("takes_short_text", {"most": longest}))
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in given):
        raise _Wrong(Phrase("takes_printable"))
    return given


def _number(given: object, name: str) -> int:
    low, high = LIMITS[name]
    if type(given) is not int or not low <= given <= high:
        raise _Wrong(Phrase("takes_number", {"low": str(low), "high": str(high)}))
    return given


def _names(given: object, name: str) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise _Wrong(Phrase("takes_table"))
    for key, value in given.items():
        if not isinstance(value, str):
            raise _Wrong(Phrase("takes_table_of", {"text": quoted(shown(key), value)}))
    if not all(part for pair in given.items() for part in pair):
        raise _Wrong(Phrase("takes_no_empty_text"))
    return {_text(key, name): _text(value, name) for key, value in given.items()}


def _rows_from(given: object, problems: list[Problem]) -> tuple[RowOverride, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(row, Mapping) for row in given):
        problems.append(_takes("rows", given, Phrase("takes_rows")))
        return ()
    rows = []
    for at, row in enumerate(given):
        if len(problems) >= MOST_FAULTS:
            break
        values = _fields_from(RowOverride, row, f"rows[{at}].", problems)
        if "type" in values:
            rows.append(RowOverride(**values))
            problems += _row_faults(at, rows[-1])
        elif "type" not in row:
            problems.append(problem("setting_wrong.row_type", f"rows[{at}].type", "", setting=f"rows[{at}].type"))
    return tuple(rows)


def _row_faults(at: int, row: RowOverride) -> Iterable[Problem]:
    """A row that the table lacks has to say how it is booked."""
    known = table_of(())
    based = (row.type, row.subtype) in known or (row.type not in SUBTYPE_DECIDES and (row.type, None) in known)
    if not based and not (row.debit and row.credit and row.sign):
        yield problem("setting_wrong.row_incomplete", f"rows[{at}]", row.type, setting=f"rows[{at}]")


def _meaning_faults(settings: Settings) -> Iterable[Problem]:
    """What has the right type and still can't mean anything."""
    if settings.time_zone is not None and zone_named(settings.time_zone) is None:
        yield problem("setting_wrong.time_zone", "time_zone", settings.time_zone, setting="time_zone")
    for currency in settings.wallets:
        if currency not in EXPONENTS:
            yield problem("setting_wrong.currency", f"wallets.{currency}", currency, setting=f"wallets.{currency}")
    for name in unknown_fields(settings.description):
        yield problem(
            "setting_wrong.description", "description", f"{{{name}}}", setting="description", fields=tuple(FIELDS)
        )
    if len(settings.sync_dimensions) > MOST_DIMENSIONS:
        given = len(settings.sync_dimensions)
        yield _takes("sync_dimensions", given, Phrase("takes_most_dimensions", {"most": MOST_DIMENSIONS}))
    if len(settings.sync_choice) > MOST_RULES:
        yield _takes("sync_choice", len(settings.sync_choice), Phrase("takes_most_rules", {"most": MOST_RULES}))
    for text in unreadable(settings.sync_choice):
        yield _takes("sync_choice", text, Phrase("takes_choice"))
    if settings.hook is not None and not all(settings.hook.partition(":")):
        yield _takes("hook", settings.hook, Phrase("takes_function"))


def _unknown(field: str, name: str, known: Iterable[str]) -> Problem:
    near = difflib.get_close_matches(name, list(known), n=1)
    if near:
        return problem("setting_unknown.near", field, name, setting=field, near=near[0])
    return problem("setting_unknown", field, name, setting=field, known=tuple(known))


def _takes(field: str, given: object, takes: Phrase) -> Problem:
    return problem("setting_wrong", field, given, setting=field, takes=takes)
