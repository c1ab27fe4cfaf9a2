"""What a job asks after its work does not grow with what was booked before: each database takes the index for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kontobro.store.sql.erasure import DUE, PURGE_NAMES, PURGE_PAYLOADS
from kontobro.store.sql.history import OPEN_PAYMENTS
from tests.support.big_store import CONNECTIONS, END, fill

if TYPE_CHECKING:
    from kontobro.store import DjangoStore

HERE = CONNECTIONS[0]
ASKED: dict[str, tuple[str, tuple[Any, ...], str]] = {
    "which jobs are due": (DUE, (HERE, END), "kontobro_unpurged_jobs"),
    "their names": (PURGE_NAMES, (HERE, ["job-1"]), "kontobro_bookings_of_job"),
    "their contents": (PURGE_PAYLOADS, (HERE, HERE, ["job-1"]), "kontobro_bookings_of_job"),
    "open payments": (OPEN_PAYMENTS, (HERE,), "kontobro_open_payments"),
}


def plan_of(store: DjangoStore, statement: str, values: tuple[Any, ...]) -> str:
    """How the database would do it in a large table: PostgreSQL reads a small one whole."""
    sqlite = store.place.name.endswith("sqlite")
    explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
    with store.tables.reading() as session:
        if not sqlite:
            session.run("SET enable_seqscan = off")
        session.run(f"{explain} {statement}", values)
        return "\n".join(str(row) for row in session.cursor.fetchall())


@pytest.mark.parametrize("asked", ASKED)
def test_it_takes_the_index(any_store: DjangoStore, asked: str) -> None:
    fill(any_store, owners=2, bookings=4_000)
    for job in any_store.jobs(HERE, 1_000):
        any_store.end_job(HERE, job.job_id, "completed", None, END)
    any_store.purge(HERE, END)
    statement, values, index = ASKED[asked]
    assert index in plan_of(any_store, statement, values)
