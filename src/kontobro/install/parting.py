"""Ending a connection: never while it exports, and never with a login that another connection uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime

from kontobro.core.errors import Busy, KontobroError, LoginFailed, NotAllowed
from kontobro.core.model.connection import Connection, Tokens, pleo_destination
from kontobro.core.model.export import JOB_LIFE
from kontobro.core.ports import Pleo, Store
from kontobro.core.words import part_of, told
from kontobro.install.identity import is_same_company

EXPORTING = 5.0
"""Seconds to wait for an export that is ending."""

RENEWING = 30.0
"""Seconds to wait for a worker that renews the old tokens (`pleo/http/auth.py`): what it stores must not come later."""


def disconnect(connection: Connection, pleo: Pleo, store: Store, *, wait: float = EXPORTING) -> KontobroError | None:
    """Remove the installation (Pleo revokes the tokens with it) and forget our secrets; keep settings and history.

    An installation that another connection uses stays, and with it the login. A credential that Pleo refuses is as
    good as removed. What a person then has to look at in Pleo is returned, not raised. Raises Busy while an export is
    running.
    """
    left: KontobroError | None = None
    with not_exporting(connection, store, wait):
        if sharing_login(connection, store) is None:
            left = _uninstalled(connection, pleo)
        _forget(connection, store)
    return left


def _uninstalled(connection: Connection, pleo: Pleo) -> KontobroError | None:
    """What is left in Pleo after the installation was removed, or could not be."""
    try:
        return LoginFailed(*told("login_still_active")) if pleo.uninstall() else None
    except (LoginFailed, NotAllowed) as refused:
        why = part_of(refused.message)
        is_key = connection.auth == "api_key"
        return LoginFailed(*(told("removal_refused_key", why=why) if is_key else told("removal_refused", why=why)))


def end(connection: Connection, store: Store, *, wait: float = EXPORTING) -> None:
    """End a connection whose Pleo company gets other books: its login may be the new one's by now, and stays at Pleo.
    What it booked is only read from then on. Raises Busy while an export is running."""
    with not_exporting(connection, store, wait):
        _forget(connection, store)


def require_no_job(connection: Connection, store: Store, now: datetime) -> None:
    """Raises Busy while a job of this connection is under way, also where its worker is just away: what it has not
    reported yet would be in doubt. A job expires at Pleo an hour after its last action."""
    jobs = store.jobs(connection.id)
    if any(job.finished_at is None and job.status != "seen" and now - job.started_at < JOB_LIFE for job in jobs):
        raise _exporting(connection)


def _exporting(connection: Connection) -> Busy:
    return Busy(*told("exporting_right_now", company=connection.pleo_name))


@contextmanager
def not_exporting(connection: Connection, store: Store, wait: float = EXPORTING) -> Iterator[None]:
    """The connection exports nothing meanwhile (`export/engine.py` holds the same lock). Raises Busy."""
    with ExitStack() as held:
        try:
            held.enter_context(store.lock(f"export-{connection.id}", wait=wait))
        except Busy as busy:
            raise _exporting(connection) from busy
        yield


def _forget(connection: Connection, store: Store) -> None:
    with store.lock(f"refresh-{connection.id}", wait=RENEWING):
        store.forget_tokens(connection.id)
        store.save_connection(replace(store.connection(connection.id) or connection, status="disconnected"))


def sharing_login(connection: Connection, store: Store) -> Connection | None:
    """Another connection whose login would end with this one's installation: a company gave the same client two
    consents (a trial beside the real one), or two connections use one key of an organisation."""
    mine = store.tokens(connection)
    others = [one for one in store.connections() if one.id != connection.id and one.status != "disconnected"]
    at_one_pleo = [one for one in others if pleo_destination(one) == pleo_destination(connection)]
    return next((one for one in at_one_pleo if is_same_company(one, connection) or _holds(one, mine, store)), None)


def _holds(one: Connection, credential: Tokens | None, store: Store) -> bool:
    held = store.tokens(one)
    return held is not None and credential is not None and held.access == credential.access
