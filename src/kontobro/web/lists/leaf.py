"""A page of a list: its rows, and how every other page of the same filter is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

T = TypeVar("T")

PER_PAGE = 50
"""Rows a page."""


class Rows(Generic[T]):
    """Rows that are read when a page asks for them; how many there are is known before."""

    def __init__(self, count: int, read: Callable[[int, int], Sequence[T]]) -> None:
        self._count = count
        self._read = read

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, part: slice) -> Sequence[T]:
        return self._read(part.start or 0, part.stop)


def leaf_of(request: HttpRequest, rows: Any, size: int = PER_PAGE) -> Page[Any]:
    """The page that the address names; the nearest one where there is none of that number."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def numbers_of(page: Page[Any]) -> Iterator[int | str]:
    """The numbers to lead to: the first, those around this one, the last, and dots where some are left out."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
