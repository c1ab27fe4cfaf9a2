"""The demo company's job, end to end: connected and set up through Tryton's screens, exported by Tryton's own cron."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from erp_lab.places import sql
from tests.addons.tryton.harness import TrytonHarness, a_harness
from tests.addons.tryton.installation import Person, Place, due, kill, wait_for

pytestmark = [pytest.mark.addon, pytest.mark.timeout(600)]

BOOKED, FAILED, RECEIPTS = 111, 10, 58
"""Of the demo's first job: as over Tryton's API."""


@pytest.fixture
def harness(admin: Person, bookkeeper: Person) -> Iterator[TrytonHarness]:
    with a_harness(admin, bookkeeper) as harness:
        harness.connect()
        harness.set_up()
        yield harness


def cron_until_done(place: Place, database: str, port: int, harness: TrytonHarness) -> dict[str, Any]:
    """Tryton's cron, again and again as its schedule would, until the job has ended."""
    for _ in range(5):
        due(port, database)
        place.cron_once(database)
        (job,) = harness.bookkeeper.rows("kontobro.job", "status", "items", "booked", "failed", "failure")
        if job["status"] != "in_progress":
            return job
    raise AssertionError(f"the job did not end: {harness.connection['last_fault']}")


def test_trytons_own_cron_exports_the_demo_companys_job(
    place: Place, database: str, port: int, harness: TrytonHarness
) -> None:
    job = cron_until_done(place, database, port, harness)
    assert (job["status"], job["items"], job["failed"]) == ("completed_with_errors", 110, FAILED)
    entry_counts = harness.entry_counts()
    assert (entry_counts["duplicates"], entry_counts["drafts"], entry_counts["entries"]) == (0, 0, BOOKED)
    assert harness.connection["last_fault"] == ""
    look_at_entries(harness)
    look_at_failures(harness, job)
    look_at_news(place, harness)
    leave(place, database, port, harness)


def look_at_news(place: Place, harness: TrytonHarness) -> None:
    """What of Pleo's answers is not as documented: in cron's log once, and told by the check."""
    news = "Expenses of the unknown type balance_amendment"
    assert (place.folder / "cron.log").read_text().count(f"pleo differs from its documents: {news}") == 1
    (shown,) = harness.bookkeeper.wizard("kontobro.check", on=("kontobro.connection", harness.connection["id"]))
    assert news in shown["view"]["defaults"]["text"]


def look_at_entries(harness: TrytonHarness) -> None:
    """From an expense to its entry, and from the entry to Pleo."""
    booked = [["outcome", "=", "booked"]]
    rows = harness.bookkeeper.rows("kontobro.booking", "document", "reference", "pleo_url", domain=booked)
    assert len(rows) == BOOKED
    for row in rows[:5]:
        model, number = row["document"].split(",")
        (entry,) = harness.bookkeeper.rows(model, "kontobro_expense", "kontobro_url", domain=[["id", "=", int(number)]])
        assert (entry["kontobro_expense"], entry["kontobro_url"]) == (row["reference"], row["pleo_url"] or None)


def look_at_failures(harness: TrytonHarness, job: dict[str, Any]) -> None:
    """Each failed expense says what to do, and can be checked again."""
    failed = harness.bookkeeper.rows("kontobro.booking", "problem_text", domain=[["outcome", "=", "failed"]])
    assert all("→" in row["problem_text"] for row in failed)
    (shown,) = harness.bookkeeper.wizard("kontobro.check_again", on=("kontobro.job", job["id"]))
    assert "→" in shown["view"]["defaults"]["text"]
    look_at_failures_in_danish(harness)


def look_at_failures_in_danish(harness: TrytonHarness) -> None:
    """What Pleo is told is English; who reads Danish is told in Danish."""
    failed, fields = [["outcome", "=", "failed"]], ["problem_text", "problems"]
    danish = list(harness.bookkeeper.api.rows("kontobro.booking", failed, fields, language="da"))
    assert len(danish) == FAILED
    for row in danish:
        assert json.loads(row["problems"])[0]["remedy"] not in row["problem_text"]
    told = "\n".join(row["problem_text"] for row in danish)
    assert "eksportér udgiften igen" in told
    assert "export it again" not in told


def leave(place: Place, database: str, port: int, harness: TrytonHarness) -> None:
    """Disconnected, the module taken out: the books are whole, and Tryton works on without it."""
    entries = sql(port, "select count(*), sum(debit), sum(credit) from account_move_line", database)
    harness.bookkeeper.api.write("model.kontobro.connection.disconnect", [harness.connection["id"]])
    assert harness.connection["status"] == "disconnected"
    assert sql(port, "select count(*) from kontobro_secret", database) == "0"
    sql(port, "update ir_module set state = 'not activated' where name = 'kontobro'", database)
    sql(port, "delete from ir_cron where method like 'kontobro.%'", database)
    place.admin(database, "-u", "account")
    assert sql(port, "select count(*), sum(debit), sum(credit) from account_move_line", database) == entries


@pytest.mark.kill
@pytest.mark.parametrize("states", [("booking",), ("attached", "posted"), ("reported",)], ids=lambda it: it[0])
def test_a_job_whose_cron_was_killed_is_finished_once(
    place: Place, database: str, port: int, harness: TrytonHarness, states: tuple[str, ...]
) -> None:
    wanted = ", ".join(f"'{state}'" for state in states)
    count = f"select count(*) from kontobro_booking where state in ({wanted})"
    due(port, database)
    cron = place.cron(database, "--once")
    try:
        wait_for(lambda: sql(port, count, database) != "0", f"a booking in {wanted}")
    finally:
        kill(cron)
    (job,) = harness.bookkeeper.rows("kontobro.job", "status")
    assert job["status"] == "in_progress"
    ended = cron_until_done(place, database, port, harness)
    entry_counts = harness.entry_counts()
    assert (ended["status"], ended["failed"]) == ("completed_with_errors", FAILED)
    assert (entry_counts["entries"], entry_counts["duplicates"], entry_counts["drafts"]) == (BOOKED, 0, 0)
    assert entry_counts["receipts"] == RECEIPTS
