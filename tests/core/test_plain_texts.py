"""What a person reads besides errors: findings, suggestions, the command line. None is said in English alone.

The sources are read, as `test_plain_errors.py` reads them for errors.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kontobro.cli.common.tables import HEADS
from tests.core.test_plain_errors import MARKS, name_of, sources

SAID = {
    "Finding": (2, 3),
    "Suggestion": (3,),
    "say": (0,),
    "tell": (0,),
    "say_fault": (0, 1),
    "BadParameter": (0,),
    "confirm": (0,),
    "prompt": (0,),
    "asked_secret": (0,),
}
"""Who says something to a person, and which of the arguments are said."""

IN = {"Finding": "health", "Suggestion": "core"}
"""The folder of what is not the command line's."""

COMMANDS = re.compile(
    r"kontobro|pip |fava|SHA-256|Pleo|bean-check|export |sync status|bookings|connect|--\w+( \w+)?|"
    r"summary\.json|chmod [\w-]+"
)
"""What is typed, and names: the same in every language."""
WORD = re.compile(r"[^\W\d_]{3,}")


def said_plainly(node: ast.expr) -> Iterator[str]:
    """The words of a text that stand outside of a mark."""
    match node:
        case ast.Constant(value=str(text)):
            if WORD.search(COMMANDS.sub("", text)):
                yield text
        case ast.JoinedStr(values=values):
            for part in values:
                yield from said_plainly(part)
        case ast.BinOp(left=left, right=right):
            yield from said_plainly(left)
            yield from said_plainly(right)
        case ast.IfExp(body=body, orelse=orelse):
            yield from said_plainly(body)
            yield from said_plainly(orelse)
        case ast.FormattedValue(value=value):
            yield from said_plainly(value)
        case ast.Call(func=ast.Attribute(value=ast.Constant() as text, attr="format" | "join")):
            yield from said_plainly(text)


def plain_texts(tree: ast.Module, folder: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (places := SAID.get(name_of(node.func))) is not None:
            if folder != IN.get(name_of(node.func), "cli"):
                continue
            said = [node.args[place] for place in places if place < len(node.args)]
            said += [one.value for one in node.keywords if one.arg in ("message", "remedy", "why")]
            yield from (f"{node.lineno}: {text}" for one in said for text in said_plainly(one))


def test_nothing_is_said_in_english_alone() -> None:
    """Else: `worded("the_name", fact=...)` below `cli/`, `_("...").format(fact=...)` in it; then `make words`."""
    found = {name: list(plain_texts(tree, name.partition("/")[0])) for name, tree in sources().items()}
    assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ('show.say("Nothing is due.")', True),
        ('show.say(f"  {count} to fix")', True),
        ('show.say("  " + _("Nothing is due."))', False),
        ('show.say("  {}".format(name))', False),
        ('show.say("{} of them".format(name))', True),
        ('typer.confirm(f"Delete {name}?")', True),
        ('show.say(f"  kontobro connect --url {url}")', False),
    ],
)
def test_a_plain_text_is_found(source: str, *, plain: bool) -> None:
    assert bool(list(plain_texts(ast.parse(source), "cli"))) is plain


def heads_of(tree: ast.Module) -> Iterator[ast.expr]:
    """What `sheet` is given: its heads, those in a variable too, and its title."""
    kept = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple) and isinstance(node.targets[0], ast.Name):
            kept[node.targets[0].id] = node.value.elts
        if isinstance(node, ast.Call) and name_of(node.func) == "sheet" and isinstance(node.func, ast.Name):
            for one in node.args:
                yield from kept.get(name_of(one.value), [one.value]) if isinstance(one, ast.Starred) else [one]


def test_every_column_has_a_name_in_every_language() -> None:
    heads = [
        head.value
        for name, tree in sources().items()
        if name.startswith("cli/")
        for head in heads_of(tree)
        if isinstance(head, ast.Constant) and head.value not in ("", "Pleo")
    ]
    assert len(heads) > 60
    assert set(heads) == set(HEADS)


def test_every_title_of_a_table_is_marked() -> None:
    for name, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name_of(node.func) == "sheet" and name.startswith("cli/"):
                titles = [one.value for one in node.keywords if one.arg == "title"]
                assert [text for one in titles for text in said_plainly(one)] == [], name


def test_every_act_of_the_trail_is_in_the_catalogue() -> None:
    """What `Member.note` is given, or another function that hands it on."""
    from kontobro.web.organisation.acts import ACTS, COPIED

    handed_on = {"_save": 4, "_take": 4, "_keep": 4, "_note_there": 1}
    said: set[str] = set()
    for name, tree in sources().items():
        if not name.startswith("web/"):
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            place = 0 if name_of(node.func) == "note" else handed_on.get(name_of(node.func))
            given = [node.args[place]] if place is not None and place < len(node.args) else []
            given += [
                one.value
                for one in node.keywords
                if one.arg == "action" and name_of(node.func) in ("create", "AuditEvent")
            ]
            said |= {text for one in given for text in literals(one)}
    assert {text for text in said if not text.startswith(COPIED)} == ACTS


def literals(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from literals(body)
            yield from literals(orelse)
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            yield text


SHOWN = re.compile(r"\{\{\s*(\w+)(?:\.\w+)*\.(?:message|remedy|why|fault)\b[^}]*\}\}")
"""A template's way to show a problem, an error, a finding or a reason as it is: in English."""
PUT = re.compile(r"\{% said [^%]+ as (\w+) %\}|\{\{ (\w+)\.lang \}\}")
OF_MAILS = frozenset({"web/mails/letter.html"})
"""Templates in which `message` is an email."""


def test_no_page_shows_the_english_of_what_has_words_in_every_language() -> None:
    """Else: `{% said one.message as it %}<span{{ it.lang }}>{{ it }}</span>`."""
    folder = Path(__file__).parents[2] / "src" / "kontobro"
    for path in sorted((folder / "web").rglob("*.html")):
        if path.relative_to(folder).as_posix() in OF_MAILS:
            continue
        text = path.read_text(encoding="utf-8")
        known = {"todo", *(name for found in PUT.findall(text) for name in found)}
        assert [found[0] for found in SHOWN.finditer(text) if found[1] not in known] == [], path


def test_the_marks_are_those_of_errors() -> None:
    assert {"_", "told", "worded", "phrase"} <= MARKS
