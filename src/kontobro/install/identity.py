"""Which connection is it? A Pleo company has one set of books; connecting it with the same ones keeps its id."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace

from kontobro.core.company_names import plainly_differ
from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import AlreadyConnected, Connection, erp_destination, with_kept
from kontobro.core.words import told


def settled_identity(
    found: Connection, known: Sequence[Connection], *, moving: bool = False, guarded: bool = True
) -> tuple[Connection, bool]:
    """The connection with its final id; of a company that was connected with these books before, with its id and
    settings kept. Raises AlreadyConnected where its expenses go into other books by now, unless they are `moving`.
    Not `guarded`: nothing keeps what a connection that has ended booked from being booked again, so its books stay.

    A new one is called as its company at Pleo. The id must not change on reconnecting: history and intents hang on it
    (`field-notes.md`, Booking 6).
    """
    of_company = [old for old in known if is_same_company(old, found) and old.trial == found.trial]
    ours = next((old for old in in_use_first(of_company) if is_same_books(old, found)), None)
    other = next((old for old in of_company if old is not ours and (old.is_in_use or not guarded)), None)
    if other is not None and not (moving and guarded) and not (ours and ours.is_in_use):
        raise second_books(other)
    if ours is not None:
        name = found.company_name or ours.company_name
        kept = with_kept(found.erp_options, ours.erp_options)
        named = replace(found, id=ours.id, name=found.name or ours.name, company_name=name)
        return replace(named, settings=ours.settings, erp_options=kept), True
    taken = {old.name for old in known}
    if found.name in taken:
        raise Misconfigured(*told("connection_name_taken", name=found.name)).by("kontobro connect --name NAME")
    wanted = f"{found.pleo_name} (trial)" if found.trial else found.pleo_name
    name = found.name or free_name(wanted, taken)
    return replace(found, id=_new_id(found, known), name=name), False


def _new_id(found: Connection, known: Sequence[Connection]) -> str:
    """The id that was kept for it, unless a connection has it by now: that one's books are others."""
    taken = {old.id for old in known}
    return found.id if found.id and found.id not in taken else uuid.uuid4().hex


def in_use_first(connections: Sequence[Connection]) -> Sequence[Connection]:
    return sorted(connections, key=lambda one: not one.is_in_use)


def is_same_company(one: Connection, other: Connection) -> bool:
    """Whether both are of one company in one environment of Pleo."""
    return (one.environment, one.company_id) == (other.environment, other.company_id)


def is_same_books(old: Connection, found: Connection) -> bool:
    """Whether both book in the same company of one accounting system.

    Two servers may both have a company 1: where the address is another one too, its name says whether the books moved.
    """
    if old.erp != found.erp or (old.erp_company and old.erp_company != found.erp_company):
        return False
    return erp_destination(old) == erp_destination(found) or not plainly_differ(
        old.erp_company_name, found.erp_company_name
    )


def second_books(other: Connection) -> AlreadyConnected:
    """Why a company is not connected a second time, by name."""
    books = f"{other.erp} ({other.books_name})" if other.books_name else other.erp
    return AlreadyConnected(*told("second_books", company=other.pleo_name, books=books, name=other.name))


def free_name(name: str, taken: Collection[str]) -> str:
    """The name that Pleo has for a company; numbered when another company has it too, for no one is asked."""
    numbered = (f"{name} ({n})" for n in range(2, len(taken) + 3))
    return name if name not in taken else next(one for one in numbered if one not in taken)
