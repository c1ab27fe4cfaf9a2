"""What an identifier in an export item means: one that we gave to Pleo, or someone else's.

Ids of an accounting system are small numbers as a rule, and so are codes: a number alone tells nothing. An identifier
counts as an id only when a binding proves that we gave it. All else in an item is a code, and matched with codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Meaning = Literal["id", "code", "stale", "conflict", "unproven"]
"""`id`: the record of that id · `code`: whatever has the code · `stale`: we gave it, and the record is gone ·
`conflict`: its record and the code's are two · `unproven`: our bindings are lost, and the code does not confirm it."""


FEW = 10
"""Accounts that we gave to Pleo and that say nothing yet about which database they are of."""


class Named(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def code(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Given:
    """The ids of one kind that we gave to Pleo, each with the code that we wrote beside it.

    `lost`: the kind is kept in sync, but no binding is there (a new store, or a kind never synced yet).
    """

    codes: Mapping[str, str]
    lost: bool = False
    pleo_ids: frozenset[str] = frozenset()

    @classmethod
    def of(cls, bindings: Iterable[Binding], *, in_sync: bool) -> Given:
        """An intent (no record at Pleo yet) proves nothing: Pleo may have refused it."""
        bound = {binding.pleo_id: binding for binding in bindings if binding.pleo_id}
        codes = {binding.erp_id: binding.code.strip() for binding in bound.values()}
        return cls(codes, in_sync and not codes, frozenset(bound))


def of_another_database(given: Given, records: Mapping[str, Named]) -> bool:
    """Whether most of the ids that we gave have by now another code, or are gone: they are another database's.

    A database has no name that an ordinary user may read, and every one counts its companies from 1. A chart that was
    renumbered as a whole looks the same; it is synced again before its ids count.
    """
    coded = [(id, code) for id, code in given.codes.items() if code]
    other = sum(1 for id, code in coded if id not in records or records[id].code.strip() != code)
    return len(coded) > FEW and 2 * other > len(coded)


def meaning_of(identifier: str, code: str, own: Named | None, coded: Sequence[Named], given: Given | None) -> Meaning:
    """What Pleo means by `identifier` and `code`, both stripped and perhaps empty.

    `own` is the record with that id, `coded` those with that code. `given` None: ids that no code can look like, such
    as Beancount's account names; each of them is believed.
    """
    if not identifier:
        return "code"
    if given is None:
        return "code" if identifier == code else "id" if own else "stale"
    if identifier not in given.codes:
        confirmed = identifier == code or (own is not None and own.code.strip() == code)
        return "unproven" if given.lost and not confirmed else "code"
    if own is None:
        return "stale"
    if code in ("", given.codes[identifier], own.code.strip()):
        return "id"
    # Neither the code that we wrote nor today's: a code that Pleo kept from before is harmless while no one has it.
    return "id" if identifier != code and not coded else "conflict"


MasterKind = Literal["accounts", "tax_codes", "tag_groups", "tags", "vendors"]
"""Dimensions are tag groups at Pleo, their values are tags; the other kinds are named alike on both sides."""


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
    written: str = ""
    """Mark of the content that both sides agreed on last (`plan_compare.mark_of`); empty when it is not known."""
