"""No error is raised with words that only English readers have: `raise Misconfigured(*told("the_name", fact=...))`.

The sources are read, so that a new one can't come back. Pages and the command line mark theirs with `_` or `gettext`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import kontobro

SOURCE = Path(kontobro.__file__).parent

OPERATORS = {
    "pleo/webhooks.py": "answers to what pretends to be Pleo: in the log alone",
    "web/connection/webhooks.py": "likewise",
    "web/server/ready.py": "said where the service is started",
    "web/server/serving.py": "said where the service is started",
    "service/config.py": "said where the service is started",
    "service/reach.py": "said where the service is started",
    "service/metrics/counters.py": "said where the service is started",
    "service/demo/ledger.py": "said where the service is started",
    "service/demo/sandbox_process.py": "said where the service is started",
    "testing/connector/memory.py": "a connector for tests",
}
"""Files whose errors only who runs the service reads, and why."""


OF_OTHERS = {
    "erp/beancount/load/apart.py": "what a process of ours said comes in three parts",
    "web/connection/views.py": "marked on the line before",
    "web/demo/company.py": "problems of our own demo settings",
}
"""Files whose words were marked elsewhere."""

MARKS = frozenset("told _ gettext ngettext pgettext gettext_lazy Noted Phrase phrase worded placed part_of".split())
NO_WORDS = frozenset({"PrivateAddress", "Refused"})
"""Errors whose arguments are no sentences of ours."""


@cache
def sources() -> dict[str, ast.Module]:
    files = sorted(SOURCE.rglob("*.py"))
    return {file.relative_to(SOURCE).as_posix(): ast.parse(file.read_text(encoding="utf-8")) for file in files}


@cache
def errors() -> frozenset[str]:
    """Every class below KontobroError, in any file."""
    bases = {
        node.name: {name_of(base) for base in node.bases}
        for tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {"KontobroError"}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return frozenset(found)


def name_of(node: ast.expr) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))


def is_plain(node: ast.expr) -> bool:
    """A text that says something, or a variable that holds one, outside of a mark. Constants are looked at where they
    are used in a mark, and what another error says has been said by it."""
    match node:
        case ast.Starred() | ast.Attribute():
            return False
        case ast.Call(func=func, args=args):
            return name_of(func) not in MARKS and any(map(is_plain, args))
        case ast.Name(id=name):
            return not name.isupper()
        case ast.Constant(value=value):
            return isinstance(value, str) and " " in value.strip()
        case ast.JoinedStr():
            return True
        case ast.BinOp(left=left):
            return is_plain(left)
        case ast.IfExp(body=body, orelse=orelse):
            return is_plain(body) or is_plain(orelse)
    return False


@cache
def makers() -> frozenset[str]:
    """Functions that return an error: their texts are its words (`wrong(file, "it is empty", "Give another.")`)."""
    return frozenset(
        node.name
        for tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.returns is not None and name_of(node.returns) in errors()
    )


def is_text(node: ast.expr) -> bool:
    """A text of several words itself: what a variable holds is looked at where it is made."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.Constant) and " " in str(part.value).strip() for part in node.values)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip()


def test_what_makes_an_error_is_given_no_plain_words() -> None:
    """Else: `phrase("the_name", fact=...)`, and the words in `english.toml`, section `phrase`."""
    found = [
        f"{name}:{node.lineno}: {ast.unparse(node)}"
        for name, tree in sources().items()
        if name not in {*OPERATORS, *OF_OTHERS}
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name_of(node.func) in makers() - {"fault"} and any(map(is_text, node.args))
    ]
    assert "wrong" in makers()
    assert found == []


def plain_errors(tree: ast.Module, known: frozenset[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known - NO_WORDS:
            words = [*node.args[:2], *(one.value for one in node.keywords if one.arg in ("message", "remedy"))]
            starred = any(isinstance(one, ast.Starred) for one in words)
            if not starred and any(map(is_plain, words)):
                yield f"{node.lineno}: {ast.unparse(node)}"


def test_an_error_says_its_words_in_every_language() -> None:
    """Else: put its message and remedy in `english.toml`, as `error.the_name`, and `raise ...(*told("the_name"))`."""
    plain = {name: found for name, tree in sources().items() if (found := list(plain_errors(tree, errors())))}
    listed = {*OPERATORS, *OF_OTHERS}
    assert {name: found for name, found in plain.items() if name not in listed} == {}
    assert listed <= set(plain), "no longer plain: take it out of the list"


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ('raise Busy("It is held.", "Wait.")', True),
        ('raise Busy(f"{name} is held.")', True),
        ("raise Busy(message, remedy)", True),
        ('raise Busy(_("It is held.") % {"n": 1}, "Wait until it ends.")', True),
        ('raise Busy(_("It is held.") % {"n": 1}, _("Wait."))', False),
        ('raise Busy(*told("held", name=name))', False),
        ("raise Busy(other.message, other.remedy)", False),
        ('raise ValueError("It is held.")', False),
    ],
)
def test_a_plain_text_is_found(source: str, *, plain: bool) -> None:
    assert bool(list(plain_errors(ast.parse(source), frozenset({"Busy"})))) is plain
