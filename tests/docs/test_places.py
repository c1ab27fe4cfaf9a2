"""A message says nothing that is true in one place alone: commands stand apart, for the command line only."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from typer.main import get_command

from kontobro.cli.app import app
from kontobro.core.errors import Misconfigured

SOURCES = Path(__file__).resolve().parents[2] / "src" / "kontobro"

COMMAND = re.compile(r"\bkontobro [a-z][a-z-]+\b|(?<![\w-])--[a-z][a-z-]+")

OF_A_PLACE = ("cli_", "operator_")
"""How names in the catalogue begin whose words the command line alone says, or an administrator alone reads."""

OWN = {"cli", "testing"}
"""Folders of the command line, and of people who develop connectors."""

ADMINISTRATORS = {
    "service/config.py",
    "web/server/serving.py",
    "health/installation.py",
    "web/connection/settings.py",
    "web/templates/account/signup_closed.html",
    "web/members/first_visit_void.html",
    "service/demo/sandbox_process.py",  # arguments of another program
    "service/demo/ledger.py",
    "web/demo/running.py",
}
"""What an administrator types on the machine of the service; no page can do it."""

TECHNICAL = {
    "web/mails/letters.py",  # a salt
    "service/pace.py",  # names of locks and sessions
    "service/demo/sandbox_process.py",  # how another process is started
    "web/demo/running.py",
    "store/engines/advisory.py",
    "worker/life.py",
    "worker/waking.py",  # names of sessions
    "worker/vitals.py",
    "erp/kit/receipts.py",  # marks in books
    "erp/tryton/entries.py",
    "erp/kit/registration.py",  # the flags themselves
    "install/loopback.py",  # a login that only a command line makes
    "core/settings/toml.py",  # one key at a time is set on the command line alone
    "pleo/documented/switches.py",  # the head of a file that a command writes
    *(f"pleo/probe/{name}.py" for name in ("ground", "on_job", "items", "reading", "run")),  # for a command alone
}


def texts_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text but docstrings and what is given to `by`."""
    left = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            left.add(node.value)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "by":
            left |= {inner for given in node.args for inner in ast.walk(given)}
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant | ast.JoinedStr):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Name) and target.id in ("again", "TAKE_OVER", "flag"):
                left |= set(ast.walk(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in left:
            yield node.lineno, node.value


def named_outside_the_command_line() -> list[str]:
    found = []
    for path in sorted(SOURCES.rglob("*.py")):
        name = path.relative_to(SOURCES).as_posix()
        if name.partition("/")[0] in OWN or name in ADMINISTRATORS | TECHNICAL:
            continue
        for line, text in texts_of(ast.parse(path.read_text("utf-8"))):
            found += [f"{name}:{line}: {hit}" for hit in COMMAND.findall(text)]
    for path in sorted(SOURCES.rglob("*.html")):
        name = path.relative_to(SOURCES).as_posix()
        if name not in ADMINISTRATORS and name.partition("/")[0] not in OWN:
            found += [f"{name}: {hit}" for hit in COMMAND.findall(re.sub(r"<!--.*?-->", "", path.read_text("utf-8")))]
    words = tomllib.loads((SOURCES / "core" / "words" / "english.toml").read_text("utf-8"))
    for section in ("error", "phrase"):
        words[section] = {name: said for name, said in words[section].items() if not name.startswith(OF_A_PLACE)}
    return found + [f"english.toml: {hit}" for hit in COMMAND.findall(str(words))]


def test_words_of_one_place_are_said_there_alone() -> None:
    """`cli_…` by the command line, `operator_…` also where an administrator reads."""
    for path in sorted(SOURCES.rglob("*.py")):
        name = path.relative_to(SOURCES).as_posix()
        said = set(re.findall(r"\"((?:cli|operator)_\w+)\"", path.read_text("utf-8")))
        if name.partition("/")[0] not in OWN:
            assert {one for one in said if not (one.startswith("operator_") and name in ADMINISTRATORS)} == set(), name


def test_no_message_of_both_places_names_a_command() -> None:
    assert named_outside_the_command_line() == []


def test_each_command_that_a_fault_names_exists() -> None:
    known = set(commands_of(get_command(app)))
    named = []
    for path in sorted(SOURCES.rglob("*.py")):
        for said in re.findall(
            r"(?:\.by\(\s*f?|TAKE_OVER: Final = |again = f)\"(kontobro [^\"]+)\"", path.read_text("utf-8")
        ):
            words = re.split(r" (?=[{\-A-Z…]|without)", said.removeprefix("kontobro "))[0]
            named.append(said)
            assert words in known, said
            verb = get_command(app)
            for word in words.split():
                verb = verb.commands[word]  # type: ignore[attr-defined]
            flags = {flag for parameter in verb.params for flag in parameter.opts}
            assert set(re.findall(r"--[a-z-]+", said)) <= flags, said
    assert len(named) > 10


def commands_of(group: object, before: str = "") -> Iterator[str]:
    for name, one in getattr(group, "commands", {}).items():
        yield f"{before}{name}"
        yield from commands_of(one, f"{before}{name} ")


def test_a_page_shows_no_command_and_the_command_line_does(capsys: object) -> None:
    from kontobro.cli.common.show import say_fault

    fault = Misconfigured("Document 7 was delivered.", "Check whether it arrived.").by("kontobro documents deliver 7")
    assert "kontobro" not in str(fault)
    say_fault(fault.message, fault.remedy, fault.command)
    assert "→ kontobro documents deliver 7" in capsys.readouterr().err  # type: ignore[attr-defined]
