"""What in an answer of Pleo's is not as its documents say: fields, words, statuses, forms of answers.

Only names and words are given, never values (`shape.py`). Large pages are sampled for fields and read whole for words,
so that looking costs little beside the reading itself. Nothing depends on what is found.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal, NamedTuple

import msgspec

from kontobro.pleo.documented.contract import Contract, contract_of
from kontobro.pleo.documented.shape import decoded, shown_name, shown_word

Kind = Literal["field", "word", "status", "answer", "fact"]


class News(NamedTuple):
    """`kind` `fact`: what the documents leave open and an answer showed; it is no news."""

    kind: Kind
    what: str


WHOLE: Final = 32 * 1024
"""Bytes of an answer that is looked at whole."""
SAMPLE: Final = 5
"""Entries of a larger page that are looked at: the first and others by chance."""
MOST: Final = 20
"""News of one answer."""

Tree = Mapping[str, Any]
"""Name → what is below it; `[]` for entries, `*` where names are free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An answer, as far as it is looked at. `media_type` without parameters, in lower case."""

    call: str
    status: int
    media_type: str
    has_pause: bool
    content: bytes


def news_in(seen: Seen) -> list[News]:
    """What is news in an answer; nothing for a call that the documents leave out."""
    contract = contract_of(seen.call)
    if contract is None:
        return []
    return list(dict.fromkeys(_news(seen, contract)))[:MOST]


def _news(seen: Seen, contract: Contract) -> Iterator[News]:
    if not contract.expects(seen.status):
        yield News("status", str(seen.status))
    if seen.status == 429:
        yield News("fact", f"429 {'with' if seen.has_pause else 'without'} Retry-After")
    if seen.media_type == "text/html":
        yield News("answer", f"{seen.status} with a page for people")
    elif 200 <= seen.status < 300:
        yield from _in_success(seen, contract)
    elif not _is_error_body(seen.content):
        yield News("answer", f"{seen.status} without the documented error body")


def _in_success(seen: Seen, contract: Contract) -> Iterator[News]:
    if not seen.content or not contract.fields:
        return
    if seen.media_type != "application/json":
        yield News("answer", f"{seen.status} with {shown_name(seen.media_type)} instead of JSON")
        return
    try:
        body = decoded(seen.content) if len(seen.content) <= WHOLE else _sampled(seen.content)
        words = _words(seen.content, seen.call)
    except ValueError:
        return  # the client says so itself, if it needs the answer
    for path in unknown_fields(body, seen.call):
        yield News("field", path)
    for path, word in words:
        yield News("word", f"{path} {shown_word(word)}")


def _is_error_body(content: bytes) -> bool:
    try:
        body = decoded(content)
    except ValueError:
        return False
    return isinstance(body, dict) and isinstance(body.get("type"), str)


class _Page(msgspec.Struct):
    data: list[msgspec.Raw]
    pagination: msgspec.Raw = msgspec.Raw(b"null")


_PAGE: Final = msgspec.json.Decoder(_Page)


def _sampled(content: bytes) -> Any:
    """A page with some of its entries; anything else whole. Raises ValueError."""
    try:
        page = _PAGE.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return decoded(content)
    rest = random.sample(page.data[1:], min(SAMPLE - 1, len(page.data) - 1)) if page.data else []
    entries = [decoded(bytes(raw)) for raw in (*page.data[:1], *rest)]
    return {"data": entries, "pagination": decoded(bytes(page.pagination))}


# -------------------------------------------------------------------------------------------------- fields


def unknown_fields(body: Any, call: str) -> list[str]:
    """Paths of fields that the call's documents lack; of a field that may be no name only `?`."""
    found: dict[str, None] = {}
    _walk(body, _tree(call), "", found)
    return list(found)


def _walk(value: Any, known: Tree, path: str, found: dict[str, None]) -> None:
    if isinstance(value, list):
        for entry in value:
            if isinstance(entry, dict | list):
                _walk(entry, known.get("[]", {}), f"{path}[]", found)
    elif isinstance(value, dict) and "*" not in known:
        for name, below in value.items():
            inner = known.get(name)
            if inner is None:
                found[f"{path}.{shown_name(name)}".lstrip(".")] = None
            elif isinstance(below, dict | list):
                _walk(below, inner, f"{path}.{name}".lstrip("."), found)


@cache
def _tree(call: str) -> Tree:
    """The documented fields of a call as a tree."""
    contract = contract_of(call)
    return _as_tree(contract.fields if contract else ())


def _as_tree(paths: Iterable[str]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for path in paths:
        at = root
        for part in _parts(path):
            at = at.setdefault(part, {})
    return root


def _parts(path: str) -> list[str]:
    return path.replace("[]", ".[]").split(".")


# --------------------------------------------------------------------------------------------------- words


def _words(content: bytes, call: str) -> list[tuple[str, str]]:
    """Words that the documents lack, with their field: of every entry. Raises ValueError."""
    decoder = _decoder(call)
    contract = contract_of(call)
    if decoder is None or contract is None:
        return []
    try:
        read = decoder.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(type(error).__name__) from None
    found: dict[tuple[str, str], None] = {}
    for path, known in contract.words.items():
        for text in _texts(read, _parts(path)):
            if known and text not in known:
                found[path, text] = None
    return list(found)


def _texts(value: Any, parts: list[str]) -> Iterator[str]:
    for place, part in enumerate(parts):
        if part == "[]":
            for entry in value if isinstance(value, list) else ():
                yield from _texts(entry, parts[place + 1 :])
            return
        value = getattr(value, part, None)
    if isinstance(value, str):
        yield value


@cache
def _decoder(call: str) -> msgspec.json.Decoder[Any] | None:
    """Reads the fields that have words, and skips the rest."""
    contract = contract_of(call)
    if contract is None or not contract.words:
        return None
    return msgspec.json.Decoder(_type(_as_tree(contract.words), "Words"))


def _type(tree: dict[str, Any], name: str) -> Any:
    """What msgspec reads of this part of an answer; anything where it has no words below it."""
    if not tree:
        return Any
    if "[]" in tree:
        return list[_type(tree["[]"], name)] | None  # type: ignore[misc]
    fields = [(part, _type(below, f"{name}_{part}"), None) for part, below in tree.items()]
    return msgspec.defstruct(name, fields, gc=False) | None
