"""What a search for problems finds, counted plainly here, and by each database in its own way."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from kontobro.core.errors import Problem
from kontobro.core.model.history import BookingState
from kontobro.core.rules.text import PAYEE_LIMIT
from kontobro.store.read.pages import ProblemPage, Search
from tests.support.brought import bring
from tests.support.store_contract.case import DAY, ELSEWHERE, HERE, NOW, PROBLEM, connection

if TYPE_CHECKING:
    from kontobro.store import DjangoStore
    from kontobro.store.read.overview import Overview

OWNERS = (HERE, ELSEWHERE)
PAYEES = ("Anna Berg", "anna", "50% off!", "50 % off", "Bo_Lind", "Bo Lind", "", "\N{BUS}")
VALUES = ("Anna Berg", "7_1", "7-1", "100%", "o'Hara", "")
SEARCHES = ("", "ANNA", "berg", "%", "_", "!", "off", "o'h", "account", "told in way 1", "way", "7_", "nothing of it")
FIRST, SECOND, BEYOND = slice(0, 3), slice(3, 40), slice(90, 99)
ITEMS = 3


@dataclass(frozen=True)
class Told:
    """A booking that failed, or did not."""

    owner: str
    reference: str
    state: BookingState
    payee: str
    problems: Sequence[Problem]
    at: dt.datetime


@dataclass(frozen=True)
class Stop:
    """A cause of one booking, the `number`th that came."""

    told: Told
    problem: Problem
    number: int

    @property
    def cause(self) -> tuple[str, str, str]:
        return self.problem.code, self.problem.field, self.problem.value


@pytest.fixture
def opened(any_store: DjangoStore) -> DjangoStore:
    for owner in OWNERS:
        any_store.save_connection(connection(owner))
    return any_store


def some(chance: random.Random, number: int = 60) -> list[Told]:
    """Bookings of few payees and few problems; some of them have two entries."""
    made = []
    for item in range(number):
        owner, names = chance.choice(OWNERS), [f"ref-{item}", f"ref-{item}/pay"][: chance.choice((1, 1, 2))]
        for name in names:
            state: BookingState = "verified" if chance.random() < 0.2 else "rejected"
            at = NOW + chance.randrange(12) * DAY
            made.append(Told(owner, name, state, chance.choice(PAYEES), problems(chance), at))
    return made


def problems(chance: random.Random) -> Sequence[Problem]:
    """One to three of different causes."""
    told = [
        replace(
            PROBLEM,
            code=chance.choice(("no_account", "other")),
            field=chance.choice(("account", "Tag")),
            value=chance.choice(VALUES),
            message=f"Told in way {chance.randrange(3)}",
        )
        for _ in range(chance.choice((1, 1, 2, 3)))
    ]
    return list({(one.code, one.field, one.value): one for one in told}.values())


def stops(made: Sequence[Told], owners: Sequence[str], search: Search) -> list[Stop]:
    """What a search means: a payee's problems, all of them, and each problem whose own words it has."""
    failed = {(one.owner, one.reference) for one in made if one.state == "rejected"}
    found = []
    for number, told in enumerate(made):
        first = (told.owner, told.reference.removesuffix("/pay"))
        counts = told.owner in owners and told.state == "rejected"
        if not counts or (told.reference.endswith("/pay") and first in failed):
            continue
        for problem in told.problems:
            words = (told.payee, problem.field, problem.value, problem.message)
            if problem.code in search.codes or any(search.text.lower() in word.lower() for word in words):
                found.append(Stop(told, problem, number))
    return found


def plainly(made: Sequence[Told], owners: Sequence[str], search: Search, part: slice) -> list[object]:
    """The causes of that part: each with its count, newest, example and newest bookings."""
    by_cause: dict[tuple[str, str, str], list[Stop]] = {}
    for stop in sorted(stops(made, owners, search), key=lambda one: (one.told.at, one.number), reverse=True):
        by_cause.setdefault(stop.cause, []).append(stop)
    ranked = sorted(by_cause.items())
    ranked.sort(key=lambda one: (len(one[1]), one[1][0].told.at), reverse=True)
    return [
        (cause, len(those), those[0].told.at, those[0].problem, [_shown(one.told) for one in those[:ITEMS]])
        for cause, those in ranked[part]
    ]


def _shown(told: Told) -> tuple[str, str, str]:
    return told.owner, told.reference, told.payee


def read(page: ProblemPage) -> list[object]:
    return [
        (
            (one.code, one.field, one.value),
            one.count,
            one.newest,
            one.example,
            [(item.connection_id, item.reference, item.payee) for item in one.items],
        )
        for one in page.groups
    ]


@pytest.mark.parametrize("seed", range(4))
def test_a_search_finds_what_is_found_by_looking_at_each(opened: DjangoStore, overview: Overview, seed: int) -> None:
    made = some(random.Random(seed))
    for told in made:
        facts = {"owner": told.owner, "payee": told.payee, "problems": told.problems, "now": told.at}
        bring(opened, told.reference, told.state, **facts)
    for text in SEARCHES:
        for owners in (OWNERS, OWNERS[:1], ()):
            for search in (Search(text), Search(text, ["other"]) if text else Search(text)):
                found = stops(made, owners, search)
                for part in (FIRST, SECOND, BEYOND):
                    page = overview.problem_page(owners, search, part, ITEMS)
                    assert read(page) == plainly(made, owners, search, part), (text, owners, search.codes)
                    if page.groups:
                        assert (page.causes, page.items) == (len({one.cause for one in found}), len(found))


def test_the_longest_payee_of_an_entry_is_found(opened: DjangoStore, overview: Overview) -> None:
    """Its signs take four bytes each and do not repeat: PostgreSQL's index has room for no more than 2,704."""
    payee = "".join(chr(0x20000 + random.Random(1).randrange(9) + 9 * number) for number in range(PAYEE_LIMIT))
    bring(opened, "a", "rejected", payee=payee)
    (group,) = overview.problem_page([HERE], Search(payee[20:90]), FIRST, ITEMS).groups
    assert [one.payee for one in group.items] == [payee]


def test_of_one_cause_told_in_two_ways_the_one_that_was_looked_for_is_shown(
    opened: DjangoStore, overview: Overview
) -> None:
    bring(opened, "a", "rejected", problems=(PROBLEM, replace(PROBLEM, message="In other words.")))
    for text in ("there is", "in OTHER"):
        page = overview.problem_page([HERE], Search(text), FIRST, ITEMS)
        (group,) = page.groups
        assert text.lower() in group.example.message.lower()
        assert (group.count, page.items, len(group.items)) == (1, 1, 1)
