"""Codes that change hands. A taken code answers 409, and an archived record holds its code too (`pleo/api.md` C).

wanted code held by ...                  then
a record that moves to another code      that one first; in a circle one of them takes a temporary code
one of ours that is gone                 it takes a temporary code for good, and is archived
anything else                            the change is blocked, and so is what waits for its code
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from kontobro.core.plan.compare import fold
from kontobro.core.plan.match import CodeGroups, Matching, Place
from kontobro.core.plan.types import Desired, Existing, Pair


@dataclass(slots=True)
class Moves:
    """`order`: movers so that each finds its code free. By Pleo's id the temporary codes of those `aside` and
    `retired`; by desired id the holder that `blocked` it."""

    order: list[Pair] = field(default_factory=list)
    aside: dict[str, str] = field(default_factory=dict)
    retired: dict[str, str] = field(default_factory=dict)
    blocked: dict[str, Existing] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Want:
    """Someone who wants a code: a pair that moves, or a record to create (`pair` None)."""

    desired: Desired
    pair: Pair | None
    holders: tuple[Existing, ...]


def holders_of(existing: Iterable[Existing], places: CodeGroups) -> dict[Place, list[Existing]]:
    """Who is under each code, archived ones included."""
    found: dict[Place, list[Existing]] = {}
    for record in existing:
        if record.code.strip():
            found.setdefault(places.of_existing(record), []).append(record)
    return found


def untangle(
    movers: Sequence[Pair],
    new: Sequence[Desired],
    matching: Matching,
    holders: Mapping[Place, Sequence[Existing]],
    places: CodeGroups,
) -> Moves:
    """The order in which codes can change hands."""
    wants = {pair.desired.id: _want(pair.desired, pair, holders, places) for pair in movers}
    moving = {pair.existing.id: pair.desired.id for pair in movers}
    everyone = {**wants, **{record.id: _want(record, None, holders, places) for record in new}}
    gone = {record.id for _, record in matching.gone}
    moves = Moves(blocked=_blocked(everyone, moving, gone))
    codes = {code for _, code in holders}
    for want in everyone.values():
        if want.desired.id not in moves.blocked:
            retired = (holder for holder in want.holders if holder.id in gone)
            moves.retired.update({holder.id: temporary_code(holder, codes) for holder in retired})
    _order(moves, {key: want for key, want in wants.items() if key not in moves.blocked}, moving, codes)
    return moves


def temporary_code(record: Existing, codes: set[str]) -> str:
    """A code that no one has; the same at each planning."""
    digest = sha256(record.id.encode()).hexdigest()
    candidates = (f"{record.code.strip()[:40]}~{digest[:length]}" for length in range(6, len(digest) + 1))
    return next(code for code in candidates if fold(code) not in codes)


def _want(
    desired: Desired, pair: Pair | None, holders: Mapping[Place, Sequence[Existing]], places: CodeGroups
) -> _Want:
    own = pair.existing.id if pair else None
    there = holders.get(places.of_desired(desired), ()) if desired.code.strip() else ()
    return _Want(desired, pair, tuple(holder for holder in there if holder.id != own))


def _blocked(wants: Mapping[str, _Want], moving: Mapping[str, str], gone: set[str]) -> dict[str, Existing]:
    """Who can't have its code, and because of whom: also who waits for one of them."""
    blocked: dict[str, Existing] = {}
    waiting: dict[str, list[tuple[str, Existing]]] = {}
    for key, want in wants.items():
        for holder in want.holders:
            if holder.id in moving:
                waiting.setdefault(moving[holder.id], []).append((key, holder))
            elif holder.id not in gone:
                blocked.setdefault(key, holder)
    ahead = list(blocked)
    for key in ahead:
        for follower, holder in waiting.get(key, ()):
            if follower not in blocked:
                blocked[follower] = holder
                ahead.append(follower)
    return blocked


def _order(moves: Moves, wants: Mapping[str, _Want], moving: Mapping[str, str], codes: set[str]) -> None:
    """Depth first, without recursion: a chain may be as long as the company has records."""
    begun: set[str] = set()
    done: set[str] = set()
    for first in wants:
        stack = [first]
        while stack:
            key = stack[-1]
            want = wants[key]
            if key not in begun:
                begun.add(key)
                ahead = [moving[holder.id] for holder in want.holders if holder.id in moving]
                _set_aside(moves, wants, [other for other in ahead if other in begun and other not in done], codes)
                stack += [other for other in ahead if other not in begun]
                continue
            stack.pop()
            if key not in done and want.pair:
                done.add(key)
                moves.order.append(want.pair)


def _set_aside(moves: Moves, wants: Mapping[str, _Want], circle: Iterable[str], codes: set[str]) -> None:
    for key in circle:
        pair = wants[key].pair
        if pair:
            moves.aside[pair.existing.id] = temporary_code(pair.existing, codes)
