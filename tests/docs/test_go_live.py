"""What the page on going live points to exists: files, folders, and the commands of its checklists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from kontobro.cli.app import app
from tests.docs.test_commands import flags

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "service" / "go-live.md").read_text(encoding="utf-8")
POINTERS = sorted(set(re.findall(r"`((?:src|tests|requirements|scripts)/[^`]*)`", PAGE)))
COMMANDS = sorted(set(re.findall(r"`kontobro ([^`]+)`", PAGE)))


@pytest.mark.parametrize("pointer", POINTERS)
def test_what_is_pointed_to_exists(pointer: str) -> None:
    assert (ROOT / pointer).exists()


def test_there_are_pointers_and_commands() -> None:
    assert len(POINTERS) > 20
    assert len(COMMANDS) > 15


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_checklists_exists(line: str) -> None:
    command: Any = get_command(app)
    known = flags(command)
    for word in line.split():
        if word.startswith("--"):
            assert word in known, word
        elif hasattr(command, "commands"):
            assert word in command.commands, word
            command = command.commands[word]
            known |= flags(command)


def test_the_addresses_to_register_are_the_services_own() -> None:
    urls = (ROOT / "src" / "kontobro" / "web" / "urls.py").read_text(encoding="utf-8")
    shown = re.findall(r"`https://YOUR\.ADDRESS/([a-z/]+)…?`", PAGE)
    assert len(shown) == 4
    assert [each for each in shown if f'path("{each}' not in urls] == []
