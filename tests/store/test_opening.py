"""Opening: made when missing, brought up to date, private, many at once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import connections

from kontobro.core.errors import Busy, Misconfigured
from kontobro.core.model.history import Move
from kontobro.core.model.journal import Reference
from kontobro.store import open_store
from tests.support.store_contract.case import (
    DAY,
    HERE,
    NOW,
    REF,
    bring,
    connection,
    job,
    plan,
    planned,
    states,
    tokens,
)

if TYPE_CHECKING:
    from kontobro.store import DjangoStore

OLD_CONNECTION = """
    INSERT INTO kontobro_connection
    SELECT 'conn-1', '', '', '', '', '', '', '', 'beancount', '{}', '', NULL, '[]', 'connected', '{}'
"""
OLD_JOB = """
    INSERT INTO kontobro_job (connection_id, job_id, run, status, items, started_at, finished_at)
    VALUES ('conn-1', ?, 'run', 'in_progress', 1, '2026-03-01 12:00:00', ?)
"""
"""A job of a version that knew no claims."""


def run(code: str, *arguments: str) -> str:
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def test_importing_the_package_loads_no_django() -> None:
    assert run("import sys, kontobro.store; print('django' in sys.modules)") == "False\n"


def test_makes_a_missing_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "new" / "kontobro.sqlite"
    with open_store(path) as store:
        store.save_connection(connection())
        made = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir() if file.is_file()}
    assert made == {"kontobro.sqlite": 0o600, "kontobro.sqlite-wal": 0o600, "kontobro.sqlite-shm": 0o600}


def test_what_was_saved_is_there_when_opened_again(path: Path) -> None:
    with open_store(path) as store:
        store.save_connection(connection())
    with open_store(path) as store:
        assert store.connection(HERE) == connection()


def test_a_store_that_was_closed_is_forgotten(path: Path) -> None:
    """Django looks at every database that it knows in each request: a process that opens many would slow down."""
    open_store(path).close()
    known = len(connections.settings)
    for _ in range(3):
        with open_store(path) as store:
            store.save_connection(connection())
            assert len(connections.settings) == known + 1
    assert len(connections.settings) == known


def test_two_files_in_one_process_are_apart(store: DjangoStore, tmp_path: Path) -> None:
    with open_store(tmp_path / "second.sqlite") as second:
        second.save_connection(connection())
        assert (len(second.connections()), len(store.connections())) == (1, 0)


def test_processes_that_make_it_at_once_both_succeed(tmp_path: Path) -> None:
    code = "import sys, pathlib, kontobro.store as s; print(s.open_store(pathlib.Path(sys.argv[1])).connections())"
    path = str(tmp_path / "kontobro.sqlite")
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: run(code, path), range(2))) == ["[]\n", "[]\n"]


def test_migrates_an_older_store_forward(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in names:
            database.execute(f"DROP TRIGGER {name}")
        for table in ("binding", "sync"):
            database.execute(f"DROP TABLE kontobro_{table}")
        for index in (
            "bookings_of_job",
            "outcomes",
            "newest",
            "dated",
            "newest_jobs",
            "finished_jobs",
        ):
            database.execute(f"DROP INDEX kontobro_{index}")
        database.execute("CREATE INDEX kontobro_bookings_of_job ON kontobro_booking (connection_id, job_id)")
        without_purges(database)
        for column in ("outcome", "account", "role", "amount", "notes"):
            database.execute(f"ALTER TABLE kontobro_booking DROP COLUMN {column}")
        database.execute("ALTER TABLE kontobro_job DROP COLUMN claimed_at")
        without_documents(database)
        without_guards(database)
        database.execute(OLD_CONNECTION)
        database.execute(OLD_JOB, ("running", None))
        database.execute(OLD_JOB, ("done", "2026-03-02 12:00:00"))
        database.execute("ALTER TABLE kontobro_secret DROP COLUMN destination")
        database.execute("DELETE FROM django_migrations WHERE name >= '0002_guards' AND app = 'kontobro'")
    with open_store(path) as store:
        store.save_connection(connection())
        claims = {row.job_id: (row.status, row.claimed_at) for row in store.jobs(HERE)}
        # older versions noted a job before they claimed it: it may have been a look only
        assert claims == {"running": ("claiming", NOW.replace(microsecond=0)), "done": ("in_progress", None)}
        bring(store, "posted")
        assert len(store.events(HERE, REF)) == 2


def without_guards(database: sqlite3.Connection) -> None:
    for trigger in ("ended_plans_nothing", "ended_plans_nothing_again", "keeps_guard"):
        database.execute(f"DROP TRIGGER IF EXISTS kontobro_{trigger}")
    database.execute("DROP INDEX kontobro_one_set_of_books")
    for table in ("guard", "elsewhere", "mastersfile"):
        database.execute(f"DROP TABLE kontobro_{table}")
    for column in ("erp_company_name", "trial", "login_ended_at"):
        database.execute(f"ALTER TABLE kontobro_connection DROP COLUMN {column}")


def without_purges(database: sqlite3.Connection) -> None:
    for index in ("unpurged_jobs", "open_payments"):
        database.execute(f"DROP INDEX kontobro_{index}")
    database.execute("ALTER TABLE kontobro_job DROP COLUMN purged")


def without_documents(database: sqlite3.Connection) -> None:
    for table in ("documentpiece", "documentfile", "voucher", "series", "document", "keptnumber"):
        database.execute(f"DROP TABLE kontobro_{table}")


def test_secrets_of_an_older_store_belong_to_where_their_connections_point(path: Path) -> None:
    here = connection(erp="odoo", erp_options={"url": "https://odoo.example"})
    with open_store(path) as store:
        store.save_connection(here, tokens(), {"api_key": "k", "webhook": "w"})
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("ALTER TABLE kontobro_secret DROP COLUMN destination")
        database.execute("ALTER TABLE kontobro_booking DROP COLUMN notes")
        without_purges(database)
        without_documents(database)
        without_guards(database)
        database.execute("DELETE FROM django_migrations WHERE name >= '0009_secret_destination' AND app = 'kontobro'")
    with open_store(path) as store:
        assert (store.tokens(here), store.secret(here, "api_key"), store.secret(here, "webhook")) == (
            tokens(),
            "k",
            "w",
        )
        moved = replace(here, erp_options={"url": "https://evil.example"}, api_url="https://evil.example")
        assert (store.tokens(moved), store.secret(moved, "api_key"), store.secret(moved, "webhook")) == (None,) * 3


SECOND = """
    INSERT INTO kontobro_connection
    SELECT 'conn-2', 'Second', environment, api_url, auth_url, auth, company_id, company_name, 'odoo', '{}', '', NULL,
    '[]', 'reconnect', '{}' FROM kontobro_connection
