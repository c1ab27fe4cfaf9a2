"""What a ledger said when it was read last, kept beside it: `.main.beancount.index`, an SQLite database.

A ledger whose files are all as they were, or as we left them, is not read again. The index may be deleted at any
time; one that can't be read or written is done without.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import beancount
import msgspec

from kontobro import __version__
from kontobro.core.model.masterdata import MasterRecord
from kontobro.erp.beancount.files.swap import digest_of
from kontobro.erp.beancount.load.masters import KINDS, LedgerMasters, by_identity
from kontobro.erp.beancount.load.outline import Outline
from kontobro.erp.beancount.syntax.assertions import Assertion

_PATIENCE = 5.0
"""Seconds to wait for another process."""

_TABLES = """
CREATE TABLE IF NOT EXISTS masters (generation TEXT NOT NULL, version TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS file (name TEXT PRIMARY KEY, digest BLOB NOT NULL) WITHOUT ROWID;
"""

_NEVER = frozenset(["masters", "unsupported"])
"""Fields that no record of a ledger has."""


def _form(kind: type) -> type[msgspec.Struct]:
    """A record's other fields, as they are kept."""
    types = get_type_hints(kind)
    names = [name for name in types if name not in _NEVER]
    return msgspec.defstruct(kind.__name__, [(name, types[name]) for name in names], array_like=True)


_FORMS = {kind: _form(kind) for kind in sorted(KINDS, key=lambda kind: kind.__name__)}

_SHAPE = repr(
    [(name, form.__struct_fields__) for name, form in _FORMS.items()] + [Outline.__slots__, Assertion.__slots__]
)

VERSION = f"{__version__} {beancount.__version__} {digest_of(_SHAPE.encode()).hex()}"
"""Of those who read the ledger, and of the form that is kept."""

Digests = Mapping[str, bytes]
"""Of each file of a ledger, what it held."""

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Content:
    records: dict[str, msgspec.Raw]
    files: tuple[str, ...]
    patterns: tuple[str, ...]
    roots: tuple[tuple[str, str], ...]
    assertions: dict[str, list[Assertion]]
    outline: Outline


class Index:
    """The index of one ledger. No method raises: what can't be kept is read again."""

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._path = ledger.with_name(f".{ledger.name}.index")
        self._generation: str | None = None
        """Which reading is ours: another process may have kept a later one."""

    def recall(self) -> tuple[LedgerMasters, Digests] | None:
        """What was kept last, and the files for which it holds; None when there is nothing of use."""
        found = self._with(_recalled) if self._path.exists() else None
        if found is None:
            return None
        self._generation, masters, digests = found
        return masters, digests

    def keep(self, masters: LedgerMasters) -> None:
        """Remember what was read, and from which files, instead of what was before. Without an outline nothing is."""
        self._generation = None
        if masters.outline is not None and masters.states:
            content = msgspec.msgpack.encode(_content(masters, masters.outline))
            digests = {name: digest for name, (_, digest) in masters.states.items()}
            with suppress(OSError):  # as secret as the ledger itself
                os.close(os.open(self._path, os.O_CREAT | os.O_WRONLY, self._ledger.stat().st_mode & 0o666))
            self._generation = self._with(partial(_keep, content, digests))

    def follow(self, file: str, before: bytes | None, after: bytes) -> None:
        """A file of ours has another content now (`before` None: it is new), and all that was kept holds with it."""
        if self._generation and self._path.exists():
            self._with(partial(_follow, self._generation, file, before, after))

    def _with(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        try:
            with closing(sqlite3.connect(self._path, timeout=_PATIENCE)) as database, database:
                return work(database)
        except sqlite3.OperationalError as fault:  # busy, or not ours to write
            log.warning("%s can't be used now, so the ledger may be read whole: %s", self._path.name, fault)
        except (sqlite3.Error, msgspec.MsgspecError) as fault:
            log.warning("%s is broken and is made again, so the ledger is read whole: %s", self._path.name, fault)
            with suppress(OSError):
                self._path.unlink()
        return None


def _recalled(database: sqlite3.Connection) -> tuple[str, LedgerMasters, Digests] | None:
    database.executescript(_TABLES)
    database.execute("BEGIN")  # one moment for both
    kept = database.execute("SELECT generation, content FROM masters WHERE version = ?", [VERSION]).fetchone()
    if not kept:
        return None
    digests = dict(database.execute("SELECT name, digest FROM file"))
    return kept[0], _masters(msgspec.msgpack.decode(kept[1], type=_Content)), digests


def _keep(content: bytes, digests: Digests, database: sqlite3.Connection) -> str:
    generation = uuid.uuid4().hex
    database.executescript(_TABLES)
    database.execute("DELETE FROM masters")
    database.execute("DELETE FROM file")
    database.execute("INSERT INTO masters VALUES (?, ?, ?)", [generation, VERSION, content])
    database.executemany("INSERT INTO file VALUES (?, ?)", digests.items())
    return generation


def _follow(generation: str, file: str, before: bytes | None, after: bytes, database: sqlite3.Connection) -> None:
    database.execute("BEGIN IMMEDIATE")
    if not database.execute("SELECT 1 FROM masters WHERE generation = ?", [generation]).fetchone():
        return
    if before is None:
        database.execute("INSERT OR IGNORE INTO file VALUES (?, ?)", [file, after])
    else:
        database.execute("UPDATE file SET digest = ? WHERE name = ? AND digest = ?", [after, file, before])


def _content(masters: LedgerMasters, outline: Outline) -> _Content:
    return _Content(
        records={
            kind.__name__: msgspec.Raw(
                msgspec.msgpack.encode([_formed(form, one) for one in masters.records.get(kind, {}).values()])
            )
            for kind, form in _FORMS.items()
        },
        files=masters.files,
        patterns=masters.patterns,
        roots=masters.roots,
        assertions={account: list(some) for account, some in masters.assertions.items()},
        outline=outline,
    )


def _formed(form: type[msgspec.Struct], record: object) -> msgspec.Struct:
    return form(*(getattr(record, name) for name in form.__struct_fields__))


def _fields(form: type[msgspec.Struct], records: msgspec.Raw) -> Iterator[dict[str, Any]]:
    found: list[msgspec.Struct] = msgspec.convert(msgspec.msgpack.decode(records), list[form])  # type: ignore[valid-type]
    return (msgspec.structs.asdict(one) for one in found)


def _masters(content: _Content) -> LedgerMasters:
    records: dict[type, Mapping[object, MasterRecord]] = {}
    for kind, form in _FORMS.items():
        records[kind] = by_identity(kind(**fields) for fields in _fields(form, content.records[kind.__name__]))
    return LedgerMasters(records, content.files, content.patterns, content.roots, content.assertions, content.outline)
