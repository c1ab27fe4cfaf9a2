"""What Tryton's own cron does besides exporting: master data in sync, and one company's Pleo is no other's trouble."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from erp_lab.places import sql
from pleo_sandbox.server import demo_sandbox
from tests.addons.tryton.harness import TrytonHarness, a_harness
from tests.addons.tryton.installation import Person, Place, due, kill, wait_for
from tests.addons.tryton.test_demo import BOOKED
from tests.addons.tryton.test_screens import move_elsewhere

pytestmark = [pytest.mark.addon, pytest.mark.timeout(900)]

AXIS = "analytic_account.account"


@pytest.fixture
def harness(admin: Person, bookkeeper: Person) -> Iterator[TrytonHarness]:
    """Nothing to export: only master data is to be kept in sync."""
    with a_harness(admin, bookkeeper, demo_sandbox()) as harness:
        harness.connect(level="2")
        yield harness


def test_cron_keeps_in_step_what_a_person_approved_once(
    place: Place, database: str, port: int, harness: TrytonHarness
) -> None:
    root = harness.admin.id_of(AXIS, "PROJECT")
    lines = [{"group": "PROJ", "root": root, "send": True}]
    harness.set_up(dimensions=lines, sync_accounts=True, sync_dimensions_=True)
    approve_dimensions(harness)
    sent = tags(harness)
    accounts = len(list(harness.sandbox.accounts.of(harness.sandbox.company_id)))
    project = {"code": "NEW-9", "name": "Harbour", "type": "normal", "root": root, "parent": root, "company": 1}
    harness.admin.api.write(f"model.{AXIS}.create", [project])
    sync_by_cron(place, port, database)
    assert tags(harness) == {**sent, "NEW-9": "Harbour"}
    assert harness.connection["last_fault"] == ""
    # The first plan of another kind waits for a person, whatever its size.
    assert len(list(harness.sandbox.accounts.of(harness.sandbox.company_id))) == accounts
    assert {row["kind"] for row in harness.bookkeeper.rows("kontobro.sync", "kind")} == {"tag_groups", "tags"}
    refuse_too_much(place, port, database, harness, lines)


def refuse_too_much(
    place: Place, port: int, database: str, harness: TrytonHarness, lines: list[dict[str, object]]
) -> None:
    """A plan beyond the limits waits, is told on the connection, and is done when a person says yes to it."""
    harness.set_up(dimensions=lines, sync_dimensions_=True, sync_max_percent=0, sync_floor=0)
    harness.admin.api.write(f"model.{AXIS}.write", [harness.admin.id_of(AXIS, "NEW-9")], {"name": "Harbour, east side"})
    before = tags(harness)
    sync_by_cron(place, port, database)
    assert tags(harness) == before
    assert "Look at the plan and apply it" in harness.connection["last_fault"]
    assert harness.bookkeeper.rows("kontobro.sync", "outcome", domain=[["outcome", "=", "waiting"]])
    approve_dimensions(harness)
    assert tags(harness) == {**before, "NEW-9": "Harbour, east side"}
    sync_by_cron(place, port, database)
    assert harness.connection["last_fault"] == ""


def approve_dimensions(harness: TrytonHarness) -> None:
    on, start = ("kontobro.connection", harness.connection["id"]), {"start": {"kind": "dimensions"}}
    *_, shown = harness.bookkeeper.wizard("kontobro.synchronize", ("plan", start), on=on)
    yes = {**start, "plan": shown["view"]["defaults"]}
    *_, done = harness.bookkeeper.wizard("kontobro.synchronize", ("apply", yes), on=on)
    assert "in sync" in done["view"]["defaults"]["text"]


def tags(harness: TrytonHarness) -> dict[str, str]:
    """What Pleo has: names of the tags by code."""
    found = harness.sandbox.tags.tags.of(harness.sandbox.company_id)
    return {tag.facts["code"]: tag.facts["name"] for tag in found}


def sync_by_cron(place: Place, port: int, database: str) -> None:
    """Cron comes by when the syncs are due."""
    sql(port, "update kontobro_sync set at = at - interval '2 days'", database)
    due(port, database)
    place.cron_once(database)


def test_a_pleo_that_never_answers_holds_up_nobody_else(
    place: Place, database: str, port: int, admin: Person, bookkeeper: Person
) -> None:
    """Two companies in one database. The first one's Pleo accepts calls and is silent for ever."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent, a_harness(admin, bookkeeper) as harness:
        harness.connect(**another_company(harness))
        let_hang(port, database, harness, f"http://127.0.0.1:{silent.getsockname()[1]}")
        harness.connect()
        harness.set_up()
        sql(port, "update ir_cron set next_call = null", database)
        cron = place.cron(database, "--once")
        try:
            wait_for(lambda: all_tasks_done(port, database), "the end of cron's tasks")
            assert is_hanging(port, database)
            wait_for(lambda: sql(port, "select count(*) from kontobro_job", database) == "1", "the other one's job")
            assert is_hanging(port, database)
            ended = "select status from kontobro_job"
            wait_for(lambda: sql(port, ended, database) == "completed_with_errors", "the job's end", 400)
            assert cron.wait(240) == 0
        finally:
            if cron.poll() is None:
                kill(cron)
    assert harness.entry_counts()["duplicates"] == 0
    faults = sql(port, "select company, last_fault from kontobro_connection order by id", database).splitlines()
    assert [fault.endswith("|") for fault in faults] == [False, True]
    assert "did not answer in time" in faults[0]


