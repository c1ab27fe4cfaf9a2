"""What people expect of any command line: help, completion, global options anywhere, odd terminals, missing extras."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kontobro.cli.app import app, globals_first
from kontobro.cli.common.context import CliContext
from kontobro.cli.common.extras import MODULES, extra_of
from tests.cli.fakes import Bench

ROOT = Path(__file__).resolve().parents[2]


def test_global_options_may_stand_after_the_verb(bench: Bench) -> None:
    bench.connect("--name", "fjord")
    assert bench.run("jobs", "--connection", "fjord").exit_code == 0
    unknown = bench.run("jobs", "--json", "--connection=nobody")
    assert unknown.exit_code == 2
    assert "nobody" in unknown.stderr


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["jobs", "--connection", "a", "--all"], ["--connection", "a", "jobs", "--all"]),
        (["sync", "plan", "--home=x", "-v"], ["--home=x", "-v", "sync", "plan"]),
        (["settings", "set", "wallet", "--", "--connection"], ["settings", "set", "wallet", "--", "--connection"]),
        (["jobs", "--connection"], ["--connection", "jobs"]),
    ],
)
def test_only_global_options_are_moved(typed: list[str], meant: list[str]) -> None:
    assert globals_first(typed) == meant


@pytest.mark.parametrize("words", [["-h"], ["export", "-h"], ["sync", "plan", "-h"], ["settings", "-h"]])
def test_minus_h_is_help(words: list[str]) -> None:
    result = CliRunner().invoke(app, words, obj=CliContext())
    assert result.exit_code == 0
    assert "Usage: " in result.stdout


def test_verbs_are_in_groups_with_examples() -> None:
    shown = CliRunner().invoke(app, ["--help"], obj=CliContext(), env={"COLUMNS": "120"}).stdout
    for panel in ("Connect and manage", "Book and check", "Settings and master data", "Run"):
        assert panel in shown
    assert "Example: kontobro export --watch" in CliRunner().invoke(app, ["export", "--help"], obj=CliContext()).stdout


def test_a_shell_can_complete() -> None:
    asked = os.environ | {"_KONTOBRO_COMPLETE": "complete_bash", "COMP_WORDS": "kontobro tie", "COMP_CWORD": "1"}
    done = python("from kontobro.cli import main; import sys; sys.argv=['kontobro']; main()", asked)
    assert done.stdout.split() == ["tie-out"]


def python(code: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    variables = variables | {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=variables, check=False, timeout=60
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "utf-8"])
def test_no_output_encoding_ends_it(tmp_path: Path, encoding: str) -> None:
    shown = python(
        "import sys; sys.argv=['kontobro', '--home', sys.argv[1], 'jobs']\nfrom kontobro.cli import main; main()",
        os.environ | {"PYTHONIOENCODING": encoding, "KONTOBRO_HOME": str(tmp_path / "København")},
    )
    assert shown.returncode != 7, shown.stderr
    code = "from kontobro.cli.common import show\nimport sys\nshow.emit({'name': 'Åse 💶'})"
    told = python(code, os.environ | {"PYTHONIOENCODING": encoding})
    assert json.loads(told.stdout.encode(encoding).decode(encoding)) == {"name": "Åse 💶"}


@pytest.mark.parametrize("verb", ["sandbox", "demo"])
def test_a_missing_extra_is_named(tmp_path: Path, verb: str) -> None:
    code = f"import sys; sys.modules['starlette'] = None; sys.argv = ['kontobro', '{verb}']\n"
    told = python(code + "from kontobro.cli import main; main()", os.environ | {"KONTOBRO_HOME": str(tmp_path)})
    assert told.returncode == 3, told.stderr
    assert "This needs kontobro[sandbox] (not installed: starlette)." in told.stderr
    assert "pip install" in told.stderr


def test_a_library_that_is_missing_in_the_middle_names_its_extra_too() -> None:
    code = "import sys; sys.modules['platformdirs'] = None; sys.argv = ['kontobro', '-v', 'jobs']\n"
    told = python(code + "from kontobro.cli import main; main()", dict(os.environ))
    assert told.returncode == 3, told.stderr
    assert "kontobro[app]" in told.stderr


def test_every_module_comes_with_the_extra_that_is_named() -> None:
    owners = packages_distributions()
    for extra, modules in MODULES.items():
        wanted = {
            canonical(each) for each in requires("kontobro") or () if f'extra == "{extra}"' in each.replace("'", '"')
        }
        for module in modules:
            assert extra_of(module) == extra
            assert {canonical(owner) for owner in owners[module]} & wanted, f"{module} is not of kontobro[{extra}]"


def canonical(requirement: str) -> str:
    """The name alone, as package registries compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[(]", requirement)[0]).lower()
