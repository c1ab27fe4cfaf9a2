"""Cursor pages (api.md B0). A cursor is the base32 of an element's place in its list; elements never leave a list.

Pleo states neither the default nor the largest page (B0 [?]): here 20, as its accounting entries have, and at most
`Rules.largest_page`; a larger `limit` is refused, or cut, and the answer then says which limit was applied.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from pleo_sandbox.errors import bad_parameter
from pleo_sandbox.model import Json

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100
INT32 = 2**31 - 1
INT64 = 2**63 - 1
PARAMETERS = frozenset({"after", "before", "offset", "limit", "sorting_keys", "sorting_order"})
_ORDERS = frozenset({"ASC", "ASC_NULLS_FIRST", "ASC_NULLS_LAST", "DESC", "DESC_NULLS_FIRST", "DESC_NULLS_LAST"})
_CURSOR = re.compile(r"[A-Z2-7=~]+")

T = TypeVar("T")
Keep = Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list was asked for. `after` and `before` are places in the list.

    `uncounted`: what a total counts beyond the list's entries (`Rules.total_is_length`). `reversed`: a list that is not
    sorted has the other order than usual.
    """

    limit: int
    after: int | None
    before: int | None
    offset: int | None
    sorting: tuple[tuple[str, str], ...]
    asked: Json
    uncounted: int = 0
    reversed: bool = False


def cursor(place: int) -> str:
    return base64.b32encode(str(place).encode()).decode()


def _place(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    wrong = bad_parameter(name, text, "use startCursor or endCursor of an earlier page")
    if not _CURSOR.fullmatch(text):
        raise wrong
    try:
        digits = base64.b32decode(text).decode("ascii")
    except ValueError:
        raise wrong from None
    if not re.fullmatch(r"[0-9]{1,12}", digits):
        raise wrong
    return int(digits)


def _whole(name: str, text: str | None, largest: int) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) > largest:
        raise bad_parameter(name, text, f"a whole number from 0 to {largest} is wanted")
    return int(text)


def _one(query: Mapping[str, list[str]], name: str) -> str | None:
    values = query.get(name, [])
    if len(values) > 1:
        raise bad_parameter(name, ", ".join(values), "give it once")
    return values[0] if values else None


def _sorting(query: Mapping[str, list[str]], keys: frozenset[str]) -> tuple[tuple[str, str], ...]:
    names, orders = query.get("sorting_keys", []), query.get("sorting_order", [])
    if len(names) != len(orders):
        raise bad_parameter("sorting_order", ", ".join(orders), "give as many as sorting_keys")
    for name in names:
        if name not in keys:
            raise bad_parameter("sorting_keys", name, f"this list sorts by {sorted(keys)}")
    for order in orders:
        if order not in _ORDERS:
            raise bad_parameter("sorting_order", order, f"one of {sorted(_ORDERS)}")
    return tuple(zip(names, orders, strict=True))


def window(
    query: Mapping[str, list[str]],
    sort_keys: frozenset[str] = frozenset(),
    largest: int = LARGEST_LIMIT,
    *,
    refuses: bool = True,
) -> Window:
    """The page asked for by a query string (name to values). Raises PleoError 400."""
    after, before, offset = (_one(query, name) for name in ("after", "before", "offset"))
    if sum(value is not None for value in (after, before, offset)) > 1:
        raise bad_parameter("after, before, offset", None, "they exclude each other: give one")
    limit = _whole("limit", _one(query, "limit"), INT32)
    if refuses and limit is not None and limit > largest:
        raise bad_parameter("limit", str(limit), f"at most {largest}")
    applied = min(DEFAULT_LIMIT if limit is None else limit, largest)
    skip = _whole("offset", offset, INT64)
    sorting = _sorting(query, sort_keys)
    asked: Json = {"parameters": {k: v for k, v in query.items() if k not in PARAMETERS}, "limit": applied}
    asked |= {
        name: value for name, value in (("after", after), ("before", before), ("offset", skip)) if value is not None
    }
    if sorting:
        asked |= {"sortingKeys": [key for key, _ in sorting], "sortingOrder": [order for _, order in sorting]}
    return Window(applied, _place("after", after), _place("before", before), skip, sorting, asked)


def _sorted(
    rows: Sequence[T], sorting: Sequence[tuple[str, str]], keys: Mapping[str, Callable[[T], object]]
) -> list[int]:
    """Places in sorted order. Without NULLS_* nulls come last ascending and first descending."""
    order = list(range(len(rows)))
    for name, direction in reversed(sorting):
        value = keys[name]
        descending = direction.startswith("DESC")
        nulls_first = direction.endswith("FIRST") or direction == "DESC"
        nulls = [i for i in order if value(rows[i]) is None]
        rest = [i for i in order if value(rows[i]) is not None]
        rest.sort(key=lambda i: value(rows[i]), reverse=descending)  # type: ignore[arg-type, return-value]
        order = nulls + rest if nulls_first else rest + nulls
    return order


def _find(order: Sequence[int], name: str, place: int) -> int:
    try:
        return order.index(place)
    except ValueError:
        raise bad_parameter(name, cursor(place), "no element of this list has this cursor") from None


def _select(order: Sequence[int], keep: Keep, wanted: Window) -> tuple[list[int], bool, bool]:
    """The places on the page, and whether there are pages before and after it. Copies nothing of an unsorted list."""
    if wanted.before is not None:
        end = _find(order, "before", wanted.before)
        picked = list(islice(filter(keep, reversed(order[:end])), wanted.limit + 1))
        return picked[: wanted.limit][::-1], len(picked) > wanted.limit, any(map(keep, order[end:]))
    start = 0 if wanted.after is None else _find(order, "after", wanted.after) + 1
    kept = filter(keep, order[start:])
    skipped = sum(1 for _ in islice(kept, min(wanted.offset or 0, len(order))))
    picked = list(islice(kept, wanted.limit + 1))
    return picked[: wanted.limit], skipped > 0 or any(map(keep, order[:start])), len(picked) > wanted.limit


def page(
    rows: Sequence[T],
    wanted: Window,
    render: Callable[[T], Json],
    *,
    keep: Callable[[T], bool] | None = None,
    sort_keys: Mapping[str, Callable[[T], object]] | None = None,
    newest_first: bool = False,
) -> Json:
    """One page of `rows` as `{data, pagination}`. A row's index is its cursor, so rows may only be appended."""
    order: Sequence[int] = range(len(rows))[::-1] if newest_first != wanted.reversed else range(len(rows))
    if wanted.sorting:
        order = _sorted(rows, wanted.sorting, sort_keys or {})

    def kept(place: int) -> bool:
        return keep is None or keep(rows[place])

    places, has_previous, has_next = _select(order, kept, wanted)
    info: Json = {
        "currentRequestPagination": wanted.asked,
        "hasNextPage": has_next,
        "hasPreviousPage": has_previous,
        "total": (len(rows) if keep is None else sum(map(keep, rows))) + wanted.uncounted,
    }
    if places:
        info |= {"startCursor": cursor(places[0]), "endCursor": cursor(places[-1])}
    return {"data": [render(rows[place]) for place in places], "pagination": info}
