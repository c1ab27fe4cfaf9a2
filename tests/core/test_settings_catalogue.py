"""The catalogue of settings has each of them, as the dataclasses have it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from kontobro.core.model.settings import RowOverride, Settings
from kontobro.core.settings.catalogue import Entry, catalogue, groups, keys_of, row_catalogue
from kontobro.core.settings.codes import ACCOUNTS
from kontobro.core.settings.toml import LIMITS, LONGEST

BOTH: tuple[tuple[type, Mapping[str, Entry]], ...] = ((Settings, catalogue()), (RowOverride, row_catalogue()))
ENTRIES = [(kind, entry) for kind, entries in BOTH for entry in entries.values()]


@pytest.mark.parametrize(("kind", "entries"), BOTH)
def test_each_setting_has_an_entry_and_each_entry_is_a_setting(kind: Any, entries: Mapping[str, Entry]) -> None:
    assert set(entries) == {field.name for field in dataclasses.fields(kind)}


def literals(hint: Any) -> list[str]:
    """The values that a type leaves to choose from, also inside a list or beside None."""
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    return [value for part in get_args(hint) for value in literals(part)]


@pytest.mark.parametrize(("kind", "entry"), ENTRIES, ids=lambda one: getattr(one, "key", ""))
def test_an_entry_is_of_its_settings_kind(kind: type, entry: Entry) -> None:
    hint = get_type_hints(kind)[entry.key]
    assert list(entry.choices) == literals(hint)
    plain = {bool: "flag", int: "number", Mapping[str, str]: "table", tuple[RowOverride, ...]: "rows"}
    usual = "choices" if get_origin(hint) is tuple else "choice"
    expected = usual if entry.choices else plain.get(hint, plain.get(next(iter(get_args(hint)), None)))
    assert entry.kind == (expected or entry.kind)
    assert (entry.kind in plain.values()) == (expected in plain.values())


def test_every_text_is_there_and_no_label_is_given_twice() -> None:
    for _, entries in BOTH:
        labels = [entry.label for entry in entries.values()]
        assert sorted(labels) == sorted(set(labels))
        assert all(entry.label and entry.help.endswith(".") and entry.label[0].isupper() for entry in entries.values())
        assert all(all(entry.choices.values()) for entry in entries.values())
        assert not any("\n" in entry.in_words for entry in entries.values()), "a comment of a settings file is one line"


def test_the_accounts_are_those_that_ids_are_read_for() -> None:
    assert set(keys_of("account")) == set(ACCOUNTS)


def test_numbers_have_limits_and_their_default_is_within() -> None:
    assert set(keys_of("number")) == set(LIMITS)
    for low, high, default in ((*entry.limits, entry.default) for entry in map(catalogue().get, LIMITS) if entry):
        assert isinstance(default, int)
        assert low <= default <= high


def test_code_and_what_has_pages_of_its_own_is_in_no_form() -> None:
    assert {entry.key for entry in catalogue().values() if not entry.page} == {"hook", "rows", "sync", "sync_choice"}
    assert set(LONGEST) <= set(keys_of("text", "list"))
    assert [entry for entries in groups().values() for entry in entries] == list(catalogue().values())
