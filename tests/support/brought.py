"""Bookings of a store that have come to a state, as exports bring them there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kontobro.core.errors import Problem
from kontobro.core.model.history import BookingState, Move
from kontobro.core.model.journal import Reference
from kontobro.store.schema.moves import route
from tests.support.store_contract.case import HERE, NOW, PROBLEM, planned

if TYPE_CHECKING:
    from kontobro.store import DjangoStore


def bring(
    store: DjangoStore,
    reference: str,
    state: BookingState,
    *,
    owner: str = HERE,
    run: str = "run",
    now: dt.datetime = NOW,
    problems: Sequence[Problem] = (PROBLEM,),
    job_id: str = "job-1",
    **facts: Any,
) -> None:
    """A booking that has come to this state, told its problems when it was rejected."""
    name = Reference(reference)
    store.plan(owner, job_id, run, [planned(name, **facts)], now)
    for step in route(state):
        told = tuple(problems) if step == "rejected" else None
        store.move(owner, [Move(reference=name, to=step, problems=told)], now)
