"""One company's settings for many others: what would change in each, and whether it fits there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kontobro.core.errors import KontobroError, Problem
from kontobro.core.model.connection import Connection
from kontobro.core.model.settings import Settings
from kontobro.core.settings.catalogue import Entry, catalogue
from kontobro.core.settings.check import fit_of
from kontobro.core.settings.toml import settings_from, settings_to
from kontobro.core.words import Fact, Name, Phrase, Setting
from kontobro.export.job.masters import load_masters
from kontobro.web.process import process
from kontobro.web.tenancy import change_said

STAYS: Final = frozenset({"sync", "hook"})
"""A company's level follows from the first and has a page of its own; the second is code, the operator's."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that would be another."""

    entry: Entry
    old: object
    new: object

    @property
    def before(self) -> str:
        return shown(self.old)

    @property
    def after(self) -> str:
        return shown(self.new)

    @property
    def phrase(self) -> Phrase:
        """What the audit trail says of it, in each reader's language."""
        return change_said(Setting(self.entry.label), _fact(self.entry, self.old), _fact(self.entry, self.new))


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What copying comes to for one company. `problems` and `fault` keep it from being saved; `digest` names exactly
    this change of exactly these settings."""

    connection: Connection
    settings: Settings
    differences: Sequence[Difference]
    problems: Sequence[Problem] = ()
    warnings: Sequence[Problem] = ()
    fault: KontobroError | None = None

    @property
    def fits(self) -> bool:
        return bool(self.differences) and not self.problems and self.fault is None

    @property
    def digest(self) -> str:
        return digest_of(self.connection.settings, self.settings)


def digest_of(*settings: Settings) -> str:
    """Names exactly these settings."""
    every = [settings_to(one) for one in settings]
    return hashlib.sha256(json.dumps(every, sort_keys=True, default=str).encode()).hexdigest()


def copied_settings() -> Mapping[str, Entry]:
    """The settings that can be copied, as forms show them."""
    return {key: entry for key, entry in catalogue().items() if key not in STAYS}


def copy_to(source: Settings, target: Connection, keys: Sequence[str]) -> Copy:
    """What the target's settings would be with these of the source's; checked there. Saves nothing."""
    given = settings_to(source)
    kept = {key: value for key, value in settings_to(target.settings).items() if key not in keys}
    found, problems = settings_from(kept | {key: given[key] for key in keys if key in given})
    made = Copy(connection=target, settings=found, differences=differences(target.settings, found), problems=problems)
    return made if problems or not made.differences else _checked(made)


def differences(old: Settings, new: Settings) -> list[Difference]:
    """Every setting that is another, in the order of the forms."""
    before, after = settings_to(old), settings_to(new)
    return [
        Difference(entry, before.get(key), after.get(key))
        for key, entry in catalogue().items()
        if before.get(key) != after.get(key)
    ]


def _checked(made: Copy) -> Copy:
    """The same, after the company's accounting system was asked. Its faults are told, never raised."""
    try:
        with process.app.visit() as app:
            connector = app.connector_for(made.connection)
            fit = fit_of(made.settings, load_masters(connector, connector.check()))
    except KontobroError as fault:
        return replace(made, fault=fault)
    return replace(made, problems=fit.problems, warnings=fit.warnings)


def _fact(entry: Entry, value: object) -> Fact:
    """A setting's value for a sentence: yes and no, and what is chosen, in words."""
    if isinstance(value, bool):
        return Name("yes" if value else "no")
    if isinstance(value, list | tuple):
        return tuple(_fact(entry, one) for one in value)
    text = shown(value)
    return Setting(entry.choices[text]) if text in entry.choices else text


def shown(value: object) -> str:
    """A setting's value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {to}" for key, to in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(shown(one) for one in value)
    return str(value)
