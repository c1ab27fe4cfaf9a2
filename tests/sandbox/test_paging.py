"""Pages put together are the list, whatever their size."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from pleo_sandbox.paging import page, window

Row = dict[str, int]


def walk(rows: list[int], limit: int, *, even: bool, newest_first: bool) -> list[int]:
    found: list[int] = []
    query = {"limit": [str(limit)]}
    for _ in range(len(rows) + 1):
        shown = page(
            rows,
            window(query, refuses=False),
            lambda row: {"row": row},
            keep=(lambda row: row % 2 == 0) if even else None,
            newest_first=newest_first,
        )
        assert len(shown["data"]) <= min(limit, 100)
        found += [row["row"] for row in shown["data"]]
        if not shown["pagination"]["hasNextPage"]:
            return found
        query["after"] = [shown["pagination"]["endCursor"]]
        assert re.fullmatch(r"[A-Z2-7=~]+", query["after"][0])
    raise AssertionError("the pages do not end")


@given(st.lists(st.integers(), max_size=250), st.integers(1, 150), st.booleans(), st.booleans())
def test_pages_concatenated_are_the_list(rows: list[int], limit: int, even: bool, newest_first: bool) -> None:
    wanted = [row for row in rows if not even or row % 2 == 0]
    assert walk(rows, limit, even=even, newest_first=newest_first) == (wanted[::-1] if newest_first else wanted)


@given(st.lists(st.integers(), max_size=60), st.integers(1, 20), st.integers(0, 80))
def test_an_offset_skips(rows: list[int], limit: int, offset: int) -> None:
    shown = page(rows, window({"limit": [str(limit)], "offset": [str(offset)]}), lambda row: {"row": row})
    assert [row["row"] for row in shown["data"]] == rows[offset : offset + limit]
    assert shown["pagination"]["hasNextPage"] is (len(rows) > offset + limit)
    assert shown["pagination"]["hasPreviousPage"] is (offset > 0 and len(rows) > 0)
    assert shown["pagination"]["total"] == len(rows)


@given(st.lists(st.integers(), min_size=1, max_size=60), st.integers(1, 20), st.data())
def test_before_goes_back(rows: list[int], limit: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    here = page(rows, window({"offset": [str(place)], "limit": ["1"]}), lambda row: {"row": row})
    back = window({"before": [here["pagination"]["startCursor"]], "limit": [str(limit)]})
    shown = page(rows, back, lambda row: {"row": row})
    assert [row["row"] for row in shown["data"]] == rows[max(0, place - limit) : place]
    assert shown["pagination"]["hasNextPage"] is True
    assert shown["pagination"]["hasPreviousPage"] is (place > limit)


@given(st.lists(st.none() | st.integers(0, 5), max_size=40), st.sampled_from(["ASC", "DESC"]), st.booleans())
def test_sorting_places_nulls(values: list[int | None], direction: str, nulls_first: bool) -> None:
    order = f"{direction}_NULLS_{'FIRST' if nulls_first else 'LAST'}"
    query = {"sorting_keys": ["value"], "sorting_order": [order], "limit": ["100"]}
    wanted = window(query, frozenset({"value"}))
    shown = page(values, wanted, lambda value: {"value": value}, sort_keys={"value": lambda value: value})
    known = sorted((value for value in values if value is not None), reverse=direction == "DESC")
    nulls: list[int | None] = [None] * values.count(None)
    assert [row["value"] for row in shown["data"]] == (nulls + known if nulls_first else known + nulls)


def test_the_answer_says_what_was_asked() -> None:
    query = {"limit": ["500"], "offset": ["2"], "statuses": ["pending", "failed"]}
    asked = page([1, 2, 3], window(query, refuses=False), lambda row: {"row": row})["pagination"][
        "currentRequestPagination"
    ]
    assert asked == {"parameters": {"statuses": ["pending", "failed"]}, "limit": 100, "offset": 2}


def test_the_default_page_has_20() -> None:
    assert len(page(range(50), window({}), lambda row: {"row": row})["data"]) == 20


def test_an_empty_page_has_no_cursors() -> None:
    assert page([], window({}), lambda row: {})["pagination"] == {
        "currentRequestPagination": {"parameters": {}, "limit": 20},
        "hasNextPage": False,
        "hasPreviousPage": False,
        "total": 0,
    }
