"""What is done for one connection: look at Pleo, export, keep in sync. Safe to be stopped anywhere and run again."""

import logging
import time

from kontobro.core.errors import Busy, KontobroError, LoginFailed, Misconfigured, UnsafePlan, fault_code
from kontobro.core.settings.check import Fit, fit_of
from kontobro.export import next_job, run_job
from kontobro.export.again import check_rows, open_books
from kontobro.export.job.ended import note_ends
from kontobro.export.job.masters import load_masters
from kontobro.install.connect import finish_installation
from kontobro.install.parting import disconnect
from kontobro.sync.run import KINDS, NOTED, apply_plan, in_sync, is_due, plan_sync
from kontobro.sync.shown import shown_of

from . import app as apps

log = logging.getLogger(__name__)

REST = 45
"""Seconds until a connection is due again: less than any interval of the cron, so that only what was not reached yet
continues at once."""

REST_AFTER_FAULT = 240
"""A Pleo that does not answer costs a run half its time: it has its turn with the next regular one."""

TURN = """UPDATE kontobro_connection
SET due_at = date_trunc('second', now() AT TIME ZONE 'UTC') + %s * interval '1 second' WHERE key = %s"""

NOTE = """UPDATE kontobro_connection SET last_run_at = now() AT TIME ZONE 'UTC', last_fault = %s, last_fault_code = %s,
due_at = CASE WHEN due_at IS NOT NULL
    THEN date_trunc('second', now() AT TIME ZONE 'UTC') + %s * interval '1 second' END WHERE key = %s"""
"""Asked for by a person meanwhile (no `due_at`), it stays due."""


class TimeIsUp(Exception):
    """The cron's time for now is over: the job is resumed where it stopped."""


def run(database: str, key: str, until: float) -> bool:
    """Work for one connection until `until` (monotonic seconds). False when something is left to do.

    No fault comes out: it is noted for a person, and the other connections have their turn.
    """
    try:
        with apps.opened(database) as app:
            _begin(app, key)
            try:
                fault = _work(app, key, until)
            except TimeIsUp:
                _note(app, key, None, 0)  # due at once, after those who were due before
                return False
            _note(app, key, fault, REST_AFTER_FAULT if fault else REST)
    except KontobroError as failed:  # no key, no store: nothing can be noted
        log.warning("pleo: %s %s", failed.message, failed.remedy)
    except Exception:
        log.exception("pleo: how it went with the connection %s could not be noted", key)
    return True


def _work(app, key, until):
    """The fault that ended it, if one did."""
    connection = app.store.connection(key)
    try:
        _export(app, connection, until)
        _keep_in_sync(app, connection, until)
    except Busy as busy:  # no one's fault, but whoever waits for an export wants to know
        log.info("pleo: %s", busy.message)
        return busy
    except LoginFailed as failed:
        app.store.mark_reconnect(key, app.clock.now())
        return failed
    except KontobroError as failed:
        log.warning("pleo: %s", failed.message)
        return failed
    except TimeIsUp:
        raise
    except Exception:
        log.exception("pleo: a bug in the addon; the connection %s is tried again", key)
        return Misconfigured("Unexpected error.", "See Odoo's log.")
    return None


def _export(app, connection, until):
    """Every export job that waits, oldest first."""

    def tick(phase, done, total):
        if time.monotonic() >= until:
            raise TimeIsUp

    ports, ended = app.ports_for(connection), set()
    note_ends(connection, ports)
    while (job := next_job(ports)) and job.id not in ended:
        tick("job", 0, 0)
        run_job(connection, job, ports, progress=tick)
        ended.add(job.id)


def _keep_in_sync(app, connection, until):
    """The kinds of master data that are due, as far as the limits allow without approval; a first plan waits for a
    person."""
    noted = app.store.syncs(connection.id)
    known = [kind for kind in KINDS if kind in connection.settings.sync and NOTED[kind][-1] in noted]
    if not known:
        return
    ports = app.sync_ports_for(connection)
    for kind in known:
        if time.monotonic() >= until:
            raise TimeIsUp
        if is_due(connection, kind, ports):
            try:
                apply_plan(connection, kind, None, ports, yes=True)
            except UnsafePlan as waits:
                log.info("pleo: a plan of %s waits: %s", kind, waits.message)


def _begin(app, key):
    """A worker that is killed while Pleo hangs would come to the same connection first again."""
    with apps.store_of(app).tables.writing() as session:
        session.run(TURN, (REST_AFTER_FAULT, key))


def _note(app, key, fault, rest):
    """For a person: when, and what is wrong. For the cron: in how many seconds it is this connection's turn again."""
    told = f"{fault.message} {fault.remedy}" if fault else None
    with apps.store_of(app).tables.writing() as session:
        session.run(NOTE, (told, fault_code(fault) if fault else None, rest, key))


# ------------------------------------------------------------------------------------------ by a person


def check(app, key: str) -> Fit:
    """What keeps this connection from exporting, and what would fail. Raises what either side raises."""
    connection = app.store.connection(key)
    app.pleo_for(connection).introspect()
    connector = app.connector_for(connection)
    return fit_of(connection.settings, load_masters(connector, connector.check()))


def part(app, key: str) -> KontobroError | None:
    """Disconnect: remove the installation at Pleo, forget the secrets; settings and history stay. What a person has to
    look at in Pleo."""
    connection = app.store.connection(key)
    return disconnect(connection, app.pleo_for(connection), app.store)


def plans(app, key: str):
    """What each kind that is kept in sync would change in Pleo."""
    connection = app.store.connection(key)
    ports = app.sync_ports_for(connection)
    kinds = [kind for kind in KINDS if kind in connection.settings.sync]
    return [shown_of(kind, plan_sync(connection, kind, ports), connection.settings) for kind in kinds]


def apply(app, key: str, kind: str, digest: str):
    """Carry out the plan of that digest; what was done. Raises NotApproved when it differs by now."""
    connection = app.store.connection(key)
    done = apply_plan(connection, kind, digest, app.sync_ports_for(connection))
    if in_sync(connection, app.store):
        finish_installation(app.pleo_for(connection), connection)
    return done


def check_again(app, key: str, references):
    """These items under today's settings. Nothing is booked, nothing is told to Pleo."""
    connection = app.store.connection(key)
    ports = app.book_ports_for(connection)
    rows = app.store.bookings(key, references=references)
    return check_rows(connection, rows, ports, open_books(connection, ports)) if rows else ()
