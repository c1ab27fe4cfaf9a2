"""A plan on a screen and on a page: nothing of a name is markup, long plans say what they leave out."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.cli.sync.html import page
from kontobro.cli.sync.show import MOST_ROWS, print_plan
from kontobro.core.errors import EmptySource, Problem, TooManyChanges
from kontobro.core.model.settings import Settings
from kontobro.core.plan.make import Change, Comparison, Desired, Existing, make_plan
from kontobro.core.plan.types import Action
from kontobro.sync.shown import ACTIONS, ChangeRow, Shown, row_of, shown_of

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def row(action: str = "create", name: str = "Rent", **facts: str) -> ChangeRow:
    made = ChangeRow(action, "accounts", "7520", name, "", (), "new", "Expenses:Rent", None)
    return dataclasses.replace(made, **facts)  # type: ignore[arg-type]  # texts only


class Page(HTMLParser):
    """The tags and the text of a page, as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Page:
    found = Page()
    found.feed(html)
    found.close()
    return found


EVIL = '<script>alert("1")</script>'


def test_what_a_name_holds_is_text_on_the_page() -> None:
    problem = Problem("x", "y", "z", EVIL, EVIL, "validation_failure")
    evil = row(name=EVIL, code=EVIL, why=EVIL, parent=EVIL)
    changed = dataclasses.replace(evil, action="update", fields=(("name", EVIL, "<b>"),))
    plan = Shown("accounts", f"accounts-{EVIL}", (evil, changed), (evil,), (problem,), TooManyChanges(EVIL, EVIL))
    found = read(page([plan], EVIL, EVIL, NOW))
    assert not {"script", "b", "a", "img", "link"} & set(found.tags)
    assert found.text.count("alert") >= 10
    assert all(not name.startswith("on") and name not in ("src", "href") for name, _ in found.attributes)


@given(st.text(), st.text())
def test_no_text_makes_an_element(name: str, before: str) -> None:
    fields = (("name", before, name),)
    changed = dataclasses.replace(row("update"), fields=fields, name=name)
    plain = dataclasses.replace(row("update"), fields=(("name", "x" if before else "", "y" if name else ""),))
    tags = [read(page([Shown("accounts", "d", (it,))], "C", "erp", NOW)).tags for it in (changed, plain)]
    assert tags[0] == tags[1]


def test_a_page_reads_without_sight() -> None:
    found = read(page([Shown("tax-codes", "d", (row(),))], "Fjord & Bro", "beancount", NOW))
    assert ("lang", "en") in found.attributes
    assert ("scope", "col") in found.attributes
    assert ("scope", "row") in found.attributes
    assert {"title", "main", "h1", "h2", "caption"} <= set(found.tags)
    assert "kontobro sync apply tax-codes --digest d" in found.text
    assert "In sync" in read(page([Shown("accounts", "d", ())], "C", "e", NOW)).text


def test_what_no_yes_can_approve_shows_no_digest(capsys: pytest.CaptureFixture[str]) -> None:
    never = Shown("vendors", "vendors-1", (row("archive"),), refused=EmptySource("There is none.", "See to it."))
    print_plan(never, everything=False)
    told = "".join(capsys.readouterr()) + read(page([never], "C", "erp", NOW)).text
    assert "There is none." in told
    assert "vendors-1" not in told
    asks = dataclasses.replace(never, refused=TooManyChanges("Too many.", "Look."))
    print_plan(asks, everything=False)
    assert "vendors-1" in "".join(capsys.readouterr())
    assert "vendors-1" in read(page([asks], "C", "erp", NOW)).text


def test_what_waits_for_a_person_is_not_called_in_step(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem(
        "vendor_conflict", "vendor", "V1", "Changed on both sides.", "Make it the same.", "validation_failure"
    )
    plan = Shown("vendors", "vendors-1", (), problems=(problem,))
    print_plan(plan, everything=False)
    told = "".join(capsys.readouterr()) + read(page([plan], "C", "erp", NOW)).text
    assert "Changed on both sides." in told
    assert "in step" not in told.casefold()


def test_a_long_plan_says_what_it_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    plan = Shown("vendors", "vendors-1", tuple(row(code=f"V{n}") for n in range(10_000)))
    print_plan(plan, everything=False)
    shown = capsys.readouterr().out
    assert "and 9,950 more" in shown
    assert "create 10,000" in shown
    assert f"V{MOST_ROWS - 1} " in shown
    assert f"V{MOST_ROWS} " not in shown


def test_with_all_it_leaves_nothing_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(Shown("vendors", "v", tuple(row(code=f"V{n}") for n in range(60))), everything=True)
    shown = capsys.readouterr().out
    assert "V59" in shown
    assert "more" not in shown


def test_a_name_is_no_markup_on_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(Shown("accounts", "d", (row(name="[bold]Rent[/bold]\x1b[31m"),)), everything=False)
    shown = capsys.readouterr().out
    assert "[bold]Rent[/bold]" in shown
    assert "\x1b" not in shown


def test_every_action_has_words() -> None:
    assert set(ACTIONS) == set(Action.__args__)  # type: ignore[attr-defined]  # of a Literal


def test_a_change_is_shown_field_by_field() -> None:
    before = Existing("p-1", "100", " Old  name", fields=(("rate", "0.2"),))
    after = Desired("e-1", "100", "New name", fields=(("rate", "0.25"), ("type", "inclusive")))
    found = row_of(Change("tax_codes", "update", "e-1", before, after, "name, rate"), {})
    assert found.fields == (("name", " Old  name", "New name"), ("rate", "0.2", "0.25"), ("type", "", "inclusive"))
    same = dataclasses.replace(after, name="Old name", fields=(("rate", "0.2"),))
    assert row_of(Change("tax_codes", "update", "e-1", before, same, ""), {}).fields == (), "spaces alone are none"


def test_a_value_names_its_dimension() -> None:
    change = Change("tags", "create", "d-1/v-1", None, Desired("d-1/v-1", "100", "Sales", "d-1"), "new")
    assert row_of(change, {"d-1": "COST"}).parent == "COST"
    assert row_of(change, {}).parent == "d-1"


def test_what_the_limits_say_is_shown() -> None:
    existing = [Existing(f"p{n}", str(n), f"Name {n}", external_id=f"e{n}") for n in range(10)]
    desired = [Desired(f"e{n}", str(n), f"Other {n}") for n in range(10)]
    plan = make_plan(Comparison(kind="accounts", desired=desired, existing=existing))
    assert isinstance(shown_of("accounts", plan, Settings()).refused, TooManyChanges)
    assert shown_of("accounts", plan, Settings(sync_max_percent=100)).refused is None
