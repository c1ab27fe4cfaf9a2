"""Of every store: pages of a period, and what is deleted on a person's word is gone, of that one alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from kontobro.core.errors import Misconfigured
from kontobro.core.model.history import Move
from kontobro.core.model.journal import Reference
from kontobro.core.ports import Store
from tests.support.store_contract.case import (
    DAY,
    ELSEWHERE,
    HERE,
    NOW,
    OTHER,
    PROBLEM,
    REF,
    StoreCase,
    connection,
    job,
    plan,
    planned,
    tokens,
)

PAY = Reference(f"{REF}/pay")
THIRD = Reference("0b5c0003-0000-4000-8000-000000000003")


def listed(store: Store, first: dt.date | None = None, last: dt.date | None = None, limit: int = 2) -> list[str]:
    """All references of a period, by pages of two."""
    found: list[str] = []
    after = None
    while rows := store.bookings_page(HERE, first=first, last=last, after=after, limit=limit):
        assert len(rows) <= limit
        found += [row.reference for row in rows]
        after = rows[-1].reference
    return found


class ErasureContract(StoreCase):
    """Pages, one employee's entries, one company."""

    def test_pages_show_each_booking_once(self, connected: Store) -> None:
        every = [Reference(f"0b5c{n:04}-0000-4000-8000-000000000000") for n in range(7)]
        plan(connected, *(planned(reference, date="2026-10-05") for reference in every))
        connected.plan(ELSEWHERE, "job-9", "run-9", [planned(date="2026-10-05")], NOW)
        assert listed(connected) == every

    def test_a_period_takes_its_days_and_what_has_none(self, connected: Store) -> None:
        days = {REF: "2026-09-30", OTHER: "2026-10-01", PAY: "2026-10-31", THIRD: ""}
        plan(connected, *(planned(reference, date=day) for reference, day in days.items()))
        october = listed(connected, dt.date(2026, 10, 1), dt.date(2026, 10, 31))
        assert set(october) == {OTHER, PAY, THIRD}
        assert set(listed(connected, last=dt.date(2026, 9, 30))) == {REF, THIRD}
        assert set(listed(connected, first=dt.date(2026, 10, 2))) == {PAY, THIRD}

    def test_payloads_come_together_by_entry(self, connected: Store) -> None:
        plan(connected, planned(raw=b"one"), planned(PAY), planned(OTHER, raw=b"two"))
        assert connected.payloads(HERE, [PAY, OTHER, THIRD]) == {REF: b"one", OTHER: b"two"}
        assert connected.payloads(ELSEWHERE, [REF]) == {}
        assert connected.payloads(HERE, []) == {}

    def test_what_the_books_are_compared_with_outlives_the_content(self, connected: Store) -> None:
        plan(connected, planned(raw=b"one", account="1081", role="wallet", amount="-100.50"), planned(OTHER))
        connected.forget_entries(HERE, [REF])
        connected.purge(HERE, NOW + DAY)
        rows = {row.reference: (row.account, row.role, row.amount) for row in connected.bookings(HERE)}
        assert rows == {REF: ("1081", "wallet", "-100.50"), OTHER: (None, None, None)}

    def test_forgotten_entries_lose_content_and_names_and_nothing_else(self, connected: Store) -> None:
        named: dict[str, Any] = {"payee": "Anna Berg", "raw": b'{"user": "Anna Berg"}'}
        plan(connected, planned(**named), planned(PAY, payee="Anna Berg"), planned(OTHER, **named))
        notes = ("Anna Berg is not set up as a vendor.",)
        connected.move(HERE, [Move(reference=REF, to="rejected", problems=(PROBLEM,), notes=notes)], NOW)
        connected.plan(ELSEWHERE, "job-1", "run-1", [planned(**named)], NOW)
        assert connected.forget_entries(HERE, [REF]) == 2
        rows = {row.reference: row for row in connected.bookings(HERE)}
        assert (rows[REF].payee, rows[REF].problems, rows[REF].notes, rows[PAY].payee) == ("", (), (), "")
        assert (rows[REF].state, rows[REF].total) == ("rejected", "100.50")
        assert rows[OTHER].payee == "Anna Berg"
        assert connected.payload(HERE, REF) is None
        assert connected.payload(HERE, OTHER) is not None
        assert connected.payload(ELSEWHERE, REF) is not None
        assert connected.forget_entries(HERE, []) == 0

    def named_job(self, store: Store, name: str, now: dt.datetime, *references: Reference) -> None:
        """A job with a name in each booking; it ends at once."""
        store.begin_job(HERE, job(name), f"run of {name}", now)
        plans = [planned(one, payee="Anna Berg", raw=b'{"user": "Anna Berg"}') for one in references]
        plan(store, *plans, job_id=name, run=f"run of {name}", now=now)
        store.end_job(HERE, name, "completed", None, now)

    def payees(self, store: Store) -> dict[str, str]:
        return {row.reference: row.payee for row in store.bookings(HERE)}

    def test_an_expense_exported_again_is_kept_as_long_as_its_last_job(self, connected: Store) -> None:
        self.named_job(connected, "old", NOW, REF, OTHER)
        assert connected.purge(HERE, NOW + DAY) == 2
        self.named_job(connected, "new", NOW + 9 * DAY, REF)
        assert connected.purge(HERE, NOW + 2 * DAY) == 0
        assert self.payees(connected) == {REF: "Anna Berg", OTHER: ""}
        assert connected.purge(HERE, NOW + 10 * DAY) == 1
        assert self.payees(connected) == {REF: "", OTHER: ""}
        assert connected.payload(HERE, REF) is None

    def test_names_that_come_into_a_purged_job_are_purged(self, connected: Store) -> None:
        """By another run of it, whether its row is begun again or not, and by a move."""
        self.named_job(connected, "job", NOW, REF)
        assert connected.purge(HERE, NOW + DAY) == 1
        self.named_job(connected, "job", NOW, REF, OTHER)
        assert connected.purge(HERE, NOW + DAY) == 2
        plan(connected, planned(THIRD, payee="Anna Berg", raw=b"{}"), job_id="job", run="run of job")
        assert connected.purge(HERE, NOW + DAY) == 1
        notes = ("Anna Berg is not set up as a vendor.",)
        connected.move(HERE, [Move(reference=REF, to="rejected", problems=(PROBLEM,))], NOW)
        connected.move(HERE, [Move(reference=OTHER, to="posted", notes=notes)], NOW)
        assert connected.purge(HERE, NOW + DAY) == 0
        rows = {row.reference: row for row in connected.bookings(HERE)}
        assert (rows[REF].problems, rows[OTHER].notes, rows[THIRD].payee) == ((), (), "")

    def test_a_bill_and_its_payment_are_purged_with_what_they_share(self, connected: Store) -> None:
        """By the ids that they have, however alike others are."""
        near = Reference(REF[:-4])
        self.named_job(connected, "old", NOW, REF, PAY)
        self.named_job(connected, "new", NOW + 9 * DAY, near)
        assert connected.purge(HERE, NOW + DAY) == 1
        assert self.payees(connected) == {REF: "", PAY: "", near: "Anna Berg"}
        assert connected.payload(HERE, near) is not None

    def test_bookings_of_a_job_that_was_never_begun_are_purged_by_their_age(self, connected: Store) -> None:
        plan(connected, planned(payee="Anna Berg", raw=b"{}"), job_id="unknown", now=NOW)
        assert connected.purge(HERE, NOW) == 0
        assert connected.purge(HERE, NOW + DAY) == 1
        assert self.payees(connected) == {REF: ""}

    def test_a_job_that_was_killed_is_purged_from_its_start_and_again_when_it_goes_on(self, connected: Store) -> None:
        connected.begin_job(HERE, job(), "run-1", NOW)
        plan(connected, planned(payee="Anna Berg", raw=b"{}"))
        assert connected.purge(HERE, NOW + DAY) == 1
        connected.begin_job(HERE, job(), "run-2", NOW + 5 * DAY)
        plan(connected, planned(payee="Anna Berg", raw=b"{}"), run="run-2", now=NOW + 5 * DAY)
        assert connected.purge(HERE, NOW + 2 * DAY) == 0
        assert connected.purge(HERE, NOW + 6 * DAY) == 1
        assert self.payees(connected) == {REF: ""}

    def test_a_connected_company_is_not_deleted(self, connected: Store) -> None:
        plan(connected)
        with pytest.raises(Misconfigured, match="not disconnected"):
            connected.delete_connection(HERE)
        assert connected.connection(HERE) is not None
        assert connected.bookings(HERE)

    def test_a_deleted_company_is_gone_whole_and_alone(self, connected: Store) -> None:
        for where in (HERE, ELSEWHERE):
            connected.save_tokens(connection(where), tokens())
            connected.save_secret(connection(where), "password", "secret")
            connected.begin_job(where, job(), "run-1", NOW)
            connected.plan(where, "job-1", "run-1", [planned(raw=b"one")], NOW)
            connected.note_sync(where, "accounts", "in_step", "digest", NOW)
        connected.save_connection(connection(status="disconnected"))
        connected.delete_connection(HERE)
        assert [one.id for one in connected.connections()] == [ELSEWHERE]
        assert (connected.bookings(HERE), connected.jobs(HERE), connected.payload(HERE, REF)) == ([], [], None)
        assert (connected.tokens(connection()), connected.secret(connection(), "password")) == (None, None)
        assert connected.syncs(HERE) == {}
        assert connected.events(HERE, REF) == []
        assert connected.tokens(connection(ELSEWHERE)) is not None
        assert connected.payload(ELSEWHERE, REF) == b"one"
        connected.delete_connection(HERE)