def let_hang(port: int, database: str, harness: TrytonHarness, hanging: str) -> None:
    """The only connection goes to another Pleo, as if it had been made there: its secret was given for that one."""
    elsewhere = f"api_url = '{hanging}', auth_url = '{hanging}', pleo_company = 'another', name = 'Another ApS'"
    sql(port, f"update kontobro_connection set {elsewhere}", database)
    given = f"destination = replace(destination, '{harness.url}', '{hanging}') where destination like '%{harness.url}%'"
    assert sql(port, f"update kontobro_secret set {given} returning name", database).splitlines() == ["pleo.tokens"]


def all_tasks_done(port: int, database: str) -> bool:
    return sql(port, "select count(*) from ir_cron where active and next_call is null", database) == "0"


def is_hanging(port: int, database: str) -> bool:
    """The first connection's work has not come to its end."""
    return sql(port, "select last_run is null from kontobro_connection order by id limit 1", database) == "t"


def another_company(harness: TrytonHarness) -> dict[str, object]:
    """A second company, in which the same people work."""
    company = move_elsewhere(harness.admin)
    users = [
        row["id"] for row in harness.admin.rows("res.user", "login") if row["login"] in ("accountant", "bookkeeper")
    ]
    harness.admin.api.write("model.res.user.write", users, {"companies": [["add", [company]]]})
    return {"company": company}


def test_several_crons_at_once_work_once_on_each_connection(
    place: Place, database: str, port: int, admin: Person, bookkeeper: Person
) -> None:
    """One company's Pleo hangs, the other's job is under way, and three more processes of cron come by."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent, a_harness(admin, bookkeeper) as harness:
        harness.connect(**another_company(harness))
        let_hang(port, database, harness, f"http://127.0.0.1:{silent.getsockname()[1]}")
        harness.connect()
        harness.set_up()
        due(port, database)
        crons = [place.cron(database, "--once")]
        try:
            wait_for(lambda: sql(port, "select count(*) > 0 from kontobro_booking", database) == "t", "a booking")
            for _ in range(3):
                due(port, database)
                crons.append(place.cron(database, "--once"))
            assert [cron.wait(240) for cron in crons[1:]] == [0, 0, 0]
            assert workers(port, database) == "1"
            assert crons[0].wait(400) == 0
        finally:
            for cron in crons:
                if cron.poll() is None:
                    kill(cron)
    assert sql(port, "select status from kontobro_job", database) == "completed_with_errors"
    entry_counts = harness.entry_counts()
    assert (entry_counts["duplicates"], entry_counts["drafts"], entry_counts["entries"]) == (0, 0, BOOKED)
    assert workers(port, database) == "0"


def workers(port: int, database: str) -> str:
    """How many processes are at work: each names itself where it holds a lock."""
    locked = "pid in (select pid from pg_locks where locktype = 'advisory' and granted)"
    ours = f"datname = '{database}' and application_name like 'kontobro process%'"
    return sql(
        port, f"select count(distinct application_name) from pg_stat_activity where {locked} and {ours}", database
    )
