"""One bad one never stops the others: batches in parts and in halves."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.batches import answers, halves, parts, refusals

NUMBERS = st.lists(st.integers(0, 50), unique=True, max_size=20)


class Bad(Exception):
    pass


@given(NUMBERS, st.integers(1, 7))
def test_parts_hold_each_once_in_order(whole: list[int], size: int) -> None:
    found = list(parts(whole, size))
    assert [one for part in found for one in part] == whole
    assert all(0 < len(part) <= size for part in found)


@given(NUMBERS)
def test_halves_are_the_whole_and_of_two_neither_is_empty(whole: list[int]) -> None:
    first, second = halves(whole)
    assert [*first, *second] == whole
    assert len(second) - len(first) in (0, 1)


@given(NUMBERS, st.sets(st.integers(0, 50)))
def test_each_gets_its_own_answer_and_the_bad_ones_their_refusal(asked: list[int], bad: set[int]) -> None:
    def call(some: Sequence[int]) -> list[str]:
        if bad.intersection(some):
            raise Bad(*some)
        return [str(one) for one in some]

    found = answers(asked, call, Bad)
    assert [one.args if isinstance(one, Bad) else one for one in found] == [
        (one,) if one in bad else str(one) for one in asked
    ]


def test_another_fault_is_not_a_refusal() -> None:
    def call(some: Sequence[int]) -> list[str]:
        raise TimeoutError(len(some))

    with pytest.raises(TimeoutError, match="2"):
        answers([1, 2], call, Bad)


@given(NUMBERS, st.sets(st.integers(0, 50)))
def test_the_good_ones_are_done_once_and_the_bad_ones_named(wanted: list[int], bad: set[int]) -> None:
    done: list[int] = []

    def attempt(some: Sequence[int]) -> str | None:
        if found := bad.intersection(some):
            return f"refused {sorted(found)}"
        done.extend(some)
        return None

    assert refusals(wanted, attempt) == [(one, f"refused [{one}]") for one in wanted if one in bad]
    assert done == [one for one in wanted if one not in bad]


@given(NUMBERS, st.sets(st.integers(0, 50)))
def test_what_another_did_in_between_is_not_tried_again(wanted: list[int], others: set[int]) -> None:
    """A batch with one that exists already is refused whole; alone it is not told as refused."""
    tried: list[int] = []

    def attempt(some: Sequence[int]) -> str | None:
        if others.intersection(some):
            return "exists"
        tried.extend(some)
        return None

    assert refusals(wanted, attempt, lambda some: [one for one in some if one not in others]) == []
    assert tried == [one for one in wanted if one not in others]
