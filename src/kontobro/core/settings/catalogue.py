"""What people read about each setting, wherever they meet it: web page, Odoo, Tryton, documentation, command line.

The texts are in `catalogue.toml` beside this file, in the order in which forms show them. A test compares them with
`core/model/settings.py`: a setting without an entry fails.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from kontobro.core.model.settings import Settings
from kontobro.core.settings.toml import LIMITS, LONGEST, LONGEST_NAME

Kind = Literal["account", "journal", "choice", "choices", "flag", "number", "text", "table", "list", "rows"]
"""`choices` is a list of choices; `table` maps texts to texts; `rows` are changes in the posting table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One setting, or one key of a row of the posting table."""

    key: str
    kind: Kind
    label: str
    help: str
    """A sentence or two below the field."""
    more: str = ""
    """What only the documentation adds (Markdown)."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """Each value with its words."""
    group: str = ""
    page: bool = True
    """Whether the web form shows it."""
    takes: str = ""
    """What a person may write, where the kind does not say it."""
    example: str = ""
    unset: str = ""
    """What is used while it is not set."""

    @property
    def in_words(self) -> str:
        """Label, help and choices in one line of plain text."""
        choices = ", ".join(f"{value} ({words})" for value, words in self.choices.items())
        return f"{self.label}: {self.help}" + (f" Values: {choices}." if choices else "")

    @property
    def default(self) -> object:
        return getattr(Settings(), self.key, None)

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest value of a number."""
        return LIMITS[self.key]

    @property
    def longest(self) -> int:
        """Characters of a text."""
        return LONGEST.get(self.key, LONGEST_NAME)


@cache
def catalogue() -> Mapping[str, Entry]:
    """Every setting by its key, in the order of the forms."""
    return _entries("settings")


@cache
def row_catalogue() -> Mapping[str, Entry]:
    """Every key of a row of the posting table (`RowOverride`)."""
    return _entries("rows")


def keys_of(*kinds: Kind) -> tuple[str, ...]:
    """The settings of these kinds."""
    return tuple(entry.key for entry in catalogue().values() if entry.kind in kinds)


def groups() -> Mapping[str, tuple[Entry, ...]]:
    """The settings by the title of their group."""
    grouped: dict[str, tuple[Entry, ...]] = {}
    for entry in catalogue().values():
        grouped[entry.group] = (*grouped.get(entry.group, ()), entry)
    return grouped


def _entries(table: str) -> dict[str, Entry]:
    texts = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {key: Entry(key=key, **entry) for key, entry in texts[table].items()}
