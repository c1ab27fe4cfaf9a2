"""`kontobro --help` loads nothing heavy, and the page names every verb and option."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from kontobro.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("django", "httpx2", "msgspec", "beancount", "oauthlib", "babel", "cryptography", "tenacity")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom kontobro.cli.app import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        f"print(sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr)"
    )
    variables = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=variables, check=True)
    assert ran.stderr.strip() == "[]"
    assert "Exit codes" in ran.stdout


def commands(command: Any, name: str = "kontobro") -> Iterator[tuple[str, Any]]:
    for verb, inner in getattr(command, "commands", {}).items():
        yield f"{name} {verb}", inner
        yield from commands(inner, f"{name} {verb}")


def sections() -> dict[str, str]:
    """The page's text by verb."""
    parts = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8").split("\n## ")
    return {part.partition("\n")[0]: part for part in parts}


@pytest.mark.parametrize(("name", "command"), list(commands(typer.main.get_command(app))))
def test_the_page_names_every_option(name: str, command: Any) -> None:
    section = sections()[" ".join(name.split()[:2])]
    missing = [
        option
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--") and option != "--help" and f"`{option}" not in section
    ]
    assert missing == []
    assert name in section


def test_the_page_names_every_global_option() -> None:
    page = next(iter(sections().values()))
    options = [option for parameter in typer.main.get_command(app).params for option in parameter.opts]
    assert [option for option in options if option != "--help" and f"`{option}`" not in page] == []
