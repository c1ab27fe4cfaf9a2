"""The contract of every store. Subclass `StoreContract` in a test file and give it a `store` fixture:

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self, tmp_path): ...

and what its home needs (`StoreCase`): `open_elsewhere`, and on PostgreSQL `PostgresCase`.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast

import pytest

from kontobro.core.errors import Busy, ImpossibleMove, Misconfigured
from kontobro.core.model.connection import AlreadyConnected, Tokens
from kontobro.core.model.history import Move
from kontobro.core.model.journal import Reference
from kontobro.core.model.settings import RowOverride, Settings
from kontobro.core.ports import Store
from kontobro.store.sql.store import SqlStore
from tests.support.store_contract.bindings import BindingsContract
from tests.support.store_contract.bookings import BookingsContract
from tests.support.store_contract.case import (
    DAY,
    ELSEWHERE,
    HERE,
    NOW,
    PATIENCE,
    PROBLEM,
    REF,
    bring,
    connection,
    job,
    plan,
    planned,
    states,
    steps,
    tables_of,
    tokens,
    wipe_history,
)
from tests.support.store_contract.erasure import ErasureContract


def claim_of(store: Store) -> tuple[str, object]:
    """How far the claim of the one job is, and since when."""
    (row,) = store.jobs(HERE)
    return row.status, row.claimed_at


class StoreContract(BindingsContract, BookingsContract, ErasureContract):
    """Every promise of `ports.Store`, with another process and a look behind the port where it needs one."""

    # ---------------------------------------------------------------------------------- connections

    def test_keeps_a_connection_whole(self, store: Store) -> None:
        settings = Settings(wallets={"DKK": "1010"}, rows=(RowOverride(type="MILEAGE", debit="employee"),))
        whole = connection(
            erp_options={"ledger": "main.beancount"}, scopes=frozenset({"b", "a"}), client_id="c", settings=settings
        )
        store.save_connection(whole)
        assert store.connection(HERE) == whole
        assert store.connection("nobody") is None

    def test_saving_again_replaces(self, store: Store) -> None:
        store.save_connection(connection(name="Before"))
        store.save_connection(connection(name="After"))
        store.save_connection(connection(ELSEWHERE))
        assert [(it.id, it.name) for it in store.connections()] == [(HERE, "After"), (ELSEWHERE, "Demo ApS")]

    def test_reconnect_keeps_the_settings(self, store: Store) -> None:
        store.save_connection(connection(settings=Settings(wallet="1010")))
        store.mark_reconnect(HERE, NOW)
        found = store.connection(HERE)
        assert found is not None
        assert (found.status, found.settings.wallet) == ("reconnect", "1010")

    @pytest.mark.parametrize("status", ["connected", "reconnect"])
    def test_the_database_refuses_a_second_set_of_books(self, store: Store, status: str) -> None:
        """Whatever a person or a race would do: a Pleo company's expenses go into one."""
        store.save_connection(connection(status=status))
        with pytest.raises(AlreadyConnected, match="one set of books"):
            store.save_connection(connection(ELSEWHERE, company_id="company-1"))
        store.save_connection(connection(ELSEWHERE, company_id="company-1", environment="staging"))
        store.save_connection(connection(status="disconnected"))
        store.save_connection(connection(ELSEWHERE, company_id="company-1"))
        assert [one.id for one in store.connections() if one.is_in_use] == [ELSEWHERE]

    def test_a_disconnected_connection_does_not_ask_for_a_login(self, store: Store) -> None:
        store.save_connection(connection(status="disconnected"))
        store.mark_reconnect(HERE, NOW)
        assert [it.status for it in store.connections()] == ["disconnected"]

    # -------------------------------------------------------------------------------------- secrets

    def test_keeps_tokens_whole(self, connected: Store) -> None:
        connected.save_tokens(connection(), tokens())
        assert connected.tokens(connection()) == tokens()
        connected.save_tokens(connection(), Tokens(access="at-2"))
        assert connected.tokens(connection()) == Tokens(access="at-2")
        assert connected.tokens(connection(ELSEWHERE)) is None

    def test_keeps_secrets_by_name(self, connected: Store) -> None:
        connected.save_secret(connection(), "password", "æøå 🔑")
        connected.save_secret(connection(), "api_key", "k")
        assert connected.secret(connection(), "password") == "æøå 🔑"
        assert connected.secret(connection(), "api_key") == "k"
        assert connected.secret(connection(), "other") is None
        assert connected.tokens(connection()) is None

    def test_a_secret_is_read_for_its_own_destination_alone(self, store: Store) -> None:
        """Whatever is stored of the connection: the destination is that of the connection which is asked for."""
        here = connection(erp="odoo", erp_options={"url": "https://odoo.example", "database": "books"})
        store.save_connection(here, tokens(), {"api_key": "k"})
        assert (store.tokens(here), store.secret(here, "api_key")) == (tokens(), "k")
        other_company = replace(here, erp_options={**here.erp_options, "company": "2"})
        assert store.secret(other_company, "api_key") == "k"
        for name, value in (("url", "https://evil.example"), ("database", "other"), ("user", "other")):
            moved = replace(here, erp_options={**here.erp_options, name: value})
            assert store.secret(moved, "api_key") is None
            store.save_connection(moved)
            assert store.secret(moved, "api_key") is None
            assert store.tokens(moved) == tokens()
        elsewhere = "https://evil.example"
        for moved in (
            replace(here, api_url=elsewhere),
            replace(here, auth_url=elsewhere),
            replace(here, client_id="x"),
        ):
            assert store.tokens(moved) is None

    def test_a_connection_and_its_secrets_are_stored_together(self, store: Store) -> None:
        there = connection(erp_options={"url": "https://new.example"})
        store.save_connection(connection(), tokens(), {"api_key": "old"})
        store.save_connection(there, secrets={"api_key": "new"})
        assert (store.secret(there, "api_key"), store.secret(connection(), "api_key")) == ("new", None)
        assert store.tokens(there) == tokens()

    def test_a_secret_of_no_connection_is_refused(self, store: Store) -> None:
        with pytest.raises(Misconfigured, match="no such connection"):
            store.save_tokens(connection("nobody"), Tokens(access="at"))

    def test_forgets_secrets_and_keeps_the_rest(self, connected: Store) -> None:
        connected.save_tokens(connection(), Tokens(access="at"))
        connected.save_secret(connection(), "password", "p")
        bring(connected, "posted")
        connected.forget_tokens(HERE)
        assert (connected.tokens(connection()), connected.secret(connection(), "password")) == (None, None)
        assert connected.connection(HERE) == connection()
        assert states(connected) == {REF: "posted"}

    def test_secrets_are_not_readable_on_disk(self, connected: Store) -> None:
        connected.save_tokens(connection(), tokens())
        connected.save_secret(connection(), "password", "secret-2")
        stored = self.stored_bytes(connected)
        assert HERE.encode() in stored
        assert b"secret-" not in stored

    def test_secrets_outlive_a_rotation_of_keys(self, connected: Store) -> None:
        connected.save_tokens(connection(), tokens())
        connected.save_secret(connection(ELSEWHERE), "password", "p")
        before, store = self.stored_bytes(connected), cast(SqlStore, connected)
        sealed = [row.sealed.encode() for row in self._secrets(connected)]
        assert store.rotate_keys() == len(sealed) == 2
        assert all(one in before and one not in self.stored_bytes(connected) for one in sealed)
        assert (connected.tokens(connection()), connected.secret(connection(ELSEWHERE), "password")) == (tokens(), "p")
        assert store.unreadable_secrets() == (2, 0)

    def _secrets(self, store: Store) -> Sequence[Any]:
        with tables_of(store).reading() as session:
            return session.select("SELECT * FROM kontobro_secret")

    def test_a_reader_never_sees_half_a_pair_of_tokens(self, connected: Store) -> None:
        connected.save_tokens(connection(), Tokens(access="0", refresh="0"))
        code = (
            f"from kontobro.core.model.connection import AlreadyConnected, Tokens\nhere = store.connection({HERE!r})\n"
        )
        code += "for n in range(60):\n store.save_tokens(here, Tokens(access=str(n), refresh=str(n)))"
        with self.process(connected, code) as writer:
            seen = [connected.tokens(connection())]
            while writer.poll() is None:
                seen.append(connected.tokens(connection()))
            assert writer.returncode == 0
        assert all(tokens and tokens.access == tokens.refresh for tokens in seen)

    # ----------------------------------------------------------------------------------------- jobs

    def test_remembers_a_job_from_begin_to_end(self, connected: Store) -> None:
        connected.begin_job(HERE, job(items=3), "run-1", NOW)
        (begun,) = connected.jobs(HERE)
        assert (begun.job_id, begun.status, begun.items, begun.finished_at) == ("job-1", "seen", 3, None)
        connected.end_job(HERE, "job-1", "failed", "service_unreachable", NOW + DAY)
        (ended,) = connected.jobs(HERE)
        assert (ended.status, ended.failure, ended.finished_at) == ("failed", "service_unreachable", NOW + DAY)

    def test_a_new_run_begins_the_job_anew(self, connected: Store) -> None:
        connected.begin_job(HERE, job(), "run-1", NOW)
        connected.end_job(HERE, "job-1", "failed", "job_expired", NOW)
        connected.begin_job(HERE, job(), "run-2", NOW + DAY)
        (row,) = connected.jobs(HERE)
        assert (row.started_at, row.finished_at, row.failure) == (NOW + DAY, None, None)
        assert (row.status, row.claimed_at) == ("seen", None)

    def test_a_look_at_a_job_is_no_claim(self, connected: Store) -> None:
        connected.begin_job(HERE, job(), "run-1", NOW)
        connected.begin_job(HERE, job(), "run-2", NOW + DAY)
        assert claim_of(connected) == ("seen", None)

    def test_a_claim_outlives_its_run_and_keeps_its_first_moment_until_it_is_ours(self, connected: Store) -> None:
        connected.begin_job(HERE, job(), "run-1", NOW)
        connected.claim_job(HERE, "job-1", "claiming", NOW)
        assert claim_of(connected) == ("claiming", NOW)
        connected.begin_job(HERE, job(), "run-2", NOW + DAY)
        connected.claim_job(HERE, "job-1", "claiming", NOW + DAY)
        assert claim_of(connected) == ("claiming", NOW)
        connected.claim_job(HERE, "job-1", "in_progress", NOW + DAY)
        connected.begin_job(HERE, job(), "run-3", NOW + 2 * DAY)
        assert claim_of(connected) == ("in_progress", NOW + DAY)
        connected.claim_job(HERE, "job-1", "in_progress", NOW + 2 * DAY)
        assert claim_of(connected) == ("in_progress", NOW + 2 * DAY), "of our last action"

    def test_a_job_that_ended_is_only_seen_again(self, connected: Store) -> None:
        connected.begin_job(HERE, job(), "run-1", NOW)
        connected.claim_job(HERE, "job-1", "in_progress", NOW)
        connected.end_job(HERE, "job-1", "completed", None, NOW)
        self.refused_by_the_database(connected, "UPDATE kontobro_job SET status = 'claiming', finished_at = NULL")
        self.refused_by_the_database(connected, "UPDATE kontobro_job SET status = 'in_progress', finished_at = NULL")
        connected.begin_job(HERE, job(), "run-2", NOW + DAY)
        assert claim_of(connected) == ("seen", None)

    def test_the_database_takes_no_claim_back(self, connected: Store) -> None:
        connected.begin_job(HERE, job(), "run-1", NOW)
        connected.claim_job(HERE, "job-1", "claiming", NOW)
        self.refused_by_the_database(connected, "UPDATE kontobro_job SET status = 'seen'")
        connected.claim_job(HERE, "job-1", "in_progress", NOW)
        with pytest.raises(ImpossibleMove, match="claim"):
            connected.claim_job(HERE, "job-1", "claiming", NOW)
        self.refused_by_the_database(connected, "UPDATE kontobro_job SET status = 'seen'")
        assert claim_of(connected) == ("in_progress", NOW)

    def refused_by_the_database(self, store: Store, sql: str) -> None:
        before = store.jobs(HERE)
        with pytest.raises(Exception, match="impossible move"):
            self.by_hand(store, sql)
        assert store.jobs(HERE) == before

    def test_a_job_that_was_not_begun_is_not_claimed(self, connected: Store) -> None:
        with pytest.raises(ImpossibleMove):
            connected.claim_job(HERE, "job-1", "claiming", NOW)

    def test_lists_the_newest_jobs_first(self, connected: Store) -> None:
        for n in range(3):
            connected.begin_job(HERE, job(f"job-{n}"), f"run-{n}", NOW + n * DAY)
        assert [row.job_id for row in connected.jobs(HERE, limit=2)] == ["job-2", "job-1"]
        assert connected.jobs(ELSEWHERE) == []

    # ------------------------------------------------------------------------------ purge and deletion

    def test_purge_deletes_payloads_and_names_and_keeps_the_rest(self, connected: Store) -> None:
        connected.begin_job(HERE, job(), "run-1", NOW)
        plan(connected, planned(payee="Anna Berg", raw=b'{"user": "Anna Berg"}'))
        notes = ("Anna Berg is not set up as a vendor.",)
        connected.move(HERE, [Move(reference=REF, to="rejected", erp_id="e", problems=(PROBLEM,), notes=notes)], NOW)
        connected.end_job(HERE, "job-1", "completed", None, NOW)
        assert connected.purge(HERE, NOW) == 0
        assert connected.purge(HERE, NOW + DAY) == 1
        (row,) = connected.bookings(HERE)
        assert (row.state, row.total, row.erp_id, row.payee, row.problems) == ("rejected", "100.50", "e", "", ())
        assert row.notes == ()
        assert connected.payload(HERE, REF) is None
        assert len(connected.events(HERE, REF)) == 2
        assert b"Anna" not in self.stored_bytes(connected)

    def test_purge_spares_younger_jobs_and_other_connections(self, connected: Store) -> None:
        for number, name in enumerate(("old", "young", "killed")):
            connected.begin_job(HERE, job(name), name, NOW + number * DAY)
            plan(connected, planned(Reference(f"{name}/pay"), raw=b"{}"), job_id=name, run=name)
        connected.end_job(HERE, "old", "completed", None, NOW)
        connected.end_job(HERE, "young", "completed", None, NOW + 3 * DAY)
        assert connected.purge(ELSEWHERE, NOW + 9 * DAY) == 0
        assert connected.purge(HERE, NOW + DAY) == 1
        assert connected.payload(HERE, Reference("young")) is not None
        assert connected.purge(HERE, NOW + 9 * DAY) == 2

    def test_works_on_without_its_history(self, connected: Store) -> None:
        connected.save_tokens(connection(), Tokens(access="at"))
        connected.begin_job(HERE, job(), "run-1", NOW)
        bring(connected, "reported")
        wipe_history(connected)
        assert (connected.bookings(HERE), connected.jobs(HERE), steps(connected)) == ([], [], [])
        assert connected.connection(HERE) == connection()
        assert connected.tokens(connection()) == Tokens(access="at")
        bring(connected, "reported")
        assert states(connected) == {REF: "reported"}

    # ----------------------------------------------------------------------- locks and other processes

    def test_a_lock_is_held_by_one(self, store: Store) -> None:
        twice = pytest.raises(Busy, match="export conn/1")
        with store.lock("export conn/1"), store.lock("another"), twice, store.lock("export conn/1"):
            pass
        with store.lock("export conn/1"):
            pass

    def test_a_lock_holds_between_threads_and_can_be_waited_for(self, store: Store) -> None:
        held, order = threading.Event(), list[str]()

        def hold() -> None:
            with store.lock("x"):
                held.set()
                threading.Event().wait(0.2)
                order.append("first")

        thread = threading.Thread(target=hold)
        thread.start()
        assert held.wait(PATIENCE)
        with store.lock("x", wait=PATIENCE):
            order.append("second")
        thread.join()
        assert order == ["first", "second"]

    def test_a_lock_is_released_by_a_fault(self, store: Store) -> None:
        with pytest.raises(ZeroDivisionError), store.lock("x"):
            raise ZeroDivisionError
        with store.lock("x"):
            pass

    def test_a_lock_dies_with_its_process(self, store: Store) -> None:
        with self.process(store, "with store.lock('x'):\n print('held', flush=True); input()") as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            with pytest.raises(Busy, match=f"process {holder.pid}"), store.lock("x"):
                pass
            holder.kill()
            holder.wait(PATIENCE)
            with store.lock("x", wait=PATIENCE):
                pass

    def test_of_two_processes_moving_one_booking_one_wins(self, connected: Store) -> None:
        plan(connected)
        code = "from kontobro.core.model.history import Move; from kontobro.core.errors import ImpossibleMove\n"
        code += "import datetime as dt; print('ready', flush=True); input()\n"
        code += f"try:\n store.move({HERE!r}, [Move(reference={REF!r}, to='booking')], dt.datetime.now(dt.UTC))\n"
        code += " print('moved')\nexcept ImpossibleMove:\n print('refused')"
        with self.process(connected, code) as one, self.process(connected, code) as two:
            for process in (one, two):
                assert process.stdout is not None
                assert process.stdout.readline() == b"ready\n"
            answers = [process.communicate(b"\n", PATIENCE)[0] for process in (one, two)]
        assert sorted(answers) == [b"moved\n", b"refused\n"]
        assert steps(connected) == [("", "planned"), ("planned", "booking")]

    def test_what_a_killed_process_had_written_stands(self, connected: Store) -> None:
        plan(connected)
        code = "from kontobro.core.model.history import Move; import datetime as dt, os, signal\n"
        code += f"store.move({HERE!r}, [Move(reference={REF!r}, to='booking')], dt.datetime.now(dt.UTC))\n"
        code += "os.kill(os.getpid(), signal.SIGKILL)"
        with self.process(connected, code) as killed:
            assert killed.wait(PATIENCE) == -signal.SIGKILL
        assert states(connected) == {REF: "booking"}
        assert set(plan(connected, run="run-2")) == {REF}

    def test_threads_write_side_by_side(self, connected: Store) -> None:
        def work(number: int) -> None:
            for step in range(5):
                plan(connected, planned(Reference(f"{number}-{step}")))

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(work, range(4))) == [None] * 4
        assert len(connected.bookings(HERE)) == 20


__all__ = ["StoreContract", "wipe_history"]
