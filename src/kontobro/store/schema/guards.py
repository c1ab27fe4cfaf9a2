"""What the database itself refuses and writes: triggers, a list of statements for each kind of database.

Column lists after UPDATE OF matter: such a trigger fires when the column is named in a SET, also when its value
stays; a purge that names neither `state` nor `run` passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kontobro.store.schema.moves import CLAIMS, allowed_pairs

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

IMPOSSIBLE = "impossible move"
"""How each refusal below begins: the store turns it into ImpossibleMove."""

SQLITE = (
    """
    CREATE TRIGGER kontobro_begins_planned BEFORE INSERT ON kontobro_booking
    WHEN NEW.state <> 'planned'
    BEGIN SELECT RAISE(ABORT, 'impossible move: a booking begins planned'); END
    """,
    """
    CREATE TRIGGER kontobro_refuses_move BEFORE UPDATE OF state, run ON kontobro_booking
    WHEN CASE WHEN NEW.run <> OLD.run THEN NEW.state <> 'planned' ELSE NOT EXISTS (
        SELECT 1 FROM kontobro_allowedmove WHERE from_state = OLD.state AND to_state = NEW.state
    ) END
    BEGIN SELECT RAISE(ABORT, 'impossible move: not in the state diagram'); END
    """,
    """
    CREATE TRIGGER kontobro_keeps_reference BEFORE UPDATE OF connection_id, reference ON kontobro_booking
    WHEN NEW.connection_id <> OLD.connection_id OR NEW.reference <> OLD.reference
    BEGIN SELECT RAISE(ABORT, 'impossible move: a booking keeps its reference'); END
    """,
    """
    CREATE TRIGGER kontobro_writes_first_event AFTER INSERT ON kontobro_booking
    BEGIN
        INSERT INTO kontobro_event (booking_id, run, at, from_state, to_state)
        VALUES (NEW.id, NEW.run, NEW.updated_at, '', NEW.state);
    END
    """,
    """
    CREATE TRIGGER kontobro_writes_event AFTER UPDATE OF state ON kontobro_booking
    WHEN NEW.state <> OLD.state OR NEW.run <> OLD.run
    BEGIN
        INSERT INTO kontobro_event (booking_id, run, at, from_state, to_state)
        VALUES (NEW.id, NEW.run, NEW.updated_at, OLD.state, NEW.state);
    END
    """,
    """
    CREATE TRIGGER kontobro_keeps_events BEFORE UPDATE ON kontobro_event
    BEGIN SELECT RAISE(ABORT, 'impossible move: history is not rewritten'); END
    """,
)

# A trigger of PostgreSQL runs a function; `WHEN` may not hold a query, so the one that reads the diagram judges itself.
POSTGRESQL = (
    """
    CREATE FUNCTION kontobro_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'impossible move: %', TG_ARGV[0]; END $$
    """,
    """
    CREATE FUNCTION kontobro_judge_move() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (CASE WHEN NEW.run <> OLD.run THEN NEW.state <> 'planned' ELSE NOT EXISTS (
            SELECT 1 FROM kontobro_allowedmove WHERE from_state = OLD.state AND to_state = NEW.state
        ) END) THEN
            RAISE EXCEPTION 'impossible move: not in the state diagram';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION kontobro_write_event() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO kontobro_event (booking_id, run, at, from_state, to_state)
        VALUES (NEW.id, NEW.run, NEW.updated_at, CASE TG_OP WHEN 'INSERT' THEN '' ELSE OLD.state END, NEW.state);
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER kontobro_begins_planned BEFORE INSERT ON kontobro_booking FOR EACH ROW
    WHEN (NEW.state <> 'planned') EXECUTE FUNCTION kontobro_refuse('a booking begins planned')
    """,
    """
    CREATE TRIGGER kontobro_refuses_move BEFORE UPDATE OF state, run ON kontobro_booking FOR EACH ROW
    EXECUTE FUNCTION kontobro_judge_move()
    """,
    """
    CREATE TRIGGER kontobro_keeps_reference BEFORE UPDATE OF connection_id, reference ON kontobro_booking FOR EACH ROW
    WHEN (NEW.connection_id <> OLD.connection_id OR NEW.reference <> OLD.reference)
    EXECUTE FUNCTION kontobro_refuse('a booking keeps its reference')
    """,
    """
    CREATE TRIGGER kontobro_writes_first_event AFTER INSERT ON kontobro_booking FOR EACH ROW
    EXECUTE FUNCTION kontobro_write_event()
    """,
    """
    CREATE TRIGGER kontobro_writes_event AFTER UPDATE OF state ON kontobro_booking FOR EACH ROW
    WHEN (NEW.state <> OLD.state OR NEW.run <> OLD.run) EXECUTE FUNCTION kontobro_write_event()
    """,
    """
    CREATE TRIGGER kontobro_keeps_events BEFORE UPDATE ON kontobro_event FOR EACH ROW
    EXECUTE FUNCTION kontobro_refuse('history is not rewritten')
    """,
)

_BEFORE = " OR ".join(
    f"(NEW.status = '{new}' AND OLD.status IN ({', '.join(repr(old) for old in (new, *before))}))"
    for new, before in CLAIMS.items()
)
_REFUSED = f"""NEW.finished_at IS NULL AND NOT (
        CASE WHEN OLD.finished_at IS NULL THEN {_BEFORE} ELSE NEW.status = 'seen' END
    )"""

JOB_SQLITE = (
    """
    CREATE TRIGGER kontobro_job_begins_seen BEFORE INSERT ON kontobro_job
    WHEN NEW.finished_at IS NULL AND NEW.status <> 'seen'
    BEGIN SELECT RAISE(ABORT, 'impossible move: a job begins seen'); END
    """,
    f"""
    CREATE TRIGGER kontobro_keeps_claim BEFORE UPDATE OF status, finished_at ON kontobro_job
    WHEN {_REFUSED}
    BEGIN SELECT RAISE(ABORT, 'impossible move: a claim is not taken back'); END
    """,
)
JOB_POSTGRESQL = (
    """
    CREATE TRIGGER kontobro_job_begins_seen BEFORE INSERT ON kontobro_job FOR EACH ROW
    WHEN (NEW.finished_at IS NULL AND NEW.status <> 'seen') EXECUTE FUNCTION kontobro_refuse('a job begins seen')
    """,
    f"""
    CREATE TRIGGER kontobro_keeps_claim BEFORE UPDATE OF status, finished_at ON kontobro_job FOR EACH ROW
    WHEN ({_REFUSED}) EXECUTE FUNCTION kontobro_refuse('a claim is not taken back')
    """,
)
"""A job's row ends as often as it is told; until then its claim goes forward only."""

