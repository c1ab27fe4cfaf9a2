"""The chart that the server draws: columns as high as their numbers, a scale of round steps, the same in words."""

from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from kontobro.store.read.pages import Day
from kontobro.web.organisation.overview import CHARTED, chart, filled
from kontobro.web.site.bars import MOST_STEPS, WIDE, bar_chart
from tests.support.site import Site

FIRST = date(2026, 3, 1)
NAMES = {"booked": "booked", "failed": "needs attention"}
SVG = "{http://www.w3.org/2000/svg}"


def days(*numbers: tuple[int, int]) -> list[tuple[date, dict[str, int]]]:
    return [
        (FIRST + timedelta(days=at), {"booked": booked, "failed": failed})
        for at, (booked, failed) in enumerate(numbers)
    ]


def test_a_day_is_a_column_of_its_numbers_from_below() -> None:
    drawn = bar_chart(days((3, 1), (0, 0), (0, 2)), NAMES)
    assert drawn.top == 4
    assert [(bar.kind, bar.number, bar.y) for bar in drawn.columns[0].bars] == [("booked", 3, 1), ("failed", 1, 0)]
    assert drawn.columns[1].bars == ()
    assert [(bar.kind, bar.number, bar.y) for bar in drawn.columns[2].bars] == [("failed", 2, 2)]
    assert [column.x for column in drawn.columns] == [0, WIDE, 2 * WIDE]
    assert drawn.totals == (("booked", "booked", 3), ("failed", "needs attention", 3))


@pytest.mark.parametrize(
    ("most", "marks"),
    [
        (0, [1, 0]),
        (1, [1, 0]),
        (4, [4, 3, 2, 1, 0]),
        (5, [6, 4, 2, 0]),
        (20, [20, 15, 10, 5, 0]),
        (1999, [2000, 1500, 1000, 500, 0]),
    ],
)
def test_the_scale_has_round_steps(most: int, marks: list[int]) -> None:
    drawn = bar_chart(days((most, 0)), NAMES)
    assert [mark for mark, _ in drawn.steps] == marks
    assert [mark + y for mark, y in drawn.steps] == [drawn.top] * len(marks)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=40))
def test_nothing_is_drawn_outside_and_every_number_has_its_height(numbers: list[tuple[int, int]]) -> None:
    drawn = bar_chart(days(*numbers), NAMES)
    assert 1 <= len(drawn.steps) - 1 <= MOST_STEPS
    for column, (booked, failed) in zip(drawn.columns, numbers, strict=True):
        assert sum(bar.number for bar in column.bars) == booked + failed
        assert all(bar.y >= 0 and bar.y + bar.number <= drawn.top for bar in column.bars)


def test_it_is_an_image_with_a_title_a_description_and_each_day_in_words() -> None:
    known = filled([Day(day=FIRST, booked=5, failed=1), Day(day=FIRST + timedelta(days=2), uncertain=2)], FIRST)
    html = render_to_string("site/bars.html", {"chart": chart(known), "title": "Expenses <per> day"})
    image = ElementTree.fromstring(re.findall(r"<svg class=\"chart-area\".*?</svg>", html, re.DOTALL)[0])
    named = {part.get("id"): " ".join("".join(part.itertext()).split()) for part in image}
    title, description = (named[id] for id in str(image.get("aria-labelledby")).split())
    assert (image.get("role"), title) == ("img", "Expenses <per> day")
    assert "5 booked, 1 needs attention, 0 unconfirmed" in description
    said = [" ".join((group.findtext("title") or "").split()) for group in image.iter("g")]
    assert len(said) == len(known)
    assert said[-1] == "1 Mar 2026: 5 booked, 1 needs attention"
    assert {rect.get("class") for rect in image.iter("rect")} == {"chart-column", "bar-booked", "bar-failed"}
    assert "style" not in html
    assert "<script" not in html


def test_the_overview_draws_it_without_a_script(site: Site) -> None:
    organisation = site.organisation()
    site.connection(organisation, "Fjord & Bro")
    page = site.browser(site.member(organisation)).get(f"/o/{organisation.id}/").text
    assert 'class="chart-area"' in page
    assert page.count("<g><title>") == 30
    assert 'type="application/json"' not in page
    assert all(f'class="bar-{kind}"' in page for kind in CHARTED), "its legend names each"
    assert '<th scope="col">Day</th>' in page, "a table says the same"
