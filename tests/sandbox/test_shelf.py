"""A shelf of records stays right whatever is added, changed and removed, and its pages cost what they hold."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pleo_sandbox.clock import Clock
from pleo_sandbox.company.shelf import Record, Shelf
from pleo_sandbox.errors import PleoError
from pleo_sandbox.paging import window

COMPANIES = st.sampled_from(["acme", "other"])
CODES = st.sampled_from("ABC")
MANY = 100_000
PAGE_BYTES = 300_000
"""A page of 100 takes about 100 kB; a list of so many records alone 800 kB."""


def code_of(record: Record) -> tuple[tuple[str, str], ...]:
    return ((record.company_id, record.facts["code"]),)


class Shelves(RuleBasedStateMachine):
    """Against a plain list of (record, company, code)."""

    def __init__(self) -> None:
        super().__init__()
        self.shelf = Shelf(Clock(), "THING", code_of)
        self.model: list[tuple[Record, str, str]] = []

    @rule(company=COMPANIES, code=CODES)
    def add(self, company: str, code: str) -> None:
        self.model.append((self.shelf.add(company, {"code": code}), company, code))

    @precondition(lambda self: self.model)
    @rule(place=st.integers(0, 10**6), code=CODES)
    def change(self, place: int, code: str) -> None:
        place %= len(self.model)
        record, company, _ = self.model[place]
        self.shelf.change(record, {"code": code})
        self.model[place] = (record, company, code)

    @precondition(lambda self: self.model)
    @rule(place=st.integers(0, 10**6))
    def remove(self, place: int) -> None:
        record, *_ = self.model.pop(place % len(self.model))
        self.shelf.remove(record)
        with pytest.raises(PleoError, match="THING_NOT_FOUND"):
            self.shelf.find(record.id)

    @invariant()
    def every_record_is_found(self) -> None:
        for company in ("acme", "other"):
            assert list(self.shelf.of(company)) == [record for record, owner, _ in self.model if owner == company]
            for code in "ABC":
                held = [record for record, owner, known in self.model if (owner, known) == (company, code)]
                holder = self.shelf.holder((company, code))
                assert (holder in held) if held else (holder is None)
                if held:
                    assert (self.shelf.holder((company, code), held[0]) is None) is (len(held) == 1)

    @invariant()
    def pages_show_what_is_there(self) -> None:
        shown: list[str] = []
        query = {"limit": ["2"]}
        for _ in range(len(self.model) + 1):
            page = self.shelf.page("acme", window(query))
            shown += [row["id"] for row in page["data"]]
            if not page["pagination"]["hasNextPage"]:
                break
            query["after"] = [page["pagination"]["endCursor"]]
        assert shown == [record.id for record, owner, _ in self.model if owner == "acme"]
        assert page["pagination"]["total"] == len(shown)


TestShelves = Shelves.TestCase


def test_a_walk_goes_on_where_its_cursor_was_though_that_record_is_gone() -> None:
    shelf = Shelf(Clock(), "THING")
    records = [shelf.add("acme", {"number": number}) for number in range(6)]
    first = shelf.page("acme", window({"limit": ["3"]}))
    shelf.remove(records[2])
    shelf.remove(records[3])
    rest = shelf.page("acme", window({"limit": ["3"], "after": [first["pagination"]["endCursor"]]}))
    assert [row["number"] for row in rest["data"]] == [4, 5]


@pytest.fixture(scope="module")
def full() -> Shelf:
    shelf = Shelf(Clock(), "VENDOR")
    for number in range(MANY):
        shelf.add("acme", {"code": f"V{number}", "state": "ACTIVE" if number % 2 else "DRAFT"})
    return shelf


def is_active(record: Record) -> bool:
    return bool(record.facts["state"] == "ACTIVE")


@pytest.mark.parametrize("keep", [None, is_active], ids=["all", "filtered"])
@pytest.mark.parametrize("place", [None, MANY // 2, MANY - 1000], ids=["first", "middle", "near the end"])
def test_a_page_of_100_000_copies_no_world(
    full: Shelf, keep: Callable[[Record], bool] | None, place: int | None
) -> None:
    asked = {"limit": ["100"]} | ({} if place is None else {"offset": [str(place // (1 if keep is None else 2))]})
    tracemalloc.start()
    try:
        page = full.page("acme", window(asked), keep)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(page["data"]) == 100
    assert page["pagination"]["total"] == (MANY if keep is None else MANY // 2)
    assert peak < PAGE_BYTES
