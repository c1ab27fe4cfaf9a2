"""Between our frozen values and what a database column holds. No Django in here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kontobro.core.errors import Problem
from kontobro.core.model.connection import Tokens
from kontobro.core.model.journal import InvoiceKey
from kontobro.core.model.settings import RowOverride, Settings
from kontobro.core.words import Noted
from kontobro.core.words.facts import note_from, note_to

Json = dict[str, Any]


def settings_to(settings: Settings) -> Json:
    """Settings as JSON values."""
    return {**dataclasses.asdict(settings), "rows": [dataclasses.asdict(row) for row in settings.rows]}


def settings_from(stored: Mapping[str, Any]) -> Settings:
    """Settings from JSON values. A field that this version lacks is left out; one it adds has its default."""
    known = _known(Settings, stored)
    known["rows"] = tuple(RowOverride(**_known(RowOverride, row)) for row in known.get("rows", ()))
    for name in ("sync", "sync_dimensions", "sync_choice"):
        known[name] = tuple(known.get(name, ()))
    return Settings(**known)


def tokens_to(tokens: Tokens) -> Json:
    """Tokens as JSON values: both in one, so that they are stored in one write."""
    expires = tokens.expires_at.isoformat() if tokens.expires_at else None
    return {**dataclasses.asdict(tokens), "expires_at": expires}


def tokens_from(stored: Mapping[str, Any]) -> Tokens:
    known = _known(Tokens, stored)
    expires = known.get("expires_at")
    return Tokens(**{**known, "expires_at": datetime.fromisoformat(expires) if expires else None})


def problems_to(problems: Sequence[Problem]) -> str:
    """Problems as a JSON text: code, field, value, facts, and the English of message and remedy."""
    return json.dumps([_plain_within(problem.to_json()) for problem in problems], ensure_ascii=False)


def plain(text: str) -> str:
    """A text as every database takes it: PostgreSQL knows no NUL."""
    return text.replace("\0", "")


def _plain_within(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain_within(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain_within(part) for part in value]
    return plain(value) if isinstance(value, str) else value


def problems_from(stored: Sequence[Mapping[str, Any]]) -> tuple[Problem, ...]:
    """Of any version: a problem without facts is shown in the English that was stored."""
    return tuple(map(Problem.from_json, stored))


def notes_to(notes: Sequence[str]) -> str:
    """Notes as a JSON text."""
    if not notes:
        return "[]"
    return json.dumps([note_to(note) if isinstance(note, Noted) else plain(note) for note in notes], ensure_ascii=False)


def notes_from(stored: Sequence[Any]) -> tuple[str, ...]:
    """Of any version: a note without facts is shown in the English that was stored."""
    return tuple(map(note_from, stored))


def invoice_key_to(key: InvoiceKey | None) -> tuple[str | None, str | None, str | None]:
    """An invoice key as its three columns."""
    return (key.vendor, key.number, key.currency) if key else (None, None, None)


def invoice_key_from(vendor: str | None, number: str | None, currency: str | None) -> InvoiceKey | None:
    return None if vendor is None else InvoiceKey(vendor, number or "", currency or "")


def _known(kind: type, stored: Mapping[str, Any]) -> Json:
    """The stored fields that this version's dataclass has."""
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in stored.items() if name in names}
