"""One Pleo company, one set of books: what the database refuses, and what it remembers. On both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kontobro.core.errors import ImpossibleMove
from kontobro.core.model.connection import AlreadyConnected, Connection
from kontobro.core.model.history import Elsewhere
from kontobro.core.model.journal import Reference, entry_id_of
from tests.support.store_contract.case import DAY, HERE, NOW, OTHER, REF, bring, connection, plan, planned, walk

if TYPE_CHECKING:
    from kontobro.store import DjangoStore

ENTRY = entry_id_of(REF)


def second(**other: object) -> Connection:
    """Another connection of the same Pleo company, with other books."""
    return connection("conn-9", **{"company_id": "company-1", "name": "Second", "erp": "odoo", **other})


@pytest.mark.parametrize("status", ["connected", "reconnect"])
def test_a_second_connection_in_use_is_refused(any_store: DjangoStore, status: str) -> None:
    any_store.save_connection(connection(status=status))
    with pytest.raises(AlreadyConnected, match="one set of books"):
        any_store.save_connection(second())
    assert [one.id for one in any_store.connections()] == [HERE]


def test_what_has_ended_and_what_is_a_trial_takes_no_place(any_store: DjangoStore) -> None:
    any_store.save_connection(connection(status="disconnected"))
    any_store.save_connection(second())
    any_store.save_connection(connection("conn-10", company_id="company-1", trial=True))
    any_store.save_connection(connection("conn-11", company_id="company-1", environment="staging"))
    with pytest.raises(AlreadyConnected):
        any_store.save_connection(connection())  # it can't come back beside the other
    with pytest.raises(AlreadyConnected):
        any_store.save_connection(connection("conn-10", company_id="company-1", trial=False))


def test_of_many_at_once_one_wins(any_store: DjangoStore) -> None:
    def save(number: int) -> bool:
        try:
            any_store.save_connection(connection(f"conn-{number}", company_id="company-1"))
        except AlreadyConnected:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(save, range(20, 36))) == 1
    assert len(any_store.connections()) == 1


def test_names_and_the_moment_of_the_end_are_kept(any_store: DjangoStore) -> None:
    any_store.save_connection(connection(company_name="", erp_company="1", erp_company_name="Fjord ApS"))
    any_store.mark_reconnect(HERE, NOW)
    any_store.mark_reconnect(HERE, NOW + DAY)  # it ended once
    (found,) = any_store.connections()
    assert (found.pleo_name, found.books_name) == ("Pleo company company-", "Fjord ApS")
    assert (found.status, found.login_ended_at) == ("reconnect", NOW)
    any_store.save_connection(replace(found, status="connected", login_ended_at=None))
    assert any_store.connection(HERE) == replace(found, status="connected", login_ended_at=None)


@pytest.mark.parametrize("ended", [{"status": "disconnected"}, {"trial": True}])
def test_a_connection_that_is_not_in_use_plans_no_booking(any_store: DjangoStore, ended: dict[str, object]) -> None:
    any_store.save_connection(connection())
    bring(any_store, "posted")
    any_store.save_connection(connection(**ended))
    for reference in (REF, OTHER):
        with pytest.raises(ImpossibleMove, match="books nothing"):
            plan(any_store, planned(reference), run="another run")


def moved(store: DjangoStore) -> Connection:
    """The company's new books, after the first were posted to and ended."""
    store.save_connection(connection())
    bring(store, "posted")
    store.save_connection(connection(status="disconnected"))
    store.save_connection(second())
    return second()


def test_what_the_first_books_have_is_found_from_the_second(any_store: DjangoStore) -> None:
    new = moved(any_store)
    found = any_store.booked_elsewhere(new, [ENTRY, "another"])
    assert set(found) == {ENTRY}
    assert found[ENTRY].system == "beancount"
    assert not any_store.booked_elsewhere(connection(), [ENTRY])
    assert not any_store.booked_elsewhere(connection("conn-12"), [ENTRY])  # of another Pleo company


def test_it_is_found_after_the_first_was_deleted_and_can_t_be_changed(any_store: DjangoStore) -> None:
    new = moved(any_store)
    before = any_store.booked_elsewhere(new, [ENTRY])
    any_store.delete_connection(HERE)
    assert any_store.booked_elsewhere(new, [ENTRY]) == before
    with pytest.raises(ImpossibleMove, match="only read"), any_store.tables.writing() as session:
        session.run("UPDATE kontobro_guard SET number = 'x'")


def test_what_was_only_planned_or_refused_guards_nothing(any_store: DjangoStore) -> None:
    any_store.save_connection(connection())
    bring(any_store, "rejected")
    plan(any_store, planned(OTHER), run="run-2")
    any_store.save_connection(connection(status="disconnected"))
    any_store.save_connection(second())
    assert not any_store.booked_elsewhere(second(), [ENTRY, entry_id_of(OTHER)])
    any_store.delete_connection(HERE)
    assert not any_store.booked_elsewhere(second(), [ENTRY, entry_id_of(OTHER)])


@pytest.mark.parametrize("state", ["booking", "uncertain", "drafted", "verified"])
def test_what_may_exist_guards(any_store: DjangoStore, state: str) -> None:
    any_store.save_connection(connection())
    bring(any_store, state)  # type: ignore[arg-type]
    any_store.save_connection(connection(status="disconnected"))
    any_store.save_connection(second())
    assert set(any_store.booked_elsewhere(second(), [ENTRY])) == {ENTRY}


def test_a_decision_stays_until_its_connection_goes(any_store: DjangoStore) -> None:
    any_store.save_connection(connection())
    found = Elsewhere(entry_id=ENTRY, system="", number="4711")
    assert not any_store.book_here(HERE, ENTRY, NOW)
    any_store.note_elsewhere(HERE, [found], NOW)
    assert any_store.elsewhere(HERE) == [replace(found, found_at=NOW)]
    assert any_store.book_here(HERE, ENTRY, NOW + DAY)
    any_store.note_elsewhere(HERE, [replace(found, number="other")], NOW + DAY + DAY)
    (kept,) = any_store.elsewhere(HERE, [ENTRY])
    assert (kept.number, kept.decided_at) == ("4711", NOW + DAY)
    assert not any_store.elsewhere(HERE, ["another"])
    any_store.save_connection(connection(status="disconnected"))
    any_store.delete_connection(HERE)
    assert not any_store.elsewhere(HERE)


def test_references_of_a_payment_are_its_item_s(any_store: DjangoStore) -> None:
    any_store.save_connection(connection())
    payment = Reference(f"{ENTRY}/pay")
    plan(any_store, planned(payment))
    walk(any_store, "booking", "posted", reference=payment)
    any_store.save_connection(connection(status="disconnected"))
    any_store.save_connection(second())
    assert set(any_store.booked_elsewhere(second(), [ENTRY])) == {ENTRY}