"""


def test_of_two_connections_of_one_company_the_one_that_exported_last_stays(path: Path) -> None:
    with open_store(path) as store:
        store.save_connection(connection(), tokens())
        store.save_connection(connection("conn-3"))
    with closing(sqlite3.connect(path)) as database, database:
        without_purges(database)
        without_guards(database)
        database.execute(f"{SECOND} WHERE id = 'conn-1'")
        database.execute(OLD_JOB.replace("conn-1", "conn-2").replace("in_progress", "completed"), ("job", "2026-03-02"))
        database.execute("DELETE FROM django_migrations WHERE name >= '0013_one_set_of_books' AND app = 'kontobro'")
    with open_store(path) as store:
        assert {one.id: one.status for one in store.connections()} == {
            "conn-1": "disconnected",
            "conn-2": "reconnect",
            "conn-3": "connected",
        }
        assert store.tokens(connection()) is None


def test_what_an_older_store_keeps_of_people_is_purged_in_time(path: Path) -> None:
    """Also of a job that it has no row of: a purge goes by jobs."""
    with open_store(path) as store:
        store.save_connection(connection())
        store.begin_job(HERE, job("known"), "run-1", NOW)
        for number, name in enumerate(("known", "unknown")):
            plan(store, planned(Reference(f"ref-{number}"), payee="Anna Berg", raw=b"{}"), job_id=name)
    with closing(sqlite3.connect(path)) as database, database:
        without_purges(database)
        database.execute("DELETE FROM kontobro_job WHERE job_id = 'unknown'")
        database.execute("DELETE FROM django_migrations WHERE name >= '0015_purged' AND app = 'kontobro'")
    with open_store(path) as store:
        assert {row.job_id: (row.status, row.items) for row in store.jobs(HERE)} == {
            "known": ("seen", 1),
            "unknown": ("unfinished", 1),
        }
        assert store.purge(HERE, NOW) == 0
        assert store.purge(HERE, NOW + DAY) == 2
        assert [row.payee for row in store.bookings(HERE)] == ["", ""]


def test_refuses_the_store_of_a_newer_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('kontobro', '9999_later', '')")
    with pytest.raises(Misconfigured, match="newer Kontobro \\(9999_later\\)"):
        open_store(path)


@pytest.mark.parametrize("content", [b"not a database, but long enough to be read as one" * 100, b"x"])
def test_refuses_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.beancount"
    path.write_bytes(content)
    with pytest.raises(Misconfigured, match=r"ledger.beancount can't be used"):
        open_store(path)
    assert path.read_bytes() == content


def test_a_folder_in_its_place_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="can't be used"):
        open_store(tmp_path)


def test_migrations_say_what_the_models_say(store: DjangoStore) -> None:
    from django.core.management import call_command

    call_command("makemigrations", "kontobro", check=True, dry_run=True, verbosity=0)


def test_settings_of_the_connection(store: DjangoStore) -> None:
    from django.db import connections

    with connections[store.alias].cursor() as cursor:
        found = {}
        for pragma in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete", "temp_store"):
            cursor.execute(f"PRAGMA {pragma}")
            found[pragma] = cursor.fetchone()[0]
    full = 2
    assert found == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
        "secure_delete": 1,
        "temp_store": 2,  # memory
    }


def test_each_thread_has_its_connection_and_ended_threads_lose_theirs(store: DjangoStore) -> None:
    store.save_connection(connection())
    for number in range(3):
        thread = threading.Thread(target=plan, args=(store,), kwargs={"run": f"run-{number}"})
        thread.start()
        thread.join()
    store.connections()
    assert len(store.bookings(HERE)) == 1
    assert len(store.database.threads) <= 2


def test_leaves_no_open_connection_behind(path: Path) -> None:
    code = """if True:
        import pathlib, sys, threading, gc, kontobro.store
        store = kontobro.store.open_store(pathlib.Path(sys.argv[1]))
        thread = threading.Thread(target=store.connections); thread.start(); thread.join()
        store.close(); del store, thread; gc.collect()
        print(sorted(p.name for p in pathlib.Path(sys.argv[1]).parent.iterdir() if p.is_file()))
    """
    assert run(code, str(path)) == "['kontobro.sqlite']\n"


def test_a_writer_that_waits_in_vain_is_busy(path: Path, store: DjangoStore) -> None:
    from django.db import connections

    store.save_connection(connection())
    plan(store)
    with connections[store.alias].cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 10")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match=r"kontobro.sqlite is held by another"):
            store.move(HERE, [Move(reference=REF, to="booking")], NOW)
        other.execute("ROLLBACK")
    assert states(store) == {REF: "planned"}
