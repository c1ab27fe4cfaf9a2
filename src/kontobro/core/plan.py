"""Master data in step: what the accounting system has, what Pleo has, and the plan between them (design §7).

The accounting system is the source. `Desired` is one active record of it, `Existing` one record at Pleo. Identity is
the accounting system's stable id, kept in a `Binding`; code counts on first contact only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MasterKind = Literal["accounts", "tax_codes", "tag_groups", "tags", "vendors"]
"""Dimensions are tag groups at Pleo, their values are tags; the other kinds are named alike on both sides."""

Fields = tuple[tuple[str, str], ...]
"""Further fields by name, sorted, already normalised (trimmed, one spelling), so that nothing flaps."""


@dataclass(frozen=True, slots=True)
class Desired:
    """One active record of the accounting system, as Pleo should have it.

    `id` is its stable id there (a dimension value: `<dimension id>/<value id>`); `parent` the id of its dimension.
    `fields`: tax codes rate, type, ingoing_account, outgoing_account; vendors currency, country, registration_number,
    tax_registration_number; accounts tax_code. Absent ones are left out.
    """

    id: str
    code: str
    name: str
    parent: str | None = None
    fields: Fields = ()


@dataclass(frozen=True, slots=True)
class Existing:
    """One record at Pleo, archived or not. `id` is Pleo's; `external_id` the one it keeps for us, where it can.

    `parent` is Pleo's id of a tag's group. `draft`: a vendor born in Pleo that the accounting system lacks yet.
    """

    id: str
    code: str
    name: str
    archived: bool = False
    external_id: str | None = None
    parent: str | None = None
    fields: Fields = ()
    draft: bool = False


@dataclass(frozen=True, slots=True)
class Binding:
    """Which record at Pleo belongs to which one of the accounting system, and by what right we may archive it.

    `pleo_id` None: the intent to create it, written before the create; it counts as ownership.
    `code` is the code under which it was created or last written.
    """

    kind: MasterKind
    erp_id: str
    pleo_id: str | None
    origin: Literal["created", "adopted"]
    code: str = ""