BOOKS_SQLITE = (
    """
    CREATE TRIGGER kontobro_ended_plans_nothing BEFORE INSERT ON kontobro_booking
    WHEN EXISTS (SELECT 1 FROM kontobro_connection
        WHERE id = NEW.connection_id AND (status = 'disconnected' OR trial))
    BEGIN SELECT RAISE(ABORT, 'impossible move: a connection that has ended, or a trial, books nothing'); END
    """,
    """
    CREATE TRIGGER kontobro_ended_plans_nothing_again BEFORE UPDATE OF run ON kontobro_booking
    WHEN NEW.run <> OLD.run AND EXISTS (SELECT 1 FROM kontobro_connection
        WHERE id = NEW.connection_id AND (status = 'disconnected' OR trial))
    BEGIN SELECT RAISE(ABORT, 'impossible move: a connection that has ended, or a trial, books nothing'); END
    """,
    """
    CREATE TRIGGER kontobro_keeps_guard BEFORE UPDATE ON kontobro_guard
    BEGIN SELECT RAISE(ABORT, 'impossible move: a guard is only read'); END
    """,
)
BOOKS_POSTGRESQL = (
    """
    CREATE FUNCTION kontobro_judge_plan() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM kontobro_connection
            WHERE id = NEW.connection_id AND (status = 'disconnected' OR trial)) THEN
            RAISE EXCEPTION 'impossible move: a connection that has ended, or a trial, books nothing';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER kontobro_ended_plans_nothing BEFORE INSERT ON kontobro_booking FOR EACH ROW
    EXECUTE FUNCTION kontobro_judge_plan()
    """,
    """
    CREATE TRIGGER kontobro_ended_plans_nothing_again BEFORE UPDATE OF run ON kontobro_booking FOR EACH ROW
    WHEN (NEW.run <> OLD.run) EXECUTE FUNCTION kontobro_judge_plan()
    """,
    """
    CREATE TRIGGER kontobro_keeps_guard BEFORE UPDATE ON kontobro_guard FOR EACH ROW
    EXECUTE FUNCTION kontobro_refuse('a guard is only read')
    """,
)
"""Only a connection in use begins a run of a booking; one that ends meanwhile ends the run's moves as they are.

SQLite can't make the table of connections anew while triggers read it: a migration that changes that table calls
`drop_books_guards` before and `create_books_guards` after."""

OLD_CLAIMS = """
    UPDATE kontobro_job SET status = 'claiming', claimed_at = started_at
    WHERE status = 'in_progress' AND finished_at IS NULL AND claimed_at IS NULL
"""
"""What earlier versions wrote before they even asked whether the accounting system is there: it may have been a look
only. That moment was before the claim, if there was one."""

