"""One booked entry as a block of text in a batch file: found by its metadata, changed where it is.

A block is a transaction and the document lines right under it. Text is changed by inserting or replacing
lines, never by writing the entry again: what a bookkeeper changed by hand stays as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from beancount.core.data import Transaction
from beancount.parser import booking, parser

from kontobro.core.errors import Misconfigured
from kontobro.core.model.journal import Reference, compared
from kontobro.core.words import told
from kontobro.erp.beancount.syntax.places import sentence_of
from kontobro.erp.beancount.syntax.render import one_line, quoted

_KEY = re.compile(
    rb'\n[ \t]++(kontobro|bill-number|invoice-number|settles-bill|settles):[ \t]*+"([^"\\\n]*+(?:\\.[^"\\\n]*+)*+)"'
)
"""With the line break before it, which a pattern looks for quickly; no file begins with metadata."""

_NUMBERS = (b"bill-number", b"invoice-number")
_ANY_INVOICE = b"number"
_TOP = re.compile(rb"^[^\s]", re.MULTILINE)
_DOCUMENT = re.compile(rb"\d{4}-\d\d-\d\d document ")
_FLAG = re.compile(rb"^(\S+[ \t]+)!")
_METADATA = re.compile(rb"[a-z][\w-]*:")
_POSTING = re.compile(rb'\n[ \t]+(?:\S[ \t]+)?[^a-z\s^#;"]')
_OURS = re.compile(rb'^[ \t]+kontobro:[ \t]*".*', re.MULTILINE)
_ROOT = re.compile(rb'^option "name_\w+" "[^"\n]*"', re.MULTILINE)

_ESCAPED = re.compile(rb"\\(.)")

_NO_QUOTES = bytes(byte for byte in range(256) if byte not in b'"\n')

_TEXTS = re.compile(rb'^[;*#:!&%?][^\n]*|;[^\n]*|"(?:[^"\\]|\\.)*"', re.MULTILINE | re.DOTALL)
"""Beancount's comments (a line that begins with one of these characters is one too), and its texts."""


class Key(NamedTuple):
    """A metadata line by which entries are found. `value` as written in the file, without quotes."""

    field: bytes
    value: bytes

    @classmethod
    def of(cls, field: str, value: str) -> Key:
        return cls(field.encode(), quoted(value)[1:-1].encode())

    @classmethod
    def of_invoice(cls, number: str) -> Key:
        """Whatever invoice has this number, as `compared` tells."""
        return cls(_ANY_INVOICE, compared(one_line(number)).encode())


@dataclass(frozen=True, slots=True)
class Block:
    """Where an entry is: `start` and `end` in bytes of its file, `line` counted from 1."""

    file: str
    start: int
    end: int
    line: int
    text: bytes
    roots: tuple[bytes, ...] = ()
    """The file's options that rename root accounts: without them its accounts can't be read."""


@dataclass(frozen=True, slots=True, eq=False)
class LedgerEntry:
    """An entry as it is, read by Beancount's parser. Each reading is itself only: two are never equal."""

    block: Block
    transaction: Transaction

    def meta(self, key: str) -> str:
        """A metadata text, empty when it is not there."""
        value = self.transaction.meta.get(key)
        return "" if value is None else str(value)

    @property
    def reference(self) -> Reference:
        """Empty where the entry is not ours."""
        return Reference(self.meta("kontobro"))

    @property
    def is_void(self) -> bool:
        return self.transaction.meta.get("void") is True

    @property
    def is_draft(self) -> bool:
        return self.transaction.flag == "!"


def flat(text: bytes) -> bytes:
    """The text with what is in texts of several lines crossed out, place for place: lines are lines again.

    Where a text is not closed the ledger does not load, and nothing is crossed out.
    """
    return _TEXTS.sub(_crossed_out, text) if _is_odd(text) else text


def without_long_texts(text: bytes) -> bytes:
    """The text with blanks for what is in texts of several lines, line for line."""
    return _TEXTS.sub(_blanked, text) if _is_odd(text) else text


def _is_odd(text: bytes) -> bool:
    """True where a line has an odd number of quotes, or there is an escape: only then a text may go over several lines.

    By methods of bytes: a pattern takes twenty times as long.
    """
    return b"\\" in text or b'"' in text.translate(None, _NO_QUOTES).replace(b'""', b"")


def _blanked(match: re.Match[bytes]) -> bytes:
    found = match[0]
    return re.sub(rb"[^\n]", b" ", found) if found[:1] == b'"' and b"\n" in found else found


def _crossed_out(match: re.Match[bytes]) -> bytes:
    found = match[0]
    return b'"' + b"x" * (len(found) - 2) + b'"' if found[:1] == b'"' and b"\n" in found else found


def keys_in(text: bytes) -> set[tuple[bytes, bytes]]:
    """Every key of a batch file, as a pair: a text scan, no parsing."""
    pairs = set(_KEY.findall(flat(text)))
    return pairs | {_invoice(value) for field, value in pairs if field in _NUMBERS}


