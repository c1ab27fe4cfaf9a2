"""The contract of every store. Subclass `StoreContract` in a test file and give it a `store` fixture:

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self, tmp_path): ...

and what its kind of database needs: `open_elsewhere`, `by_hand`, `stored_bytes` and `wipe`, which look behind the
port. What is here for them serves a store of `kontobro.store` on SQLite.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from kontobro.core.connection import Connection, Tokens
from kontobro.core.errors import Busy, Misconfigured, Problem
from kontobro.core.export import ExportJob
from kontobro.core.history import BookingState, Move, Plan
from kontobro.core.journal import InvoiceKey, Reference
from kontobro.core.ports import ImpossibleMove, Store
from kontobro.core.settings import RowOverride, Settings
from kontobro.store.moves import STATES, is_allowed, route

NOW = dt.datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
HERE = "conn-1"
ELSEWHERE = "conn-2"
REF = Reference("0b5c0001-0000-4000-8000-000000000001")
OTHER = Reference("0b5c0002-0000-4000-8000-000000000002")
BILL = InvoiceKey("vendor-7", "2026-118", "EUR")
PROBLEM = Problem("no_account", "account", "Anna Berg", "There is no account.", "Choose one.", "account_unknown")
PAIRS = [(old, new) for old in STATES for new in STATES]
PATIENCE = 60
"""Seconds that a test waits for another process before it gives up."""


# ------------------------------------------------------------------------------------------------ making


def connection(connection_id: str = HERE, **other: Any) -> Connection:
    facts: dict[str, Any] = {
        "name": "Demo ApS",
        "environment": "sandbox",
        "api_url": "http://127.0.0.1:1",
        "auth_url": "http://127.0.0.1:2",
        "auth": "oauth",
        "company_id": "company-1",
        "company_name": "Demo ApS",
        "erp": "beancount",
    }
    return Connection(id=connection_id, **{**facts, **other})


def job(job_id: str = "job-1", items: int = 1) -> ExportJob:
    return ExportJob(
        id=job_id, company_id="company-1", status="pending", created_at=NOW, number_of_items=items, expires_in=3600
    )


def planned(reference: Reference = REF, **other: Any) -> Plan:
    facts: dict[str, Any] = {"kind": "journal", "item_type": "CARD_PURCHASE", "currency": "DKK", "total": "100.50"}
    return Plan(reference=reference, **{**facts, **other})


def plan(store: Store, *plans: Plan, run: str = "run-1", job_id: str = "job-1", now: dt.datetime = NOW) -> Any:
    return store.plan(HERE, job_id, run, plans or (planned(),), now)


def walk(store: Store, *states: BookingState, reference: Reference = REF, now: dt.datetime = NOW) -> None:
    """Move a booking through states, one transaction each."""
    for state in states:
        store.move(HERE, [Move(reference=reference, to=state)], now)


def bring(store: Store, state: BookingState) -> None:
    """A booking that has come to this state by allowed moves."""
    plan(store)
    walk(store, *route(state))


def states(store: Store) -> dict[Reference, BookingState]:
    return {row.reference: row.state for row in store.bookings(HERE)}


def steps(store: Store, reference: Reference = REF) -> list[tuple[str, str]]:
    return [(old, new) for _, old, new in store.events(HERE, reference)]


def wipe_history(store: Store) -> None:
    """Delete everything but connections and secrets: what a run must survive without booking twice (design §5)."""
    from kontobro.store import models
    from kontobro.store.django_store import DjangoStore

    alias = cast(DjangoStore, store).alias
    for table in (models.Event, models.Booking, models.Payload, models.Job):
        table.objects.using(alias).all().delete()


class StoreContract:
    """Every promise of `ports.Store`, with another process and a look behind the port where it needs one."""

    # ------------------------------------------------------------------- what a kind of store gives

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """An open, empty store, closed after the test."""
        raise NotImplementedError("give the contract a store")

    def open_elsewhere(self, store: Store) -> str:
        """Python that binds `store` to the same store in another process."""
        path = str(self.path(store))
        return f"import pathlib, kontobro.store; store = kontobro.store.open_store(pathlib.Path({path!r}))"

    def by_hand(self, store: Store, sql: str, *values: object) -> None:
        """Run one statement of SQL on the tables, as somebody with a database tool would."""
        from django.db import connections

        with connections[cast(Any, store).alias].cursor() as cursor:
            cursor.execute(sql, values)

    def stored_bytes(self, store: Store) -> bytes:
        """All that the database keeps on disk, without the key."""
        path = self.path(store)
        files = [file for file in path.parent.glob(f"{path.name}*") if file.suffix != ".key"]
        return b"".join(file.read_bytes() for file in files)

    def wipe(self, store: Store) -> None:
        wipe_history(store)

    def path(self, store: Store) -> Path:
        """The database's file."""
        from django.db import connections

        return Path(str(connections[cast(Any, store).alias].settings_dict["NAME"]))

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
        store.mark_reconnect(HERE)
        found = store.connection(HERE)
        assert found is not None
        assert (found.status, found.settings.wallet) == ("reconnect", "1010")

    def test_a_disconnected_connection_does_not_ask_for_a_login(self, store: Store) -> None:
        store.save_connection(connection(status="disconnected"))
        store.mark_reconnect(HERE)
        assert [it.status for it in store.connections()] == ["disconnected"]

    # -------------------------------------------------------------------------------------- secrets

    def test_keeps_tokens_whole(self, connected: Store) -> None:
        tokens = Tokens(access="at-1", refresh="rt-1", expires_at=NOW, client_secret="cs-1")
        connected.save_tokens(HERE, tokens)
        assert connected.tokens(HERE) == tokens
        connected.save_tokens(HERE, Tokens(access="at-2"))
        assert connected.tokens(HERE) == Tokens(access="at-2")
        assert connected.tokens(ELSEWHERE) is None

    def test_keeps_secrets_by_name(self, connected: Store) -> None:
        connected.save_secret(HERE, "password", "æøå 🔑")
        connected.save_secret(HERE, "api_key", "k")
        assert connected.secret(HERE, "password") == "æøå 🔑"
        assert connected.secret(HERE, "api_key") == "k"
        assert connected.secret(HERE, "other") is None
        assert connected.tokens(HERE) is None

    def test_a_secret_of_no_connection_is_refused(self, store: Store) -> None:
        with pytest.raises(Misconfigured, match="no such connection"):
            store.save_tokens("nobody", Tokens(access="at"))

    def test_forgets_secrets_and_keeps_the_rest(self, connected: Store) -> None:
        connected.save_tokens(HERE, Tokens(access="at"))
        connected.save_secret(HERE, "password", "p")
        bring(connected, "posted")
        connected.forget_tokens(HERE)
        assert (connected.tokens(HERE), connected.secret(HERE, "password")) == (None, None)
        assert connected.connection(HERE) == connection()
        assert states(connected) == {REF: "posted"}

    def test_secrets_are_not_readable_on_disk(self, connected: Store) -> None:
        connected.save_tokens(HERE, Tokens(access="at-secret", refresh="rt-secret", client_secret="cs-secret"))
        connected.save_secret(HERE, "password", "pw-secret")
        stored = self.stored_bytes(connected)
        assert HERE.encode() in stored
        assert b"-secret" not in stored

    def test_a_reader_never_sees_half_a_pair_of_tokens(self, connected: Store) -> None:
        connected.save_tokens(HERE, Tokens(access="0", refresh="0"))
        code = "from kontobro.core.connection import Tokens\nfor n in range(60):\n"
        code += f" store.save_tokens({HERE!r}, Tokens(access=str(n), refresh=str(n)))"
        with self.process(connected, code) as writer:
            seen = [connected.tokens(HERE)]
            while writer.poll() is None:
                seen.append(connected.tokens(HERE))
            assert writer.returncode == 0
        assert all(tokens and tokens.access == tokens.refresh for tokens in seen)

    # ----------------------------------------------------------------------------------------- jobs

    def test_remembers_a_job_from_begin_to_end(self, connected: Store) -> None:
        connected.begin_job(HERE, job(items=3), "run-1", NOW)
        (begun,) = connected.jobs(HERE)
        assert (begun.job_id, begun.status, begun.items, begun.finished_at) == ("job-1", "in_progress", 3, None)
        connected.end_job(HERE, "job-1", "failed", "service_unreachable", NOW + DAY)
        (ended,) = connected.jobs(HERE)
        assert (ended.status, ended.failure, ended.finished_at) == ("failed", "service_unreachable", NOW + DAY)

    def test_a_new_run_begins_the_job_anew(self, connected: Store) -> None:
        connected.begin_job(HERE, job(), "run-1", NOW)
        connected.end_job(HERE, "job-1", "failed", "job_expired", NOW)
        connected.begin_job(HERE, job(), "run-2", NOW + DAY)
        (row,) = connected.jobs(HERE)
        assert (row.started_at, row.finished_at, row.failure) == (NOW + DAY, None, None)

    def test_lists_the_newest_jobs_first(self, connected: Store) -> None:
        for n in range(3):
            connected.begin_job(HERE, job(f"job-{n}"), f"run-{n}", NOW + n * DAY)
        assert [row.job_id for row in connected.jobs(HERE, limit=2)] == ["job-2", "job-1"]
        assert connected.jobs(ELSEWHERE) == []

    # ----------------------------------------------------------------------------------------- plan

    def test_a_plan_is_kept_whole(self, connected: Store) -> None:
        whole = planned(kind="payment", payee="Anna", date="2026-02-28", fingerprint="f", pleo_url="u", settles=BILL)
        assert plan(connected, whole) == {}
        (row,) = connected.bookings(HERE)
        assert (row.reference, row.job_id, row.kind, row.state) == (REF, "job-1", "payment", "planned")
        assert (row.currency, row.total, row.date, row.payee) == ("DKK", "100.50", "2026-02-28", "Anna")
        assert (row.settles, row.fingerprint, row.pleo_url, row.updated_at) == (BILL, "f", "u", NOW)
        assert (row.erp_id, row.posting, row.receipts, row.settled, row.problems) == (None, None, 0, None, ())

    def test_planning_twice_in_a_run_changes_nothing(self, connected: Store) -> None:
        plan(connected)
        plan(connected, now=NOW + DAY)
        assert steps(connected) == [("", "planned")]

    def test_planning_what_moved_on_in_this_run_is_refused(self, connected: Store) -> None:
        bring(connected, "drafted")
        with pytest.raises(ImpossibleMove):
            plan(connected, planned(OTHER), planned(REF))
        assert states(connected) == {REF: "drafted"}

    @pytest.mark.parametrize("state", STATES)
    def test_another_run_begins_anew_from_any_state(self, connected: Store, state: BookingState) -> None:
        bring(connected, state)
        plan(connected, planned(total="7"), run="run-2", job_id="job-2", now=NOW + DAY)
        (row,) = connected.bookings(HERE)
        assert (row.state, row.job_id, row.total, row.updated_at) == ("planned", "job-2", "7", NOW + DAY)
        assert steps(connected)[-1] == (state, "planned")

    def test_beginning_anew_forgets_what_the_earlier_run_found(self, connected: Store) -> None:
        plan(connected)
        connected.move(HERE, [Move(reference=REF, to="rejected", erp_id="e", receipts=2, problems=(PROBLEM,))], NOW)
        plan(connected, run="run-2")
        (row,) = connected.bookings(HERE)
        assert (row.erp_id, row.receipts, row.problems) == (None, 0, ())

    # -------------------------------------------------------------------------------------- intents

    def test_a_write_under_way_when_a_run_ended_is_told_to_the_next(self, connected: Store) -> None:
        plan(connected, planned(REF), planned(OTHER))
        walk(connected, "booking", now=NOW + DAY)
        assert plan(connected, planned(REF), planned(OTHER), run="run-2", now=NOW + 2 * DAY) == {REF: NOW + DAY}

    def test_it_is_told_until_it_is_resolved(self, connected: Store) -> None:
        bring(connected, "booking")
        assert plan(connected, run="run-2") == {REF: NOW}
        walk(connected, "rejected", "reported")  # for a reason that says nothing of the write
        assert plan(connected, run="run-3") == {REF: NOW}
        walk(connected, "drafted")
        assert plan(connected, run="run-4") == {}

    def test_uncertain_counts_from_its_last_sign(self, connected: Store) -> None:
        bring(connected, "booking")
        walk(connected, "uncertain", now=NOW + DAY)
        assert plan(connected, run="run-2") == {REF: NOW + DAY}

    @pytest.mark.parametrize("end", ["drafted", "posted", "rejected"])
    def test_an_answer_resolves_it(self, connected: Store, end: BookingState) -> None:
        bring(connected, "booking")
        walk(connected, end)
        assert plan(connected, run="run-2") == {}

    # ----------------------------------------------------------------------------------------- moves

    @pytest.mark.parametrize(("old", "new"), [pair for pair in PAIRS if is_allowed(*pair)])
    def test_allowed_move(self, connected: Store, old: BookingState, new: BookingState) -> None:
        bring(connected, old)
        before = steps(connected)
        walk(connected, new)
        assert states(connected) == {REF: new}
        assert steps(connected) == before + ([(old, new)] if old != new else [])

    @pytest.mark.parametrize(("old", "new"), [pair for pair in PAIRS if not is_allowed(*pair)])
    def test_refused_move(self, connected: Store, old: BookingState, new: BookingState) -> None:
        bring(connected, old)
        before = steps(connected)
        with pytest.raises(ImpossibleMove, match=f"{REF}: {old} -> {new}"):
            walk(connected, new)
        assert states(connected) == {REF: old}
        assert steps(connected) == before

    def test_a_batch_moves_all_or_none(self, connected: Store) -> None:
        plan(connected, planned(REF), planned(OTHER))
        with pytest.raises(ImpossibleMove, match=OTHER):
            connected.move(HERE, [Move(reference=REF, to="booking"), Move(reference=OTHER, to="verified")], NOW)
        assert states(connected) == {REF: "planned", OTHER: "planned"}

    def test_moving_what_was_never_planned_is_refused(self, connected: Store) -> None:
        plan(connected)
        with pytest.raises(ImpossibleMove, match=OTHER):
            connected.move(HERE, [Move(reference=REF, to="booking"), Move(reference=OTHER, to="booking")], NOW)
        assert states(connected) == {REF: "planned"}

    def test_a_move_of_nothing_is_nothing(self, connected: Store) -> None:
        connected.move(HERE, [], NOW)
        assert plan(connected, run="run-1", now=NOW) == {}
        assert connected.plan(HERE, "job-1", "run-1", [], NOW) == {}

    def test_a_move_tells_facts_and_leaves_the_others(self, connected: Store) -> None:
        plan(connected)
        facts = Move(reference=REF, to="posted", erp_id="e", erp_url="u", posting="posted", receipts=2, settled=False)
        connected.move(HERE, [facts], NOW)
        connected.move(HERE, [Move(reference=REF, to="verified", problems=(PROBLEM,))], NOW + DAY)
        connected.move(HERE, [Move(reference=REF, to="verified", settled=True, problems=())], NOW + DAY)
        (row,) = connected.bookings(HERE)
        assert (row.erp_id, row.erp_url, row.posting, row.receipts) == ("e", "u", "posted", 2)
        assert (row.settled, row.problems, row.updated_at) == (True, (), NOW + DAY)

    def test_problems_are_kept_whole(self, connected: Store) -> None:
        plan(connected)
        connected.move(HERE, [Move(reference=REF, to="rejected", problems=(PROBLEM, PROBLEM))], NOW)
        assert [row.problems for row in connected.bookings(HERE)] == [(PROBLEM, PROBLEM)]

    def test_events_carry_their_instants(self, connected: Store) -> None:
        plan(connected)
        walk(connected, "booking", now=NOW + DAY)
        assert connected.events(HERE, REF) == [(NOW, "", "planned"), (NOW + DAY, "planned", "booking")]

    def test_connections_are_apart(self, connected: Store) -> None:
        plan(connected)
        with pytest.raises(ImpossibleMove):
            connected.move(ELSEWHERE, [Move(reference=REF, to="booking")], NOW)
        assert connected.events(ELSEWHERE, REF) == []
        assert connected.bookings(ELSEWHERE) == []

    # ------------------------------------------------------------------------ behind the store's back

    def test_the_database_writes_the_event_of_a_move_by_hand(self, connected: Store) -> None:
        plan(connected)
        self.by_hand(connected, "UPDATE kontobro_booking SET state = 'booking' WHERE reference = %s", REF)
        assert steps(connected) == [("", "planned"), ("planned", "booking")]

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE kontobro_booking SET state = 'reported'",
            "UPDATE kontobro_booking SET state = 'done'",
            "UPDATE kontobro_booking SET run = 'run-9'",
            "UPDATE kontobro_booking SET run = 'run-9', state = 'verified'",
            "UPDATE kontobro_booking SET reference = 'other'",
            "UPDATE kontobro_event SET to_state = 'verified'",
        ],
    )
    def test_the_database_refuses_by_hand(self, connected: Store, sql: str) -> None:
        bring(connected, "booking")
        with pytest.raises(Exception, match=r"impossible move|kontobro_known_state"):
            self.by_hand(connected, sql)
        assert states(connected) == {REF: "booking"}
        assert steps(connected) == [("", "planned"), ("planned", "booking")]

    # -------------------------------------------------------------------------------------- reading

    def test_lists_the_newest_bookings_first(self, connected: Store) -> None:
        plan(connected, planned(REF), now=NOW)
        plan(connected, planned(OTHER), job_id="job-2", now=NOW + DAY)
        assert [row.reference for row in connected.bookings(HERE)] == [OTHER, REF]
        assert [row.reference for row in connected.bookings(HERE, limit=1)] == [OTHER]
        assert [row.reference for row in connected.bookings(HERE, job_id="job-1")] == [REF]

    def test_finds_bookings_by_reference(self, connected: Store) -> None:
        many = [Reference(f"ref-{n}") for n in range(1200)]
        plan(connected, *map(planned, many))
        assert {row.reference for row in connected.bookings(HERE, references=many)} == set(many)
        assert [row.reference for row in connected.bookings(HERE, references=[many[7], OTHER])] == [many[7]]
        assert connected.bookings(HERE, references=[]) == []
        assert connected.bookings(HERE, references=many, job_id="job-2") == []

    def test_open_payments_stand_name_a_bill_and_are_not_settled(self, connected: Store) -> None:
        ways: dict[str, Sequence[BookingState]] = {
            "drafted": ["drafted"],
            "reported": ["posted", "verified", "reported"],
            "planned": [],
            "refused": ["rejected"],
            "reported refused": ["rejected", "reported"],
        }
        plan(connected, *(planned(Reference(name), kind="payment", settles=BILL) for name in ways), planned(OTHER))
        for number, (name, way) in enumerate(ways.items()):
            walk(connected, *way, reference=Reference(name), now=NOW + number * DAY)
        assert [row.reference for row in connected.open_payments(HERE)] == ["drafted", "reported"]
        connected.move(HERE, [Move(reference=Reference("reported"), to="reported", settled=True)], NOW)
        assert [row.reference for row in connected.open_payments(HERE)] == ["drafted"]

    def test_a_payload_serves_both_entries_of_an_item(self, connected: Store) -> None:
        raw = b'{"unknown": "\xc3\xa6", "amount": 1.10}'
        plan(connected, planned(REF, raw=raw), planned(Reference(f"{REF}/pay")), planned(OTHER))
        assert connected.payload(HERE, REF) == raw
        assert connected.payload(HERE, Reference(f"{REF}/pay")) == raw
        assert connected.payload(HERE, OTHER) is None
        assert connected.payload(ELSEWHERE, REF) is None

    # ------------------------------------------------------------------------------ purge and deletion

    def test_purge_deletes_payloads_and_names_and_keeps_the_rest(self, connected: Store) -> None:
        connected.begin_job(HERE, job(), "run-1", NOW)
        plan(connected, planned(payee="Anna Berg", raw=b'{"user": "Anna Berg"}'))
        connected.move(HERE, [Move(reference=REF, to="rejected", erp_id="e", problems=(PROBLEM,))], NOW)
        connected.end_job(HERE, "job-1", "completed", None, NOW)
        assert connected.purge(HERE, NOW) == 0
        assert connected.purge(HERE, NOW + DAY) == 1
        (row,) = connected.bookings(HERE)
        assert (row.state, row.total, row.erp_id, row.payee, row.problems) == ("rejected", "100.50", "e", "", ())
        assert connected.payload(HERE, REF) is None
        assert len(connected.events(HERE, REF)) == 2
        assert b"Anna" not in self.stored_bytes(connected)

    def test_purge_spares_younger_jobs_and_other_connections(self, connected: Store) -> None:
        for number, name in enumerate(("old", "young", "killed")):
            connected.begin_job(HERE, job(name), name, NOW + number * DAY)
            plan(connected, planned(Reference(name), raw=b"{}"), job_id=name, run=name)
        connected.end_job(HERE, "old", "completed", None, NOW)
        connected.end_job(HERE, "young", "completed", None, NOW + 3 * DAY)
        assert connected.purge(ELSEWHERE, NOW + 9 * DAY) == 0
        assert connected.purge(HERE, NOW + DAY) == 1
        assert connected.payload(HERE, Reference("young")) is not None
        assert connected.purge(HERE, NOW + 9 * DAY) == 2

    def test_works_on_without_its_history(self, connected: Store) -> None:
        connected.save_tokens(HERE, Tokens(access="at"))
        connected.begin_job(HERE, job(), "run-1", NOW)
        bring(connected, "reported")
        self.wipe(connected)
        assert (connected.bookings(HERE), connected.jobs(HERE), steps(connected)) == ([], [], [])
        assert connected.connection(HERE) == connection()
        assert connected.tokens(HERE) == Tokens(access="at")
        bring(connected, "reported")
        assert states(connected) == {REF: "reported"}

    # ----------------------------------------------------------------------- locks and other processes

    def test_a_lock_is_held_by_one(self, store: Store) -> None:
        with store.lock("export conn/1"), store.lock("another"):
            with pytest.raises(Busy, match="export conn/1"), store.lock("export conn/1"):
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
        code = "from kontobro.core.history import Move; from kontobro.core.ports import ImpossibleMove\n"
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

    def test_threads_write_side_by_side(self, connected: Store) -> None:
        faults: list[BaseException] = []

        def work(number: int) -> None:
            try:
                for step in range(5):
                    plan(connected, planned(Reference(f"{number}-{step}")))
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert len(connected.bookings(HERE)) == 20

    # ------------------------------------------------------------------------------------------ means

    @pytest.fixture
    def connected(self, store: Store) -> Store:
        """The store with two connections."""
        store.save_connection(connection())
        store.save_connection(connection(ELSEWHERE))
        return store

    @contextmanager
    def process(self, store: Store, code: str) -> Iterator[subprocess.Popen[bytes]]:
        """A real process in which `store` is the same store; ended with the block."""
        command = [sys.executable, "-c", f"{self.open_elsewhere(store)}\n{code}"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with process:
            try:
                yield process
            finally:
                process.kill()
