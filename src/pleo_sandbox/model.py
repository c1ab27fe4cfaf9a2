"""What the sandbox knows of a company: facts that Pleo's contract names, nothing of any client."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FileBlob:
    """A receipt: its bytes and the type under which Pleo announces it."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Expense:
    """One accounting entry: its ExportItemV3 JSON without `files` (the sandbox makes their URLs), and its receipts.

    `queued`: waits in Pleo's export queue. `links` overrides the file URLs, for payloads published with
    addresses of their own. `verbatim`: the item goes out exactly as it is, its own `files` included: no contra
    account is asked for or filled in, nothing is added or taken away.
    """

    item: Json
    files: tuple[FileBlob, ...] = ()
    queued: bool = True
    links: tuple[Json, ...] = ()
    verbatim: bool = False

    @property
    def id(self) -> str:
        return str(self.item["accountingEntryId"])


@dataclass(slots=True)
class HandMade:
    """Master data that people made in Pleo: no integration's, so none may archive it.

    Each as Pleo shows it, without the moments and the company's id; an `id` may be left out. A tag group may hold its
    `tags` and `dimensions`. What Pleo's API refuses can be here: it is older than the rule.
    """

    tag_groups: list[Json] = field(default_factory=list)
    tax_codes: list[Json] = field(default_factory=list)
    accounts: list[Json] = field(default_factory=list)
    vendors: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class SandboxCompany:
    """A company, its expenses, its own master data, and which wallet currencies have a contra account."""

    name: str
    currency: str
    country: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    organization_id: str | None = None
    registration_number: str | None = None
    expenses: list[Expense] = field(default_factory=list)
    contra_accounts: dict[str, Json] = field(default_factory=dict)
    vendor_based_bookkeeping: bool = False
    employees: list[Json] = field(default_factory=list)
    hand_made: HandMade = field(default_factory=HandMade)