def _invoice(number: bytes) -> Key:
    """By what else an entry with this number is found."""
    return Key.of_invoice(_ESCAPED.sub(rb"\1", number).decode("utf-8", "replace"))


def _is_one(keys: frozenset[Key], field: bytes, value: bytes) -> bool:
    return (field, value) in keys or (field in _NUMBERS and _invoice(value) in keys)


def blocks_with(file: str, text: bytes, keys: frozenset[Key]) -> list[Block]:
    """The blocks of a file that hold any of the keys."""
    lines = flat(text)
    places = [match.start() + 1 for match in _KEY.finditer(lines) if _is_one(keys, match[1], match[2])]
    if not places:
        return []
    tops = [match.start() for match in _TOP.finditer(lines)]
    roots = tuple(_ROOT.findall(lines))
    starts = sorted({bisect_right(tops, place) - 1 for place in places})
    return [_block(file, text, lines, tops, n, roots) for n in starts if n >= 0]


def _block(file: str, text: bytes, lines: bytes, tops: Sequence[int], n: int, roots: tuple[bytes, ...]) -> Block:
    last = n + 1
    while last < len(tops) and _DOCUMENT.match(lines, tops[last]):
        last += 1
    end = tops[last] if last < len(tops) else len(text)
    block = text[tops[n] : end].rstrip()
    return Block(file, tops[n], tops[n] + len(block), text.count(b"\n", 0, tops[n]) + 1, block, roots)


def parse(blocks: Sequence[Block]) -> list[LedgerEntry]:
    """The entries of the blocks, in their order. Raises Misconfigured with file and line of an unreadable one."""
    if not blocks:
        return []
    text, first_lines = _joined(blocks)
    at_line, errors = _transactions(text)
    for error in errors:
        raise _unreadable(blocks, first_lines, error)
    found = ((block, at_line.get(line)) for block, line in zip(blocks, first_lines, strict=True))
    return [LedgerEntry(block, entry) for block, entry in found if entry is not None]


@lru_cache(maxsize=4)
def _transactions(text: str) -> tuple[Mapping[int, Transaction], Sequence[object]]:
    """By line, and what Beancount says against the text. A batch is read some eight times on its way, in three forms:
    each is parsed once."""
    raw, errors, options = parser.parse_string(text)
    entries, more = booking.book(raw, options)  # type: ignore[no-untyped-call]  # fills in an amount left out
    at_line = {entry.meta["lineno"]: entry for entry in entries if isinstance(entry, Transaction)}
    return at_line, (*errors, *more)


def _joined(blocks: Sequence[Block]) -> tuple[str, list[int]]:
    """One text of all blocks, and the line at which each begins: one call of the parser is far cheaper than many."""
    roots = list(dict.fromkeys(root for block in blocks for root in block.roots))
    lines, line = [], len(roots) + 1
    for block in blocks:
        lines.append(line)
        line += block.text.count(b"\n") + 1
    texts = (text.decode("utf-8", "replace") for text in (*roots, *(block.text for block in blocks)))
    return "\n".join(texts) + "\n", lines


def _unreadable(blocks: Sequence[Block], first_lines: Sequence[int], error: object) -> Misconfigured:
    line = int(getattr(error, "source", {}).get("lineno", 1))
    n = max(bisect_right(first_lines, line) - 1, 0)
    message = sentence_of(str(getattr(error, "message", error)))
    return Misconfigured(
        *told(
            "entry_unreadable", place=f"bookings/{blocks[n].file}:{blocks[n].line + line - first_lines[n]}", why=message
        ),
        job_failure="invalid_configuration",
    )


def splice(text: bytes, block: Block, new: bytes) -> bytes:
    """The file's text with the block replaced; an empty `new` removes it with its line break."""
    before, after = text[: block.start], text[block.end :]
    return before + new + after if new else before + after.lstrip(b"\r\n")


def posted(text: bytes) -> bytes:
    """The block with Beancount's flag for a posted entry."""
    return _FLAG.sub(rb"\1*", text, count=1)


def with_lines(text: bytes, lines: Sequence[str]) -> bytes:
    """The block with metadata or link lines under its `kontobro` line; a key that it has already is not there twice,
    which Beancount refuses: its line gives way."""
    for line in lines:
        text = _without_key(text, line.encode())
    ours = _OURS.search(flat(text))
    if ours is None:
        return text
    return text[: ours.end()] + "".join(f"\n  {line}" for line in lines).encode() + text[ours.end() :]


def _without_key(text: bytes, line: bytes) -> bytes:
    """The block without the entry's own metadata under the key of this line, if it is one with a key."""
    key = _METADATA.match(line)
    if not key:
        return text
    lines = flat(text)
    posting = _POSTING.search(lines)
    own = len(lines) if posting is None else posting.start()
    there = re.compile(rb"\n[ \t]+" + re.escape(key[0]) + rb"[^\n]*").search(lines, 0, own)
    return text[: there.start()] + text[there.end() :] if there else text


def with_documents(text: bytes, documents: Sequence[str]) -> bytes:
    """The block with document lines at its end."""
    return text.rstrip() + "".join(f"\n{document}" for document in documents).encode()
