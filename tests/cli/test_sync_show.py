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
from kontobro.core.model.bindings import Binding
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
    found = row_of(Change("tax_codes", "update", "e-1", before, after, "name, rate"), parents={})
    assert found.fields == (("name", " Old  name", "New name"), ("rate", "0.2", "0.25"), ("type", "", "inclusive"))
    same = dataclasses.replace(after, name="Old name", fields=(("rate", "0.2"),))
    alike = row_of(Change("tax_codes", "update", "e-1", before, same, ""), parents={})
    assert alike.fields == (), "spaces alone are none"


def test_a_value_names_its_dimension() -> None:
    change = Change("tags", "create", "d-1/v-1", None, Desired("d-1/v-1", "100", "Sales", "d-1"), "new")
    assert row_of(change, parents={"d-1": "COST"}).parent == "COST"
    assert row_of(change, parents={}).parent == "d-1"


def test_what_the_limits_say_is_shown() -> None:
    existing = [Existing(f"p{n}", str(n), f"Name {n}", external_id=f"e{n}") for n in range(10)]
    desired = [Desired(f"e{n}", str(n), f"Other {n}") for n in range(10)]
    plan = make_plan(Comparison(kind="accounts", desired=desired, existing=existing))
    assert isinstance(shown_of("accounts", plan, Settings()).refused, TooManyChanges)
    assert shown_of("accounts", plan, Settings(sync_max_percent=100)).refused is None


# --------------------------------------------------------------------------- one row a record, before and after


def planned(existing: list[Existing], desired: list[Desired], bindings: list[Binding], **more: object) -> Shown:
    comparison = Comparison(kind="tax_codes", desired=desired, existing=existing, bindings=bindings)
    plan = make_plan(dataclasses.replace(comparison, **more))  # type: ignore[arg-type]  # its own fields
    return shown_of("tax-codes", plan, Settings(sync_max_percent=100))


def bound(erp_id: str, pleo_id: str, code: str) -> Binding:
    return Binding("tax_codes", erp_id, pleo_id, "created", code)


def test_a_record_that_is_taken_over_and_changed_is_one_row() -> None:
    (found,) = planned([Existing("p1", "I25", "Moms", archived=True)], [Desired("e1", "I25", "Input VAT")], []).rows
    assert (found.action, found.also) == ("adopt", ("unarchive",))
    assert found.fields == (
        ("state", "archived", "active"), ("managed_by", "others", "Kontobro"), ("name", "Moms", "Input VAT")
    )  # fmt: skip
    assert found.means == "already in Pleo; Kontobro manages it from now on; comes back from Pleo's archive"


def test_codes_that_change_hands_are_a_row_each_from_the_old_code_to_the_new() -> None:
    shown = planned(
        [Existing("p1", "A", "One"), Existing("p2", "B", "Two")],
        [Desired("e1", "B", "One"), Desired("e2", "A", "Two")],
        [bound("e1", "p1", "A"), bound("e2", "p2", "B")],
    )
    assert [(row.action, row.fields) for row in sorted(shown.rows, key=lambda row: row.code)] == [
        ("update", (("code", "A", "B"),)),
        ("update", (("code", "B", "A"),)),
    ]
    assert shown.counts == {"update": 2}


def test_every_row_says_before_and_after() -> None:
    shown = planned(
        [Existing("p1", "A", "One"), Existing("p2", "B", "Two"), Existing("p3", "C", "Old")],
        [Desired("e1", "A", "First"), Desired("e2", "B", "Two"), Desired("e4", "D", "New", fields=(("rate", "0.25"),))],
        [bound("e1", "p1", "A"), bound("e3", "p3", "C")],
    )
    assert {row.action: row.fields for row in shown.rows} == {
        "create": (("state", "", "active"), ("code", "", "D"), ("name", "", "New"), ("rate", "", "0.25")),
        "adopt": (("managed_by", "others", "Kontobro"),),
        "update": (("name", "One", "First"),),
        "archive": (("state", "active", "archived"),),
    }
    assert all(row.fields for row in shown.rows)


def test_a_record_that_gives_its_code_away_and_goes_is_one_row() -> None:
    shown = planned(
        [Existing("p1", "A", "Old"), Existing("p2", "B", "New")],
        [Desired("e2", "A", "New")],
        [bound("e1", "p1", "A"), bound("e2", "p2", "B")],
    )
    rows = {row.action: row for row in shown.rows}
    assert shown.counts == {"update": 1, "archive": 1}
    assert rows["archive"].fields[0] == ("state", "active", "archived")
    assert rows["archive"].fields[1][:2] == ("code", "A")
    assert rows["update"].fields == (("code", "B", "A"),)


def test_what_only_notes_that_a_record_is_ours_is_no_change() -> None:
    intent = Binding("tax_codes", "e1", None, "created", "A")
    shown = planned([Existing("p1", "A", "One")], [Desired("e1", "A", "One")], [intent])
    assert (shown.rows, shown.possible, shown.decisions) == ((), False, {})


def test_only_what_a_person_has_to_decide_asks() -> None:
    adopted = planned([Existing("p1", "A", "One")], [Desired("e1", "A", "One")], [])
    assert (adopted.decisions, adopted.asks) == ({"adopt": 1}, True)
    new = planned([], [Desired("e1", "A", "One")], [])
    assert (new.possible, new.decisions, new.asks) == (True, {}, False)
    strange = planned([Existing("p9", "Z", "Theirs")], [Desired("e1", "A", "One")], [], archive=True)
    assert strange.decisions == {"archive": 1}
    waits = planned([Existing("p9", "Z", "Theirs")], [Desired("e1", "A", "One")], [], archive=True, adopt=False)
    assert [row.decides for row in waits.waiting] == ["Should it be archived in Pleo? Kontobro did not create it."]
    assert waits.decisions == {}
