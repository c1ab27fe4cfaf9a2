"""Logins to Pleo that have ended: the first thing that a person is shown, with what waits meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kontobro.core.model.connection import Connection
from kontobro.store.read.overview import Overview


@dataclass(frozen=True, slots=True)
class EndedLogin:
    """`since`: None where an older version noticed it; `waiting`: expenses that are not booked, as far as we know."""

    connection: Connection
    since: datetime | None
    waiting: int


def ended_logins(connections: Iterable[Connection], overview: Overview) -> list[EndedLogin]:
    """Those of these connections that Pleo no longer lets in: the longest first."""
    ended = [one for one in connections if one.status == "reconnect"]
    waiting = overview.waiting_items([one.id for one in ended]) if ended else {}
    found = [EndedLogin(one, one.login_ended_at, waiting.get(one.id, 0)) for one in ended]
    return sorted(found, key=lambda one: (one.since is not None, one.since or 0, one.connection.pleo_name))
