"""What only PostgreSQL has: a server that may be away, a key that must be given, locks between machines."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet

from kontobro.core.errors import Busy, Misconfigured, StoreUnreachable
from kontobro.core.model.history import Move
from kontobro.core.model.journal import Reference
from kontobro.store import open_store
from kontobro.store.database import database_entry
from tests.support.postgres import KEY
from tests.support.store_contract.case import (
    ELSEWHERE,
    HERE,
    NOW,
    REF,
    bring,
    connection,
    plan,
    planned,
    states,
    tokens,
)

if TYPE_CHECKING:
    from kontobro.store import DjangoStore

AWAY = "postgresql://kontobro:pa55%20word@127.0.0.1:1/books"


@pytest.fixture
def store(postgres_url: str) -> Iterator[DjangoStore]:
    with open_store(postgres_url, key=KEY) as store:
        yield store


@pytest.fixture
def admin(postgres_url: str) -> Iterator[Any]:
    """A session of someone else in the store's database."""
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as session:
        yield session


def shut(admin: Any) -> None:
    """End all other sessions, as a server that is started again does."""
    admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def sessions(admin: Any) -> int:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    (row,) = admin.execute(query)
    return int(row[0])


# ------------------------------------------------------------------------------------------------ opening


def test_entry_of_a_url() -> None:
    entry = database_entry("postgresql://kontobro:pa55%20word@db.example:5433/books?sslmode=require")
    assert {name: entry[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
        "NAME": "books",
        "USER": "kontobro",
        "PASSWORD": "pa55 word",
        "HOST": "db.example",
        "PORT": "5433",
    }
    assert entry["OPTIONS"] == {
        "connect_timeout": 10,
        "options": "-c lock_timeout=30s -c jit=off",
        "sslmode": "require",
    }
    assert (entry["CONN_MAX_AGE"], entry["CONN_HEALTH_CHECKS"]) == (60, True)


def test_entry_of_a_file(tmp_path: Path) -> None:
    entry = database_entry(tmp_path / "kontobro.sqlite3")
    assert (entry["NAME"], entry["OPTIONS"]["transaction_mode"]) == (str(tmp_path / "kontobro.sqlite3"), "IMMEDIATE")
    assert "journal_mode=WAL" in entry["OPTIONS"]["init_command"]


@pytest.mark.parametrize("where", ["mysql://me:pa55@host/db", "books.sqlite3", "", "postgresql://me:pa55%ZZ@host/db"])
def test_what_is_no_place_is_one_clear_error(where: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        open_store(where, key=KEY)
    assert "postgresql://user" in caught.value.remedy
    assert "pa55" not in "".join(traceback.format_exception(caught.value))


def test_a_server_that_is_away_is_named_without_its_password() -> None:
    with pytest.raises(StoreUnreachable, match=r"books on 127.0.0.1:1 can't be reached") as caught:
        open_store(AWAY, key=KEY)
    assert caught.value.remedy
    assert "pa55" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(("old", "new"), [("/test_", "/none_"), ("//postgres:", "//nobody:")], ids=["database", "user"])
def test_a_refused_login_is_a_matter_of_settings(postgres_url: str, old: str, new: str) -> None:
    with pytest.raises(Misconfigured, match="the server refuses"):
        open_store(postgres_url.replace(old, new), key=KEY)


def test_the_key_must_be_given(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KONTOBRO_KEY", raising=False)
    with pytest.raises(Misconfigured, match="KONTOBRO_KEY is not set") as caught:
        open_store(postgres_url)
    assert "Fernet key" in caught.value.remedy
    with pytest.raises(Misconfigured, match="has no valid key"):
        open_store(postgres_url, key=b"short")


def test_keys_are_rotated(postgres_url: str) -> None:
    new = Fernet.generate_key()
    with open_store(postgres_url, key=KEY) as store:
        store.save_connection(connection())
        store.save_tokens(connection(), tokens())
    with open_store(postgres_url, key=new + b"," + KEY) as store:
        assert store.rotate_keys() == 1
    with open_store(postgres_url, key=new) as store:
        assert store.tokens(connection()) == tokens()


def test_processes_that_make_it_at_once_all_succeed(bare_postgres_url: str, service_key: str) -> None:
    code = "import sys, kontobro.store as s; print(s.open_store(sys.argv[1]).connections())"
    command = [sys.executable, "-W", "error", "-c", code, bare_postgres_url]

    def run(_: int) -> str:
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(run, range(3))) == ["[]\n"] * 3


def test_refuses_the_store_of_a_newer_version(store: DjangoStore, admin: Any, postgres_url: str) -> None:
    admin.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('kontobro', '9999_later', now())")
    with pytest.raises(Misconfigured, match="newer Kontobro \\(9999_later\\)"):
        open_store(postgres_url, key=KEY)


# -------------------------------------------------------------------------------------------- connections


def test_goes_on_after_the_server_was_started_anew(store: DjangoStore, admin: Any) -> None:
    store.save_connection(connection())
    shut(admin)
    assert store.connections() == [connection()]


def test_a_session_that_is_lost_within_a_method_is_one_clear_error(store: DjangoStore, admin: Any) -> None:
    def lose(cursor: Any) -> None:
        shut(admin)
        cursor.execute("SELECT 1")

    with pytest.raises(StoreUnreachable), store.database.writing() as session:
        lose(session.cursor)
    assert store.connections() == []


def test_threads_that_ended_or_rest_leave_the_server(store: DjangoStore, admin: Any) -> None:
    begin, end = threading.Barrier(4), threading.Event()

    def work() -> None:
        store.connections()
        begin.wait(60)
        end.wait(60)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    store.connections()
    begin.wait(60)
    assert sessions(admin) == 4
    store.database.sweep(idle=0)  # all of them rest now
    assert store.connections() == []
    end.set()
    for thread in threads:
        thread.join()
    store.database.sweep()
    assert len(store.database.threads) == 1
    store.close()


def test_a_writer_that_waits_in_vain_is_busy(store: DjangoStore, admin: Any) -> None:
    store.save_connection(connection())
    plan(store)
    with store.database.reading() as session:
        session.run("SET lock_timeout = '20ms'")
    with admin.transaction():
        admin.execute("SELECT * FROM kontobro_booking FOR UPDATE")
        with pytest.raises(Busy, match="is held by another"):
            store.move(HERE, [Move(reference=REF, to="booking")], NOW)
    assert states(store) == {REF: "planned"}


# -------------------------------------------------------------------------------------------------- locks


def test_a_lock_is_free_once_its_session_is_lost(store: DjangoStore, admin: Any) -> None:
    with store.lock("x"):
        with pytest.raises(Busy, match=r"process \d+ on"), store.lock("x"):
            pass
        shut(admin)
        with store.lock("x", wait=10):
            pass


def test_locks_of_two_databases_are_apart(store: DjangoStore, bare_postgres_url: str) -> None:
    with open_store(bare_postgres_url, key=KEY) as second, store.lock("x"), second.lock("x"):
        pass


def test_a_lock_s_number_never_changes() -> None:
    """Two versions side by side must mean the same lock."""
    from kontobro.store.engines.advisory import key_of

    assert key_of("export-conn-1") == NUMBER
    assert key_of("export-conn-1") != key_of("export-conn-2")


NUMBER = -3851899910310321907


# --------------------------------------------------------------------------------------------- migrations


def back_to(store: DjangoStore, migration: str) -> None:
    from django.core.management import call_command

    call_command("migrate", "kontobro", migration, database=store.alias, verbosity=0)


def test_an_older_store_learns_its_outcomes(any_store: DjangoStore) -> None:
    """0004 fills what it adds; the guards still exist after it."""
    from django.core.management import call_command

    from kontobro.store.read.overview import overview_of

    any_store.save_connection(connection())
    any_store.save_connection(connection(ELSEWHERE))
    bring(any_store, "reported")  # by way of `rejected`
    for name in ("posted", "uncertain", "planned"):
        plan(any_store, planned(Reference(name)))
    for name in ("posted", "uncertain"):
        any_store.move(HERE, [Move(reference=Reference(name), to=name)], NOW)
    back_to(any_store, "0003_master_data")
    call_command("migrate", "kontobro", database=any_store.alias, verbosity=0)
    found = {row.booking.reference: row.outcome for row in overview_of(any_store).bookings([HERE]).rows}
    assert found == {REF: "failed", "posted": "booked", "uncertain": "uncertain", "planned": None}
    with pytest.raises(Exception, match=re.escape("impossible move")):
        any_store.move(HERE, [Move(reference=Reference("planned"), to="verified")], NOW)


def test_who_waits_for_a_lock_holds_up_no_index(store: DjangoStore, admin: Any, postgres_url: str) -> None:
    """The worker's engine makes indexes concurrently, under a lock that another process waits for."""
    admin.execute("CREATE TABLE big (id integer)")
    with ThreadPoolExecutor(1) as pool, open_store(postgres_url, key=KEY) as other:

        def wait() -> bool:
            with other.lock("engine", wait=30):
                return True

        with store.lock("engine"):
            waiting = pool.submit(wait)
            while not admin.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone():
                assert not waiting.done()
            admin.execute("SET statement_timeout = '15s'")
            admin.execute("CREATE INDEX CONCURRENTLY big_id ON big (id)")
        assert waiting.result(timeout=30)
