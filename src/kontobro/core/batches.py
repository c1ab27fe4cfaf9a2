"""Many at once: in parts of a size, and in halves where one bad one has the whole batch refused. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
A = TypeVar("A")
R = TypeVar("R")
E = TypeVar("E", bound=Exception)


def parts(whole: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """All of it, at most `size` at once."""
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


def halves(whole: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    middle = len(whole) // 2
    return whole[:middle], whole[middle:]


def answers(asked: Sequence[T], call: Callable[[Sequence[T]], Sequence[A]], refusal: type[E]) -> list[A | E]:
    """One answer each, in order, of a call that may be repeated: the refusal itself of the one that is refused alone.

    `call` raises `refusal` for a whole batch; the others continue.
    """
    if not asked:
        return []
    try:
        return list(call(asked))
    except refusal as fault:
        if len(asked) == 1:
            return [fault]
    first, second = halves(asked)
    return answers(first, call, refusal) + answers(second, call, refusal)


def refusals(
    wanted: Sequence[T],
    attempt: Callable[[Sequence[T]], R | None],
    left: Callable[[Sequence[T]], Sequence[T]] = lambda tried: tried,
) -> list[tuple[T, R]]:
    """Do all of it in one call; those that are refused alone, each with why.

    `attempt` does a whole batch and returns None, or does nothing and returns why not. Before a refused batch is tried
    again `left` says what of it is still to be done: another may have done some of it in between.
    """
    if not wanted:
        return []
    why = attempt(wanted)
    if why is None:
        return []
    still = left(wanted)
    if len(still) < len(wanted):
        return refusals(still, attempt, left)
    if len(still) == 1:
        return [(still[0], why)]
    first, second = halves(still)
    return refusals(first, attempt, left) + refusals(second, attempt, left)
