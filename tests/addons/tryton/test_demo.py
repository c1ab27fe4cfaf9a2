"""The demo company's job, end to end: connected and set up through Tryton's screens, exported by Tryton's own cron."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from erp_lab.places import sql
from tests.addons.tryton.house import Person, Place, due, kill, wait_for
from tests.addons.tryton.office import Office, an_office

pytestmark = [pytest.mark.addon, pytest.mark.timeout(600)]

BOOKED, FAILED, RECEIPTS = 111, 10, 58
"""Of the demo's first job: as over Tryton's API."""


@pytest.fixture
def office(admin: Person, bookkeeper: Person) -> Iterator[Office]:
    with an_office(admin, bookkeeper) as office:
        office.connect()
        office.set_up()
        yield office


def cron_until_done(place: Place, database: str, port: int, office: Office) -> dict[str, Any]:
    """Tryton's cron, again and again as its schedule would, until the job has ended."""
    for _ in range(5):
        due(port, database)
        place.cron_once(database)
        (job,) = office.bookkeeper.rows("kontobro.job", "status", "items", "booked", "failed", "failure")
        if job["status"] != "in_progress":
            return job
    raise AssertionError(f"the job did not end: {office.connection['last_fault']}")


def test_trytons_own_cron_exports_the_demo_companys_job(place: Place, database: str, port: int, office: Office) -> None:
    job = cron_until_done(place, database, port, office)
    assert (job["status"], job["items"], job["failed"]) == ("completed_with_errors", 110, FAILED)
    standing = office.standing()
    assert (standing["duplicates"], standing["drafts"], standing["entries"]) == (0, 0, BOOKED)
    assert office.connection["last_fault"] == ""
    look_at_entries(office)
    look_at_failures(office, job)
    leave(place, database, port, office)


def look_at_entries(office: Office) -> None:
    """From an expense to its entry, and from the entry to Pleo."""
    booked = [["outcome", "=", "booked"]]
    rows = office.bookkeeper.rows("kontobro.booking", "document", "reference", "pleo_url", domain=booked)
    assert len(rows) == BOOKED
    for row in rows[:5]:
        model, number = row["document"].split(",")
        (entry,) = office.bookkeeper.rows(model, "kontobro_expense", "kontobro_url", domain=[["id", "=", int(number)]])
        assert (entry["kontobro_expense"], entry["kontobro_url"]) == (row["reference"], row["pleo_url"] or None)


def look_at_failures(office: Office, job: dict[str, Any]) -> None:
    """Each failed expense says what to do, and can be checked again."""
    failed = office.bookkeeper.rows("kontobro.booking", "problem_text", domain=[["outcome", "=", "failed"]])
    assert all("→" in row["problem_text"] for row in failed)
    (shown,) = office.bookkeeper.wizard("kontobro.check_again", on=("kontobro.job", job["id"]))
    assert "→" in shown["view"]["defaults"]["text"]
    look_at_failures_in_danish(office)


def look_at_failures_in_danish(office: Office) -> None:
    """What Pleo is told is English; who reads Danish is told in Danish."""
    failed, fields = [["outcome", "=", "failed"]], ["problem_text", "problems"]
    danish = list(office.bookkeeper.api.rows("kontobro.booking", failed, fields, language="da"))
    assert len(danish) == FAILED
    for row in danish:
        assert json.loads(row["problems"])[0]["remedy"] not in row["problem_text"]
    told = "\n".join(row["problem_text"] for row in danish)
    assert "eksportér udgiften igen" in told
    assert "export it again" not in told


def leave(place: Place, database: str, port: int, office: Office) -> None:
    """Disconnected, the module taken out: the books are whole, and Tryton works on without it."""
    entries = sql(port, "select count(*), sum(debit), sum(credit) from account_move_line", database)
    office.bookkeeper.api.write("model.kontobro.connection.disconnect", [office.connection["id"]])
    assert office.connection["status"] == "disconnected"
    assert sql(port, "select count(*) from kontobro_secret", database) == "0"
    sql(port, "update ir_module set state = 'not activated' where name = 'kontobro'", database)
    sql(port, "delete from ir_cron where method like 'kontobro.%'", database)
    place.admin(database, "-u", "account")
    assert sql(port, "select count(*), sum(debit), sum(credit) from account_move_line", database) == entries


@pytest.mark.kill
@pytest.mark.parametrize("states", [("booking",), ("attached", "posted"), ("reported",)], ids=lambda it: it[0])
def test_a_job_whose_cron_was_killed_is_finished_once(
    place: Place, database: str, port: int, office: Office, states: tuple[str, ...]
) -> None:
    wanted = ", ".join(f"'{state}'" for state in states)
    count = f"select count(*) from kontobro_booking where state in ({wanted})"
    due(port, database)
    cron = place.cron(database, "--once")
    try:
        wait_for(lambda: sql(port, count, database) != "0", f"a booking in {wanted}")
    finally:
        kill(cron)
    (job,) = office.bookkeeper.rows("kontobro.job", "status")
    assert job["status"] == "in_progress"
    ended = cron_until_done(place, database, port, office)
    standing = office.standing()
    assert (ended["status"], ended["failed"]) == ("completed_with_errors", FAILED)
    assert (standing["entries"], standing["duplicates"], standing["drafts"]) == (BOOKED, 0, 0)
    assert standing["receipts"] == RECEIPTS
