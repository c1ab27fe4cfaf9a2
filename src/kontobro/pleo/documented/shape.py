"""What an answer looks like, without what it says: paths of fields and kinds of values.

Nothing of an answer is kept that is not chosen here: names that Pleo documents, kinds, counts, and the words of fields
that have a list of words. An undocumented field gives its name, if that can be one, and nothing below it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from kontobro.pleo.documented.contract import Contract

Shape = Mapping[str, frozenset[str]]
"""Path → kinds. A word is in quotes."""

MOST_FIELDS: Final = 500
DEEPEST: Final = 12
MOST_ENTRIES: Final = 100
"""Entries of a list that are looked at."""
UNNAMED: Final = "?"
"""A name that may be no name: it is not shown."""
NO_WORD: Final = frozenset({"null", "blank"})
"""What a field with words may be without one."""

ERRORS: Final = Contract(fields=frozenset({"type", "message"}), words={"type": frozenset()})
"""Pleo's error body (`pleo/api.md` B0); its type is a code."""

_NAME = re.compile(r"_?[a-z][A-Za-z0-9_]{0,39}")
_WORD = re.compile(r"[A-Za-z][A-Za-z_.-]{0,59}|v[0-9]+\.[A-Za-z_.-]{1,59}")
_KINDS: Final = (
    ("id", re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
    ("instant", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)")),
    ("instant without zone", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?")),
    ("day", re.compile(r"\d{4}-\d\d-\d\d")),
    ("address", re.compile(r"https?://\S+")),
    ("urn", re.compile(r"urn:\S+")),
    ("currency", re.compile(r"[A-Z]{3}")),
    ("blank", re.compile(r"\s*")),
)
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def decoded(content: bytes) -> Any:
    """Any JSON, fractions exact. Raises ValueError for what is none."""
    try:
        return _DECODER.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(type(error).__name__) from None


def shown_name(name: str) -> str:
    """A field's name, or `?` for what may be none."""
    return name if _NAME.fullmatch(name) else UNNAMED


def shown_word(text: str) -> str:
    """A word of a list of words, or `?` for what may be none."""
    return text if _WORD.fullmatch(text) else UNNAMED


def shape_of(body: Any, contract: Contract | None = None) -> Shape:
    """The shape of decoded JSON. Without a `contract` every name is taken for ours, and no word is shown."""
    found: dict[str, set[str]] = defaultdict(set)
    _look(body, "", contract, found, DEEPEST)
    return {path: frozenset(kinds) for path, kinds in sorted(found.items())}


def unknown_in(shape: Shape, contract: Contract) -> list[str]:
    """The fields that Pleo does not document."""
    return [path for path in shape if path and not path.endswith("[]") and path not in contract.fields]


def unseen_in(shape: Shape, contract: Contract) -> list[tuple[str, str]]:
    """The words that Pleo does not document, with their field; `?` for what is no word at all."""
    return [
        (path, word)
        for path, known in contract.words.items()
        for kind in sorted(shape.get(path, frozenset()) - NO_WORD)
        if known and (word := kind.strip('"') if kind.startswith('"') else UNNAMED) not in known
    ]


def _look(value: Any, path: str, contract: Contract | None, found: dict[str, set[str]], depth: int) -> None:
    if len(found) >= MOST_FIELDS:
        return
    found[path].add(_kind(value, path, contract))
    if depth == 0 or (path and contract and path not in contract.fields and not path.endswith("[]")):
        return
    if isinstance(value, list):
        for entry in value[:MOST_ENTRIES]:
            _look(entry, f"{path}[]", contract, found, depth - 1)
    elif isinstance(value, dict) and not (contract and contract.is_free(path)):
        for name, below in value.items():
            _look(below, _below(path, name), contract, found, depth - 1)


def _below(path: str, name: str) -> str:
    return f"{path}.{shown_name(name)}" if path else shown_name(name)


def _kind(value: Any, path: str, contract: Contract | None) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return _kind_of_number(value)
        case str():
            return _kind_of_text(value, contract.words.get(path) if contract else None)
        case list():
            return "list" if value else "empty list"
    return "object"


def _kind_of_number(number: int | Decimal) -> str:
    sign = "zero" if number == 0 else "negative" if number < 0 else "positive"
    return f"{sign} {'whole number' if number == int(number) else 'fraction'}"


def _kind_of_text(text: str, words: frozenset[str] | None) -> str:
    if words is not None and (text in words or _WORD.fullmatch(text)):
        return f'"{text}"'
    return next((kind for kind, form in _KINDS if form.fullmatch(text)), "text")
