"""The state diagram: what the database does agrees with it, whatever the walk."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kontobro.store as store_package
from kontobro.core.errors import ImpossibleMove
from kontobro.core.model.history import BookingState, Move
from kontobro.core.model.journal import Reference
from kontobro.store.schema.moves import MOVES, STATES, UPDATES, allowed_pairs, is_allowed, route
from tests.support.examples import examples
from tests.support.store_contract.case import HERE, NOW, connection, planned, states, steps

if TYPE_CHECKING:
    from kontobro.store import DjangoStore

FILLED_BY = "0002_guards"
DIGEST = "772b00df193a"


def test_a_changed_diagram_needs_a_migration() -> None:
    """Stores that exist hold a copy: add a migration with `fill_allowed_moves`, then name both here."""
    digest = hashlib.sha256(repr(allowed_pairs()).encode()).hexdigest()[:12]
    assert digest == DIGEST
    assert (Path(store_package.__file__).parent / "migrations" / f"{FILLED_BY}.py").exists()


def test_the_database_holds_the_diagram(store: DjangoStore) -> None:
    from kontobro.store.models import AllowedMove

    held = AllowedMove.objects.using(store.alias).values_list("from_state", "to_state")
    assert sorted(held) == sorted(allowed_pairs())


def test_every_state_can_be_reached_and_leads_to_the_report() -> None:
    assert set(MOVES) == set(STATES)
    assert [route(state)[-1:] for state in STATES[1:]] == [(state,) for state in STATES[1:]]
    assert all(leads_to_report(state) for state in STATES)


def leads_to_report(state: BookingState) -> bool:
    ahead = [state]
    for old in ahead:
        ahead += [new for new in MOVES[old] if new not in ahead]
    return "reported" in ahead


def test_nothing_becomes_planned_within_a_run() -> None:
    assert not any(is_allowed(state, "planned") for state in STATES)
    assert all(is_allowed(state, state) for state in UPDATES)


numbers = iter(range(1_000_000))
walks = st.lists(st.one_of(st.sampled_from(STATES), st.just("again")), max_size=14)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walk=walks)
def test_any_walk_agrees_with_the_diagram(store: DjangoStore, walk: list[str]) -> None:
    """`again` is another run; each refused step leaves everything as it was."""
    reference = Reference(f"walk-{next(numbers)}")
    store.save_connection(connection())
    state: BookingState = "planned"
    history = [("", "planned")]
    store.plan(HERE, "job-1", "run", [planned(reference)], NOW)
    for number, step in enumerate(walk):
        if step == "again":
            store.plan(HERE, "job-1", f"run-{number}", [planned(reference)], NOW)
            history.append((state, "planned"))
            state = "planned"
        else:
            new = next(known for known in STATES if known == step)
            accepted = accepts(store, reference, new)
            assert accepted == is_allowed(state, new)
            history += [(state, new)] if accepted and state != new else []
            state = new if accepted else state
    assert states(store)[reference] == state
    assert steps(store, reference) == history


def accepts(store: DjangoStore, reference: Reference, to: BookingState) -> bool:
    try:
        store.move(HERE, [Move(reference=reference, to=to)], NOW)
    except ImpossibleMove:
        return False
    return True