FUNCTIONS = ("kontobro_refuse", "kontobro_judge_move", "kontobro_write_event")
"""What POSTGRESQL creates; each trigger goes with its function."""

ALLOWED = (
    "CREATE TABLE kontobro_allowedmove (from_state text NOT NULL, to_state text NOT NULL,"
    " UNIQUE (from_state, to_state))",
)
"""The state diagram's table, where no model of Django makes it."""

UNCOUNTED = (
    "ALTER TABLE kontobro_booking ADD COLUMN IF NOT EXISTS settled boolean",
    "ALTER TABLE kontobro_job ADD COLUMN IF NOT EXISTS purged boolean",
    "CREATE INDEX IF NOT EXISTS kontobro_open_payments ON kontobro_booking (connection_id, settles_vendor)"
    " WHERE settles_vendor IS NOT NULL AND outcome = 'booked' AND (settled IS NULL OR NOT settled)",
    "CREATE INDEX IF NOT EXISTS kontobro_unpurged_jobs ON kontobro_job"
    " (connection_id, (COALESCE(finished_at, started_at))) WHERE purged IS NULL",
)
"""What a host's models can't say: flags that may be unknown, and what keeps a job's work apart from how much was booked
before it."""

GUARDS: Mapping[str, Sequence[str]] = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
JOB_GUARDS: Mapping[str, Sequence[str]] = {"sqlite": JOB_SQLITE, "postgresql": JOB_POSTGRESQL}
BOOKS_GUARDS: Mapping[str, Sequence[str]] = {"sqlite": BOOKS_SQLITE, "postgresql": BOOKS_POSTGRESQL}
"""Statements by Django's name of the database."""


def create_guards(_apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """A migration's step: create the triggers."""
    for statement in GUARDS[editor.connection.vendor]:
        editor.execute(statement, params=None)


def create_job_guards(_apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """A migration's step: make of old rows what they may mean, then create the triggers of jobs."""
    for statement in (OLD_CLAIMS, *JOB_GUARDS[editor.connection.vendor]):
        editor.execute(statement, params=None)


def drop_job_guards(_apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """The step backwards: older versions know only `in_progress` of a job that has not ended."""
    on = " ON kontobro_job" if editor.connection.vendor == "postgresql" else ""
    for name in ("kontobro_job_begins_seen", "kontobro_keeps_claim"):
        editor.execute(f"DROP TRIGGER {name}{on}", params=None)
    editor.execute("UPDATE kontobro_job SET status = 'in_progress' WHERE finished_at IS NULL", params=None)


def create_books_guards(_apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """A migration's step: create the triggers that keep one Pleo company in one set of books."""
    for statement in BOOKS_GUARDS[editor.connection.vendor]:
        editor.execute(statement, params=None)


def drop_books_guards(_apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """The step backwards."""
    postgresql = editor.connection.vendor == "postgresql"
    for name, table in (
        ("ended_plans_nothing", "booking"),
        ("ended_plans_nothing_again", "booking"),
        ("keeps_guard", "guard"),
    ):
        editor.execute(f"DROP TRIGGER kontobro_{name}{f' ON kontobro_{table}' if postgresql else ''}", params=None)
    if postgresql:
        editor.execute("DROP FUNCTION kontobro_judge_plan()", params=None)


def fill_allowed_moves(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """A migration's step: make the database's copy of the state diagram equal `moves.MOVES`."""
    rows = apps.get_model("kontobro", "AllowedMove").objects.using(editor.connection.alias)
    rows.all().delete()
    for old, new in allowed_pairs():
        rows.create(from_state=old, to_state=new)


def install_guards(cursor: Any) -> None:
    """Create the triggers on an ERP's own tables in PostgreSQL, or make them again. `cursor` is a DB-API one.

    The tables `kontobro_booking`, `kontobro_event` and `kontobro_job` exist, with Django's names of their columns.
    """
    remove_guards(cursor)
    for statement in (*ALLOWED, *UNCOUNTED, *POSTGRESQL, OLD_CLAIMS, *JOB_POSTGRESQL):
        cursor.execute(statement)
    for pair in allowed_pairs():
        cursor.execute("INSERT INTO kontobro_allowedmove (from_state, to_state) VALUES (%s, %s)", pair)


def remove_guards(cursor: Any) -> None:
    """Take the triggers, their functions and the table of moves away, as far as they are there."""
    for function in FUNCTIONS:
        cursor.execute(f"DROP FUNCTION IF EXISTS {function}() CASCADE")
    cursor.execute("DROP TABLE IF EXISTS kontobro_allowedmove")
