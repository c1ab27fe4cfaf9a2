"""A company on its way to be connected by OAuth: what is kept while the person's browser is away at Pleo.

    begin     the wizard       a ticket, in the address that Tryton's client opens
    asked_by  the start page   who asked for what
    leave     its button       the ticket is used up; a state goes to Pleo, a cookie into this browser
    returned  the callback     the state is used up, by the browser with the cookie and no other

Ticket and state are in the table as hashes, all else is sealed. Nothing is kept for longer than `LIFE` at each place.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from trytond.model import ModelSQL, fields

from kontobro.core.dialect import TagScope
from kontobro.install.authorisation import LIFE, Authorisation, hashed, kept_from, kept_to
from kontobro.install.authorisation import leave as leave_for_pleo

from ..inside.tables import TrytonStore

PLACE = "setup"
"""What the sealed values of a setup are called within it."""


class Setup(ModelSQL):
    "Pleo Setup"

    __name__ = "kontobro.setup"
    ticket_hash = fields.Char("Ticket", required=True)
    state_hash = fields.Char("State")
    expires_at = fields.Timestamp("Until", required=True)
    sealed = fields.Text("Sealed", required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__rpc__.clear()  # no one's to read or write: not the administrator's either


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a person asked for in Tryton: `user` the person, `book_as` the user who books.

    `tag_scope`: the other name of Pleo's permissions for tags, after Pleo did not know the first.
    """

    user: int
    company: int
    book_as: int
    environment: str
    url: str | None
    level: int
    redirect_uri: str
    client_id: str
    client_secret: str | None = field(repr=False)
    tag_scope: TagScope | None = None


def begin(store: TrytonStore, asked: Asked, now: datetime) -> str:
    """Keep it; the ticket for the address of the start page."""
    ticket = secrets.token_urlsafe(32)
    values = (hashed(ticket), now + LIFE, store.seal(hashed(ticket), PLACE, {"asked": asdict(asked)}))
    clean(store, now)
    with store.tables.writing() as session:
        session.run("INSERT INTO kontobro_setup (ticket_hash, expires_at, sealed) VALUES (%s, %s, %s)", values)
    return ticket


def clean(store: TrytonStore, now: datetime) -> None:
    """Delete what no one came for in time, its secrets with it."""
    with store.tables.writing() as session:
        session.run("DELETE FROM kontobro_setup WHERE expires_at <= %s", (now,))


_UNUSED = "SELECT * FROM kontobro_setup WHERE ticket_hash = %s AND state_hash IS NULL AND expires_at > %s FOR UPDATE"
_AWAY = "SELECT * FROM kontobro_setup WHERE state_hash = %s AND expires_at > %s FOR UPDATE"


def asked_by(store: TrytonStore, ticket: str, now: datetime) -> Asked | None:
    """What the ticket stands for; None for one that is unknown, used or too old."""
    with store.tables.writing() as session:
        rows = session.select(_UNUSED, (hashed(ticket), now))
    return Asked(**store.unseal(rows[0].ticket_hash, PLACE, rows[0].sealed)["asked"]) if rows else None


@dataclass(frozen=True)
class Left:
    """A browser on its way to Pleo. The cookie is a secret between it and us."""

    asked: Asked
    state: str = field(repr=False)
    cookie: str = field(repr=False)
    kept: Authorisation


def leave(store: TrytonStore, ticket: str, now: datetime) -> Left | None:
    """Use the ticket up, for this browser; None for one that can't be used (any more)."""
    with store.tables.writing() as session:
        rows = session.select(_UNUSED, (hashed(ticket), now))
        if not rows:
            return None
        left = _left(Asked(**store.unseal(rows[0].ticket_hash, PLACE, rows[0].sealed)["asked"]), now)
        held = {"asked": asdict(replace(left.asked, client_secret=None)), "kept": kept_to(left.kept)}
        sealed = store.seal(rows[0].ticket_hash, PLACE, held)
        change = "UPDATE kontobro_setup SET state_hash = %s, expires_at = %s, sealed = %s WHERE id = %s"
        session.run(change, (left.kept.state_hash, left.kept.expires_at, sealed, rows[0].id))
    return left


def _left(asked: Asked, now: datetime) -> Left:
    cookie = secrets.token_urlsafe(32)
    state, kept = leave_for_pleo(
        redirect_uri=asked.redirect_uri, owner=cookie, now=now, client_secret=asked.client_secret
    )
    return Left(asked, state, cookie, kept)


def returned(store: TrytonStore, state: str, cookie: str, now: datetime) -> tuple[Asked, Authorisation] | None:
    """Use the state up, whatever becomes of the exchange. None for all but the browser that left: it may come."""
    with store.tables.writing() as session:
        for row in session.select(_AWAY, (hashed(state), now)):
            held: dict[str, Any] = store.unseal(row.ticket_hash, PLACE, row.sealed)
            kept = kept_from(held["kept"])
            if kept.awaits(state, owner=cookie, now=now):
                session.run("DELETE FROM kontobro_setup WHERE id = %s", (row.id,))
                return Asked(**held["asked"]), kept
    return None
