"""Master data as a connector keeps them for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from kontobro.core.model.journal import Entry
from kontobro.core.model.masterdata import Journal

T = TypeVar("T")

FRESH_FOR: Final = 300.0
"""Seconds that accounts, taxes and dimensions are believed; an id that is not among them is looked up again."""


class Cached(Generic[T]):
    """What `read` gives, believed for so many seconds. `clock` counts them."""

    def __init__(
        self, read: Callable[[], T], seconds: float = FRESH_FOR, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._kept: tuple[T, float] | None = None

    def __call__(self) -> T:
        """What is kept, read when it is too old."""
        if self._kept is None or self._clock() - self._kept[1] > self._seconds:
            return self.fresh()
        return self._kept[0]

    def fresh(self) -> T:
        """Read now."""
        self._kept = self._read(), self._clock()
        return self._kept[0]

    def that(self, fits: Callable[[T], bool]) -> T:
        """What is kept when it fits, else as it is now: a person may have added what was missing."""
        kept = self()
        return kept if fits(kept) else self.fresh()


@dataclass(frozen=True, slots=True)
class Book:
    """A journal and its type in the accounting system: what it takes."""

    journal: Journal
    type: str


class Known(Protocol):
    """What entries may name, by id; currencies by code."""

    @property
    def accounts(self) -> Container[str]: ...
    @property
    def taxes(self) -> Container[str]: ...
    @property
    def values(self) -> Container[str]: ...
    @property
    def currencies(self) -> Container[str]: ...


def knows(masters: Known, entry: Entry) -> bool:
    """Whether all that an entry names is there; for `Cached.that`."""
    return entry.currency in masters.currencies and all(
        line.account in masters.accounts
        and (not line.tax_code or line.tax_code in masters.taxes)
        and all(value in masters.values for _, value in line.dimensions)
        for line in entry.lines
    )
