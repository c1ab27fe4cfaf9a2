"""The statements that do all the writing of jobs and bookings. Plain SQL that SQLite and PostgreSQL both take.

`schema/guards.py` judges each row.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from kontobro.core.model.history import BookingState, Intent, Move
from kontobro.core.model.journal import Reference, entry_id_of
from kontobro.store.secrets.codec import invoice_key_to, notes_to, plain, problems_to

_KEY = ("connection_id", "reference")
_TEXTS = (
    *("kind", "item_type", "currency", "total", "date", "fingerprint"),
    *("payee", "pleo_url", "account", "role", "amount"),
)
_SETTLES = ("settles_vendor", "settles_number", "settles_currency")
_FACTS = ("job_id", "run", *_TEXTS, *_SETTLES, "updated_at")
_BLANK: Mapping[str, str] = {
    "state": "'planned'",
    "erp_id": "NULL",
    "erp_url": "NULL",
    "posting": "NULL",
    "receipts": "0",
    "settled": "NULL",
    "problems": "'[]'",
    "notes": "'[]'",
    "outcome": "NULL",
}

# `intent_at` is not named: it outlives a plan until the write is resolved. The same plan told twice in one run
# (a page fetched again) changes nothing; a booking that has moved on in this run is refused by the guard.
PLAN = f"""
    INSERT INTO kontobro_booking ({", ".join((*_KEY, *_FACTS, *_BLANK))})
    VALUES ({", ".join(["%s"] * len((*_KEY, *_FACTS)))}, {", ".join(_BLANK.values())})
    ON CONFLICT ({", ".join(_KEY)}) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in (*_FACTS, *_BLANK))}
    WHERE kontobro_booking.run <> excluded.run OR kontobro_booking.state <> 'planned'
"""  # noqa: S608 - names from this file only

# A write under way: `booking` begins it, `uncertain` is the last sign of it, what exists or was refused ends it.
# An item rejected before its find was made says nothing of an earlier write: `planned` to `rejected` keeps it.
# One statement for all that get the same facts: SQLite needs half the CPU of one statement each.
MOVE = """
    UPDATE kontobro_booking
    SET state = %s,
        updated_at = %s,
        intent_at = CASE
            WHEN %s IN ('booking', 'uncertain') THEN %s
            WHEN state IN ('planned', 'rejected') AND %s IN ('rejected', 'reported') THEN intent_at
            ELSE NULL END,
        outcome = CASE %s
            WHEN 'rejected' THEN 'failed' WHEN 'uncertain' THEN 'uncertain'
            WHEN 'reported' THEN outcome WHEN 'booking' THEN NULL
            ELSE 'booked' END,
        posting = coalesce(%s, posting),
        receipts = coalesce(%s, receipts),
        settled = coalesce(%s, settled),
        problems = coalesce(%s, problems),
        notes = coalesce(%s, notes)
    WHERE connection_id = %s AND reference = ANY(%s)
"""

# What each booking has of its own. It names no column that a guard or an index looks at, so it costs little.
NAME = """
    UPDATE kontobro_booking SET erp_id = coalesce(%s, erp_id), erp_url = coalesce(%s, erp_url)
    WHERE connection_id = %s AND reference = %s
"""

PAYLOAD = """
    INSERT INTO kontobro_payload (connection_id, entry_id, content) VALUES (%s, %s, %s)
    ON CONFLICT (connection_id, entry_id) DO UPDATE SET content = excluded.content
"""

# An earlier run's claim outlives it until the job has ended: a row that is open keeps its status.
BEGIN_JOB = """
    INSERT INTO kontobro_job (connection_id, job_id, run, status, items, started_at)
    VALUES (%s, %s, %s, 'seen', %s, %s)
    ON CONFLICT (connection_id, job_id) DO UPDATE
    SET run = excluded.run, items = excluded.items, started_at = excluded.started_at,
        status = CASE WHEN kontobro_job.finished_at IS NULL THEN kontobro_job.status ELSE 'seen' END,
        claimed_at = CASE WHEN kontobro_job.finished_at IS NULL THEN kontobro_job.claimed_at END,
        finished_at = NULL, failure = NULL
"""

# A job is known, and due for a purge again, before names come into it.
KEEP_JOB = """
    INSERT INTO kontobro_job (connection_id, job_id, run, status, items, started_at) VALUES (%s, %s, %s, 'seen', 0, %s)
    ON CONFLICT (connection_id, job_id) DO UPDATE SET purged = NULL WHERE kontobro_job.purged
"""

NAMES_CAME = """
    UPDATE kontobro_job SET purged = NULL WHERE connection_id = %s AND purged AND job_id IN (
        SELECT job_id FROM kontobro_booking WHERE connection_id = %s AND reference = ANY(%s))
"""

# Of several claims the first may be the one that arrived.
CLAIM_JOB = """
    UPDATE kontobro_job SET status = %s,
        claimed_at = CASE WHEN %s = 'in_progress' THEN %s ELSE coalesce(claimed_at, %s) END
    WHERE connection_id = %s AND job_id = %s
"""


_texts_of = attrgetter(*_TEXTS)


def plan_values(connection_id: str | int, job_id: str, run: str, plan: Intent, at: Any) -> tuple[Any, ...]:
    """The values of PLAN, in its order."""
    texts = (*_texts_of(plan), *invoice_key_to(plan.settles))
    return (connection_id, plan.reference, job_id, run, *[text and plain(text) for text in texts], at)


class Step(NamedTuple):
    """The facts that several moves have in common, as the database takes them."""

    to: BookingState
    posting: str | None
    receipts: int | None
    settled: bool | None
    problems: str | None
    notes: str | None


def step_of(move: Move) -> Step:
    problems = None if move.problems is None else problems_to(move.problems)
    notes = None if move.notes is None else notes_to(move.notes)
    return Step(move.to, move.posting, move.receipts, move.settled, problems, notes)


def rounds_of(moves: Iterable[Move]) -> Iterator[Mapping[Step, Sequence[Move]]]:
    """The moves by what they have in common. Of several moves of one booking each is in a later round."""
    left = list(moves)
    while left:
        steps: dict[Step, list[Move]] = {}
        named, later = set[Reference](), list[Move]()
        for move in left:
            if move.reference in named:
                later.append(move)
            else:
                named.add(move.reference)
                steps.setdefault(step_of(move), []).append(move)
        yield steps
        left = later


def move_values(connection_id: str | int, step: Step, moves: Sequence[Move], at: Any) -> tuple[Any, ...]:
    """The values of MOVE, in its order."""
    facts = (step.posting, step.receipts, step.settled, step.problems, step.notes)
    references = [move.reference for move in moves]
    return (step.to, at, step.to, at, step.to, step.to, *facts, connection_id, references)


def name_values(connection_id: str | int, moves: Iterable[Move]) -> list[tuple[Any, ...]]:
    """The values of NAME for those moves that tell an id or an address."""
    return [
        (move.erp_id and plain(move.erp_id), move.erp_url and plain(move.erp_url), connection_id, move.reference)
        for move in moves
        if move.erp_id is not None or move.erp_url is not None
    ]


def payload_values(connection_id: str | int, plans: Sequence[Intent]) -> list[tuple[Any, ...]]:
    """The values of PAYLOAD for those plans that bring one: one for an item's entries."""
    payloads = {entry_id_of(plan.reference): plan.raw for plan in plans if plan.raw}
    return [(connection_id, entry_id, zlib.compress(raw, 1)) for entry_id, raw in payloads.items()]
