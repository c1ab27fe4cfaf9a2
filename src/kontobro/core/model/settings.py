"""The settings of a connection: resolved and validated once, passed as one frozen value.

Each choice that Pleo leaves open is one named field here (`posting-rules.md`, marks D). Accounts are named
by their codes; the posting rules look them up. An id is never one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["expense", "wallet", "employee", "transit", "external", "payable"]
"""EXP, WAL, OOP, CON, EXT and AP of `posting-rules.md` §1."""

SyncKind = Literal["accounts", "tax-codes", "dimensions", "vendors"]

MOST_DIMENSIONS = 5
"""Pleo takes five tags an expense (`pleo/rules.md` §3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOverride:
    """What a bookkeeper changes in one row of the posting table (`posting-rules.md` §11). None leaves it.

    `subtype` None is the row without one. A type that the table lacks can be added this way: then `debit`,
    `credit` and `sign` are needed. `line_account` is used when a line of the item has no account;
    `use_line_account` makes a movement use its lines' own accounts on the side that is not the money's (wallet,
    external): a journal entry without tax. Changed roles decide again what accounts payable makes of the row.
    """

    type: str
    subtype: str | None = None
    debit: Role | None = None
    credit: Role | None = None
    sign: Literal["ignore", "follow"] | None = None
    method: Literal["journal", "accounts_payable"] | None = None
    line_account: str | None = None
    use_line_account: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one Pleo company is booked."""

    time_zone: str | None = None
    """IANA name; the booking date is a day there. None: the accounting system's own."""

    wallet: str | None = None
    """The one wallet account, for the base currency."""
    wallets: Mapping[str, str] = field(default_factory=dict)
    """Wallet account per currency; wins over `wallet`."""
    out_of_pocket: str | None = None
    contra: str | None = None
    external_reimbursement: str | None = None
    accounts_payable: str | None = None
    journal: str | None = None

    method_when_null: Literal["journal", "accounts_payable"] = "journal"
    unmatched_vendor: Literal["fail", "fallback"] = "fail"
    employees_are_vendors: bool = False
    closed_period: Literal["fail", "next_open", "today"] = "fail"
    posting: Literal["draft", "posted"] = "draft"
    reverse_tax_missing: Literal["compute", "fail", "as_given"] = "compute"
    zero_amount: Literal["fail", "skip"] = "fail"
    duplicate_invoice: Literal["note", "fail"] = "note"
    """The same supplier invoice (vendor, number, currency, amount) under another expense: say so, or fail the item."""
    receipt_missing: Literal["fail", "book"] = "fail"
    """A receipt that can't be fetched or that the accounting system won't take: fail the item before it is
    booked, or book it without and say so."""
    receipt_upload_failed: Literal["fail", "book"] = "fail"
    """A receipt that can't be attached to a booked entry, after retries: report the item failed, or successful."""
    voided: Literal["book", "ask"] = "book"
    """An entry that was voided or deleted in the accounting system and is exported again: book again, or fail
    and say so."""

    dimensions: Mapping[str, str] = field(default_factory=dict)
    """Pleo tag group code -> dimension code. A group whose code is a dimension's needs no line here."""
    dimensions_on: Literal["expense_lines", "all_lines"] = "expense_lines"
    description: str = "{supplier} · {user} · {note}"
    """Template of an entry's text (its fields: `posting_text.FIELDS`). Empty fields and their dots vanish."""

    rows: tuple[RowOverride, ...] = ()
    hook: str | None = None
    """`package.module:function`, a company's own logic after the rules (`docs/hooks.md`)."""

    sync: tuple[SyncKind, ...] = ()
    """The kinds of master data that are kept in sync (`core/level.py`: the level follows from them)."""
    sync_dimensions: tuple[str, ...] = ()
    """Codes of dimensions that become tag groups at Pleo, at most MOST_DIMENSIONS."""
    sync_unknown: Literal["leave", "archive"] = "leave"
    """What Kontobro did not make in Pleo and the accounting system lacks: leave it, or archive it as Pleo's guides say,
    once a person approved that plan."""
    sync_choice: tuple[str, ...] = ()
    """Rules for what is offered in Pleo, such as "accounts without 7000..7099" (`core/plan/choice.py`)."""
    create_vendors: bool = False
    """Vendors born in Pleo that the accounting system lacks are created there; else they wait for a person."""
    sync_max_percent: int = 30
    """The share of what is ours at Pleo that one sync may update, or archive, without approval."""
    sync_floor: int = 2
    """So many updates, or archives, are always allowed: a count of changes, not of records."""

    retention_days: int = 30
    patience_minutes: int = 10
