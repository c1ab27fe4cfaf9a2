"""The part of the contract of every store that is about bookings: plans, intents, moves and their events."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from kontobro.core.errors import ImpossibleMove
from kontobro.core.model.history import BookingState, Move
from kontobro.core.model.journal import Reference
from kontobro.core.ports import Store
from kontobro.store.schema.moves import STATES, is_allowed, route
from tests.support.store_contract.case import (
    BILL,
    DAY,
    ELSEWHERE,
    HERE,
    NOW,
    OTHER,
    PROBLEM,
    REF,
    StoreCase,
    bring,
    plan,
    planned,
    states,
    steps,
    walk,
)

PAIRS = [(old, new) for old in STATES for new in STATES]


class BookingsContract(StoreCase):
    """What a store promises of bookings."""

    # ----------------------------------------------------------------------------------------- plan

    def test_a_plan_is_kept_whole(self, connected: Store) -> None:
        whole = planned(kind="payment", payee="Anna", date="2026-02-28", fingerprint="f", pleo_url="u", settles=BILL)
        assert plan(connected, whole) == set()
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
        found = Move(reference=REF, to="rejected", erp_id="e", receipts=2, problems=(PROBLEM,), notes=("n",))
        connected.move(HERE, [found], NOW)
        plan(connected, run="run-2")
        (row,) = connected.bookings(HERE)
        assert (row.erp_id, row.receipts, row.problems, row.notes) == (None, 0, (), ())

    def test_notes_are_kept_until_another_run_begins(self, connected: Store) -> None:
        bring(connected, "posted")
        told = ("The same invoice is already booked.", "2 < 3 \0 \N{SNOWMAN}")
        connected.move(HERE, [Move(reference=REF, to="verified", notes=told)], NOW)
        walk(connected, "reported")
        assert [row.notes for row in connected.bookings(HERE)] == [(told[0], "2 < 3  \N{SNOWMAN}")]
        plan(connected, run="run-2")
        assert [row.notes for row in connected.bookings(HERE)] == [()]

    # -------------------------------------------------------------------------------------- intents

    def test_a_write_under_way_when_a_run_ended_is_told_to_the_next(self, connected: Store) -> None:
        plan(connected, planned(REF), planned(OTHER))
        walk(connected, "booking", now=NOW + DAY)
        assert plan(connected, planned(REF), planned(OTHER), run="run-2", now=NOW + 2 * DAY) == {REF}

    def test_it_is_told_until_it_is_resolved(self, connected: Store) -> None:
        bring(connected, "booking")
        assert plan(connected, run="run-2") == {REF}
        walk(connected, "rejected", "reported")  # for a reason that says nothing of the write
        assert plan(connected, run="run-3") == {REF}
        walk(connected, "drafted")
        assert plan(connected, run="run-4") == set()

    def test_an_unknown_outcome_is_told_too(self, connected: Store) -> None:
        bring(connected, "booking")
        walk(connected, "uncertain", now=NOW + DAY)
        assert plan(connected, run="run-2") == {REF}

    @pytest.mark.parametrize("end", ["drafted", "posted", "rejected"])
    def test_an_answer_resolves_it(self, connected: Store, end: BookingState) -> None:
        bring(connected, "booking")
        walk(connected, end)
        assert plan(connected, run="run-2") == set()

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
        assert plan(connected, run="run-1", now=NOW) == set()
        assert connected.plan(HERE, "job-1", "run-1", [], NOW) == set()

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

    @pytest.mark.parametrize("state", ["drafted", "attached", "posted", "verified"])
    def test_an_open_payment_can_be_settled_wherever_its_run_ended(self, connected: Store, state: BookingState) -> None:
        plan(connected, planned(kind="payment", settles=BILL))
        walk(connected, *route(state))
        assert [row.state for row in connected.open_payments(HERE)] == [state]
        connected.move(HERE, [Move(reference=REF, to=state, settled=True)], NOW)
        assert connected.open_payments(HERE) == []

    def test_a_payload_serves_both_entries_of_an_item(self, connected: Store) -> None:
        raw = b'{"unknown": "\xc3\xa6", "amount": 1.10}'
        plan(connected, planned(REF, raw=raw), planned(Reference(f"{REF}/pay")), planned(OTHER))
        assert connected.payload(HERE, REF) == raw
        assert connected.payload(HERE, Reference(f"{REF}/pay")) == raw
        assert connected.payload(HERE, OTHER) is None
        assert connected.payload(ELSEWHERE, REF) is None
