"""A stacked bar chart that the server draws (`site/bars.html`): it prints and needs no script; a table is beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

WIDE: Final = 10
"""Units across that a column takes, a tenth of it free on both sides. Upwards a unit is one thing that is counted."""
MOST_STEPS: Final = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a column. `kind` names its colour in kontobro.css; `y` counts downwards from the top of the chart."""

    kind: str
    name: str
    number: int
    y: int


@dataclass(frozen=True, slots=True)
class Column:
    day: date
    x: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class BarChart:
    """`steps`: the marks of the scale, the highest first, and where their lines are."""

    columns: tuple[Column, ...]
    steps: tuple[tuple[int, int], ...]
    totals: tuple[tuple[str, str, int], ...]

    @property
    def top(self) -> int:
        return self.steps[0][0]

    @property
    def width(self) -> int:
        return WIDE * len(self.columns)

    @property
    def days(self) -> tuple[date, date, date]:
        """Those that are named below the chart: the first, the middle one, the last."""
        days = [column.day for column in self.columns]
        return days[0], days[len(days) // 2], days[-1]


def bar_chart(days: Sequence[tuple[date, Mapping[str, int]]], names: Mapping[str, str]) -> BarChart:
    """One column a day (at least one day), from below in the order of `names`: kind → what a reader calls it."""
    most = max(1, *(sum(numbers.values()) for _, numbers in days))
    step = _step(most)
    top = -(-most // step) * step
    columns = (Column(day, WIDE * at, _bars(numbers, names, top)) for at, (day, numbers) in enumerate(days))
    return BarChart(
        tuple(columns),
        tuple((mark, top - mark) for mark in range(top, -1, -step)),
        tuple((kind, name, sum(numbers.get(kind, 0) for _, numbers in days)) for kind, name in names.items()),
    )


def _bars(numbers: Mapping[str, int], names: Mapping[str, str], top: int) -> tuple[Bar, ...]:
    bars, y = [], top
    for kind, name in names.items():
        if number := numbers.get(kind, 0):
            y -= number
            bars.append(Bar(kind, name, number, y))
    return tuple(bars)


def _step(most: int) -> int:
    """The least of 1, 2, 5, 10, 20, 50 ... of which a few reach the highest column."""
    steps = (int(f"{digit}{'0' * zeros}") for zeros in range(len(str(most))) for digit in (1, 2, 5))
    return next(step for step in steps if step * MOST_STEPS >= most)
