"""Who may do what, whatever a caller puts into the context: by screens, wizards, buttons and bare calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from erp_lab.places import sql
from kontobro.core.errors import NotAllowed
from kontobro.erp.kit.http import Refused
from tests.addons.tryton.harness import TrytonHarness, a_harness
from tests.addons.tryton.installation import ModuleServer, Person, give_groups
from tests.addons.tryton.test_screens import move_elsewhere

pytestmark = [pytest.mark.addon, pytest.mark.timeout(600)]

REFUSED = (Refused, NotAllowed)
NO_ACTION = 999_999
SEEN = ("connection", "job", "booking", "event", "sync")
HIDDEN = ("secret", "payload", "binding", "setup")
WIZARDS = ("connect", "settings", "synchronize", "check", "check_again")
A_JOB = """insert into kontobro_job (connection_id, job_id, run, status, items, started_at, finished_at)
select id, 'a-job', 'a-run', 'failed', 0, now() at time zone 'utc', now() at time zone 'utc' from kontobro_connection"""


@pytest.fixture
def harness(admin: Person, bookkeeper: Person) -> Iterator[TrytonHarness]:
    with a_harness(admin, bookkeeper) as harness:
        harness.connect()
        yield harness


def test_nobody_reaches_further_than_the_groups_and_the_company(
    harness: TrytonHarness, server: ModuleServer, database: str, port: int
) -> None:
    """One company for all of it: a Tryton takes long to start."""
    sql(port, A_JOB, database)
    (job,) = harness.bookkeeper.rows("kontobro.job", "status")
    records = {"kontobro.connection": harness.connection["id"], "kontobro.job": job["id"]}
    refuse_no_one(Person(server.url, database, "stranger"), records)
    refuse_who_only_looks(Person(server.url, database, "accountant"), records)
    refuse_writing(harness.bookkeeper, records)
    move_elsewhere(harness.admin)
    give_groups(harness.admin, {"stranger": ["Pleo Administration"]})
    refuse_another_companys(Person(server.url, database, "stranger"), records)
    assert harness.connection["status"] == "connected"
    assert sql(port, "select count(*) from kontobro_job", database) == "1"


def refuse_no_one(nobody: Person, records: dict[str, int]) -> None:
    """Without a group; also with an action that is none, for which Tryton finds no groups to ask for."""
    for name in WIZARDS:
        for context in ({}, {"action_id": NO_ACTION}):
            refuse_wizard(nobody, name, **context)
    for name in (*SEEN, *HIDDEN):
        with pytest.raises(REFUSED):
            nobody.rows(f"kontobro.{name}", "id")
    for button in ("export_now", "disconnect"):
        with pytest.raises(REFUSED):
            nobody.api.write(f"model.kontobro.connection.{button}", [records["kontobro.connection"]])


def refuse_who_only_looks(user: Person, records: dict[str, int]) -> None:
    on = active("kontobro.connection", records)
    for name in ("connect", "settings", "synchronize"):
        for context in ({}, {"action_id": NO_ACTION}):
            refuse_wizard(user, name, **context, **({} if name == "connect" else on))
    with pytest.raises(REFUSED):
        user.api.write("model.kontobro.connection.disconnect", [records["kontobro.connection"]])


def refuse_writing(manager: Person, records: dict[str, int]) -> None:
    """The store alone writes; secrets and contents are no one's to read."""
    for name in HIDDEN:
        with pytest.raises(REFUSED):
            manager.rows(f"kontobro.{name}", "id")
    for model, id in records.items():
        for verb, more in (("write", [{"run": "mine"}]), ("delete", []), ("copy", [])):
            with pytest.raises(REFUSED):
                manager.api.write(f"model.{model}.{verb}", [id], *more)
    with pytest.raises(REFUSED):
        manager.api.write("model.kontobro.connection.run_due")


def refuse_another_companys(stranger: Person, records: dict[str, int]) -> None:
    """A manager elsewhere, whose calls name this company in their context (`Person`)."""
    for name in SEEN:
        assert stranger.rows(f"kontobro.{name}", "id") == []
    for name in ("settings", "synchronize", "check"):
        for on in ({}, active("kontobro.connection", records)):
            refuse_steps(stranger, name, on)
    for on in ({}, active("kontobro.job", records), active("kontobro.connection", records)):
        refuse_steps(stranger, "check_again", on)
    for button in ("export_now", "disconnect"):
        with pytest.raises(REFUSED):
            stranger.api.write(f"model.kontobro.connection.{button}", [records["kontobro.connection"]])


def active(model: str, records: dict[str, int]) -> dict[str, Any]:
    return {"active_model": model, "active_id": records[model], "active_ids": [records[model]]}


def refuse_wizard(person: Person, name: str, **context: Any) -> None:
    """Its first call already."""
    with pytest.raises(REFUSED):
        person.api.write(f"wizard.kontobro.{name}.create", **context)


STEPS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "settings": [("start", {}), ("save", {})],
    "synchronize": [("plan", {"start": {"kind": "accounts"}}), ("apply", {"start": {"kind": "accounts"}})],
    "check": [("start", {})],
    "check_again": [("start", {})],
}


def refuse_steps(person: Person, name: str, on: dict[str, Any]) -> None:
    """The wizard opens on nothing, if at all; each of its steps then is refused in words, not by a broken call."""
    try:
        number, *_ = person.api.write(f"wizard.kontobro.{name}.create", **on)
    except REFUSED:
        assert on
        return
    for state, forms in STEPS[name]:
        with pytest.raises(REFUSED, match="Choose one"):
            person.api.write(f"wizard.kontobro.{name}.execute", number, forms, state, **on)
