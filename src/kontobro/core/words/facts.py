"""Facts as JSON values, exact: what the store keeps of a problem beside its English."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from kontobro.core.words import Fact, Label, Name, Noted, Phrase, Setting


def facts_to(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Texts and whole numbers as they are, `{"decimal": "1.20"}`, `{"date": "2026-11-28"}`, `{"name": code}`,
    `{"phrase": name, "facts": {...}}`, and a list of them."""
    return {name: _to(fact) for name, fact in facts.items()}


def _to(fact: Fact) -> Any:
    match fact:
        case Phrase():
            return {"phrase": fact.name, "facts": facts_to(fact.facts)}
        case Name():
            return {"name": str(fact)}
        case Label():
            return {"label": str(fact)}
        case Setting():
            return {"setting": str(fact)}
        case Decimal():
            return {"decimal": str(fact)}
        case date():
            return {"date": fact.isoformat()}
        case tuple():
            return [_to(one) for one in fact]
    return fact


def facts_from(stored: Mapping[str, Any]) -> dict[str, Fact]:
    """Raises ValueError, ArithmeticError, KeyError or TypeError for what `facts_to` never wrote."""
    return {name: _from(value) for name, value in stored.items()}


def note_to(note: str) -> Any:
    """A note as it is stored: its English, with the phrase and the facts where the catalogue has it."""
    return {"text": str(note), **_to(note.phrase)} if isinstance(note, Noted) else note


def note_from(stored: Any) -> str:
    """What `note_to` gave, of any version: where the catalogue has moved on, the English that was stored."""
    if isinstance(stored, str):
        return stored
    try:
        return Noted(Phrase(stored["phrase"], facts_from(stored["facts"])))
    except (KeyError, ValueError, TypeError, ArithmeticError):
        return str(stored["text"])


def text_to(note: str | None) -> str | None:
    """A note as a column of texts keeps it: JSON with its English first, or the words as they are."""
    return json.dumps(note_to(note), ensure_ascii=False) if isinstance(note, Noted) else note


def text_from(stored: str | None) -> str | None:
    """What `text_to` gave; a text of an older version as it is."""
    if not stored or not stored.startswith('{"text": '):
        return stored
    try:
        return note_from(json.loads(stored))
    except (ValueError, KeyError, TypeError):
        return stored


def _from(stored: Any) -> Fact:
    match stored:
        case str() | int():
            return stored
        case list():
            return tuple(map(_from, stored))
        case {"phrase": name, "facts": facts}:
            return Phrase(name, facts_from(facts))
        case {"name": code}:
            return Name(code)
        case {"label": text}:
            return Label(text)
        case {"setting": text}:
            return Setting(text)
        case {"decimal": digits}:
            return Decimal(digits)
        case {"date": day}:
            return date.fromisoformat(day)
    raise ValueError(f"{stored!r} is not a fact")
