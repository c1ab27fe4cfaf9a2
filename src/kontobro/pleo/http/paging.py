"""Pages of a list, one after the other: `after=<endCursor>` while Pleo says that there are more (`api.md` B0).

How many entries a page may have at most is stated for one list only: a size that Pleo refuses is halved.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

import httpx2
import msgspec

from kontobro.core.errors import BadAnswer, IncompleteList
from kontobro.core.words import told
from kontobro.pleo.http.answers import Page, require_json, unreadable
from kontobro.pleo.http.calls import Calls, Params
from kontobro.pleo.http.endpoints import Endpoint
from kontobro.pleo.http.faults import RefusedByPleo

SMALLEST_PAGE: Final = 10
"""A page of fewer entries is not asked for: that Pleo refuses it then has another reason."""

_PAGE: Final = msgspec.json.Decoder(Page)


def listed(
    calls: Calls, endpoint: Endpoint, *, id: str = "", params: Params | None = None, body: object = None
) -> Iterator[list[msgspec.Raw]]:
    """The pages of a list, `counted` where Pleo's total is the list's length (`core/dialect.py`)."""
    counted = calls.dialect.total_is_length
    return pages(_asking(calls, endpoint, id, params or {}, body), endpoint, counted=counted)


def listed_loosely(
    calls: Calls, endpoint: Endpoint, *, id: str = "", params: Params | None = None
) -> Iterator[list[msgspec.Raw]]:
    """The pages of a list whose `total` is not looked at."""
    return pages(_asking(calls, endpoint, id, params or {}, None), endpoint)


def _asking(
    calls: Calls, endpoint: Endpoint, id: str, params: Params, body: object
) -> Callable[[str | None], httpx2.Response]:
    def ask(size: int, cursor: Params) -> httpx2.Response:
        return calls.again(endpoint, id=id, params={**params, "limit": size, **cursor}, body=body)

    def fetch(after: str | None) -> httpx2.Response:
        return ask(calls.page_size, {"after": after}) if after else _first(calls, lambda size: ask(size, {}))

    return fetch


def _first(calls: Calls, ask: Callable[[int], httpx2.Response]) -> httpx2.Response:
    """The first page, as large as Pleo takes it; of this size are then all pages of this client."""
    size, fault = calls.page_size, None
    while size >= SMALLEST_PAGE:
        try:
            page = ask(size)
        except RefusedByPleo as refusal:
            if refusal.status != 400:
                raise
            fault, size = fault or refusal, size // 2
        else:
            calls.page_size = size
            return page
    assert fault is not None  # a page size is never below the smallest
    raise fault


def pages(
    fetch: Callable[[str | None], httpx2.Response], endpoint: Endpoint, *, counted: bool = False
) -> Iterator[list[msgspec.Raw]]:
    """Each page's entries as they came. `fetch` gets the cursor, None at first.

    Never ends early: a missing cursor, or one that was there before, raises BadAnswer; `counted`, so do fewer
    entries than Pleo says that there are (IncompleteList, after all that came).
    """
    seen: set[str] = set()
    entries = 0
    after: str | None = None
    while True:
        page = read_page(fetch(after), endpoint)
        yield page.data
        entries += len(page.data)
        if not page.pagination.has_next_page:
            if counted and entries < (page.pagination.total or 0):
                raise _too_few(endpoint, entries, page.pagination.total)
            return
        after = page.pagination.end_cursor
        if not after or after in seen:
            words = (
                told("pages_same_cursor", call=endpoint.name) if after else told("pages_no_cursor", call=endpoint.name)
            )
            raise BadAnswer(*words)
        seen.add(after)


def _too_few(endpoint: Endpoint, entries: int, total: int | None) -> IncompleteList:
    return IncompleteList(
        *told("pages_too_few", call=endpoint.name, entries=str(entries), total=str(total)), total or 0
    )


def read_page(response: httpx2.Response, endpoint: Endpoint) -> Page:
    """One page. JSON with a fault inside one entry (NaN, half an emoji) is fixed, so that only that entry fails."""
    require_json(response, endpoint)
    try:
        return _PAGE.decode(response.content)
    except (msgspec.ValidationError, RecursionError) as error:
        raise unreadable(endpoint, error) from error
    except msgspec.DecodeError as error:
        return _corrected_page(response.content, endpoint, error)


def _corrected_page(content: bytes, endpoint: Endpoint, fault: Exception) -> Page:
    """What the laxer parser of the standard library makes of it, decimals still exact."""
    try:
        loose = json.loads(content, parse_float=Decimal, parse_constant=Decimal)
        return _PAGE.decode(msgspec.json.encode(_corrected(loose)))
    except (ValueError, RecursionError) as error:
        raise unreadable(endpoint, fault) from error


def _corrected(value: Any) -> Any:
    """The same without half surrogate pairs, which no UTF-8 can hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_corrected(entry) for entry in value]
    if isinstance(value, dict):
        return {_corrected(key): _corrected(entry) for key, entry in value.items()}
    return value
