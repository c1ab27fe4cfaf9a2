"""Settings name records by code. Before, an id served too: what was stored then is read here.

An id becomes its record's code where nothing else can be meant. A number that no account or journal has as its code,
but that is some other's id, was a slip as often as an id: it stays as it is, and the checks refuse it. Dimensions were
always chosen by id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from kontobro.core.model.masterdata import Company, Dimension
from kontobro.core.model.masters import Index, Masters
from kontobro.core.model.settings import Settings

ACCOUNTS = ("wallet", "out_of_pocket", "contra", "external_reimbursement", "accounts_payable")


@dataclass(frozen=True, slots=True)
class StoredId:
    """A setting that holds the id of a record; `code` is the record's."""

    setting: str
    id: str
    code: str


class _Record(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def code(self) -> str: ...


def in_codes(settings: Settings, masters: Masters) -> tuple[Settings, tuple[StoredId, ...]]:
    """The settings with codes for the ids that can only be ids, and which those are."""
    stored: list[StoredId] = []

    def read(name: str, key: str, index: Index[Any], *, sure: bool = False) -> str:
        record = meant_by_id(key, index)
        unsure = not sure and like_a_code(key, index.by_code)
        if record is None or unsure or len(index.find(record.code)) != 1:
            return key
        stored.append(StoredId(name, key, record.code))
        return record.code

    def account(name: str, key: str) -> str:
        return read(name, key, masters.accounts)

    def dimension(name: str, key: str) -> str:
        return read(name, key, masters.dimensions, sure=True)

    named: dict[str, Any] = {name: account(name, key) for name in ACCOUNTS if (key := getattr(settings, name))}
    named["wallets"] = _each(settings.wallets, "wallets", account)
    if settings.journal:
        named["journal"] = read("journal", settings.journal, masters.journals)
    named["dimensions"] = _each(settings.dimensions, "dimensions", dimension)
    named["sync_dimensions"] = tuple(dimension("sync_dimensions", key) for key in settings.sync_dimensions)
    named["rows"] = tuple(
        replace(row, line_account=account(f"rows[{at}].line_account", row.line_account)) if row.line_account else row
        for at, row in enumerate(settings.rows)
    )
    return (replace(settings, **named) if stored else settings), tuple(stored)


def dimensions_in_codes(settings: Settings, dimensions: Iterable[Dimension]) -> Settings:
    """The same where only the dimensions were read."""
    return in_codes(settings, Masters.of(Company("", "", ""), (), dimensions=dimensions))[0]


def meant_by_id(key: str, index: Index[Any]) -> _Record | None:
    """The record whose id a setting holds; None when the key is a code, or no one's id."""
    if index.find(key):
        return None
    found: tuple[_Record, ...] = index.with_id(key.strip())
    return next((record for record in found if record.code.strip()), None)


def _each(table: Mapping[str, str], name: str, read: Callable[[str, str], str]) -> dict[str, str]:
    return {inner: read(f"{name}.{inner}", key) for inner, key in table.items()}


def like_a_code(key: str, codes: Iterable[str]) -> bool:
    """Whether a code may be meant: a number as long as one of them, or one that lost its leading zeros.

    Of a code such as 1131.00 or 1131-DE the number that it begins with counts.
    """
    number = key.strip()
    if not _is_number(number):
        return False
    known = {found[0] for code in codes if (found := re.match("[0-9]+", code.strip()))}
    return any(len(number) >= len(one) or number.zfill(len(one)) == one for one in known)


def _is_number(key: str) -> bool:
    """As ids are written: ASCII digits, which every `int` takes."""
    return key.isascii() and key.isdigit()


def id_in(key: str, codes: Iterable[str]) -> int | None:
    """The id that a stored setting may be, where no record has `key` for its code; None where a code may be meant."""
    number = key.strip()
    return int(number) if _is_number(number) and not like_a_code(number, codes) else None
