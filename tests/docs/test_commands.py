"""Every `kontobro` command that a page shows is one that the command line knows, options included."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from kontobro.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CONSOLE = re.compile(r"^```console[^\n]*\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def shown_commands() -> Iterator[tuple[str, str]]:
    """Every `$ kontobro ...` line of the pages: page, and what follows the name."""
    for page in PAGES:
        for body in CONSOLE.findall(page.read_text(encoding="utf-8")):
            for line in re.findall(r"^\$ kontobro (.*)$", body, re.MULTILINE):
                yield str(page.relative_to(ROOT)), line


SHOWN = list(shown_commands())


def flags(command: Any) -> set[str]:
    """The options of a command, and `--help`."""
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}


def test_the_readme_shows_commands() -> None:
    assert {line.split()[0] for page, line in SHOWN if page == "README.md"} >= {"connect", "check", "export"}


@pytest.mark.parametrize(("page", "line"), SHOWN)
def test_a_shown_command_exists(page: str, line: str) -> None:
    command: Any = typer.main.get_command(app)
    known = flags(command)
    for word in shlex.split(line, comments=True):
        if word.startswith("-"):
            assert word.partition("=")[0] in known, f"{page}: kontobro {line}: no option {word}"
        elif hasattr(command, "commands"):
            assert word in command.commands, f"{page}: kontobro {line}: no verb {word}"
            command = command.commands[word]
            known |= flags(command)


def verbs(command: Any, path: str = "") -> Iterator[str]:
    """Every verb, and every verb of a verb."""
    for name, one in getattr(command, "commands", {}).items():
        yield f"{path} {name}"
        yield from verbs(one, f"{path} {name}")


@pytest.mark.parametrize("verb", list(verbs(typer.main.get_command(app))))
def test_every_verb_is_documented(verb: str) -> None:
    assert f"kontobro{verb}" in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
