"""Renew what the documents repeat from the code: `python -m scripts.docs_from_code`, or `--check` whether it is stale.

The parts are between marks of cog (<https://cog.readthedocs.io/>), which call the functions below:

    <!-- [[[cog cog.out(verb("jobs")) ]]] -->
    <!-- [[[end]]] -->

`make fix` does it, and a test checks it. The other way round, the code of `kontobro connector new` comes from a page
(`scripts/connector_template.py`).
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any, get_args

import typer
from cogapp import Cog

from kontobro.cli.app import app
from kontobro.cli.common.exits import MEANINGS
from kontobro.core.words import catalogue
from scripts import connector_template, environment_page, settings_page

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    "docs/cli.md",
    "docs/documents/templates.md",
    "docs/problems.md",
    "docs/service/environment.md",
    "docs/settings.md",
)
PROLOGUE = "import cog; from scripts.docs_from_code import *"


def renewed(text: str) -> str:
    """A page with its generated parts as the code has them now."""
    cog = Cog()
    cog.options.prologue = PROLOGUE
    return str(cog.process_string(text))


def stale(pages: dict[str, str]) -> list[str]:
    """The names of the pages, given with their text, that are not as the code has them."""
    return [name for name, text in pages.items() if renewed(text) != text]


def table(*rows: tuple[str, ...]) -> str:
    """A table, its heads first."""
    head, *lines = ("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    return "\n".join(["", head, "|" + "---|" * len(rows[0]), *lines, "", ""])


def global_options() -> str:
    """The options that every verb takes."""
    return table(("global option", ""), *map(_row, _command().params))


@cache
def _command() -> Any:
    return typer.main.get_command(app)


def exit_codes() -> str:
    return table(("code", "meaning"), *((str(code.value), meaning) for code, meaning in MEANINGS.items()))


def verb(name: str) -> str:
    """A verb with its arguments, its help and its options. `name` may have two words: `sync plan`."""
    command = _command()
    for word in name.split():
        command = command.commands[word]
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    shown = " ".join(["kontobro", name, *(_placeholder(one) for one in arguments)])
    rows = [(f"`{_placeholder(one)}`", one.help) for one in arguments if getattr(one, "help", None)]
    head = ("argument or option" if rows else "option", "")
    return f"\n**`{shown}`**: {' '.join(command.help.split())}\n{table(head, *rows, *map(_row, options))}"


def reasons() -> str:
    """The codes that the posting rules and the settings give, by the reason that Pleo is given."""
    codes: dict[str, list[str]] = {}
    for code, reason in sorted(catalogue().reasons.items()):
        codes.setdefault(reason, []).append(f"`{code}`")
    return table(("reason reported to Pleo", "codes"), *((one, ", ".join(codes[one])) for one in sorted(codes)))


def points() -> str:
    """The data points of templates, and those that name something."""
    from kontobro.erp.files.template.columns.points import POINTS, PREFIXES

    kinds = {"date": "dates", "amount": "amounts", "number": "numbers", "code": "codes", "text": "texts"}
    rows = [
        (label, ", ".join(f"`{point.name}`" for point in POINTS.values() if point.kind == kind))
        for kind, label in kinds.items()
    ]
    return table(("kind", "data points"), *rows, *((f"`{name}.…`", what) for name, what in PREFIXES.items()))


def environment() -> str:
    """The service's variables."""
    return f"\n{environment_page.table()}\n"


def settings_tables() -> str:
    """The settings, a table a group."""
    return f"\n{settings_page.settings_tables()}\n"


def settings_rows() -> str:
    """The keys of a row of the posting table."""
    return f"\n{settings_page.rows_table()}\n"


def _placeholder(argument: Any) -> str:
    name = str(argument.metavar or argument.name.upper())
    return name.strip("[].") + "..." if argument.nargs == -1 else name.strip("[]")


def _row(option: Any) -> tuple[str, str]:
    flags = ", ".join(f"`{flag}`" for flag in sorted((*option.opts, *option.secondary_opts), key=_long_first))
    takes = "" if option.is_flag or option.count else f" {_takes(option)}"
    variable = f" Or set `{option.envvar}`." if option.envvar else ""
    return flags + takes, (option.help or "") + _default(option) + variable


def _long_first(flag: str) -> bool:
    return not flag.startswith("--")


def _takes(option: Any) -> str:
    """What a person types after the flag."""
    if option.metavar:
        return str(option.metavar)
    if option.min is not None and option.max is not None:
        return f"{option.min} to {option.max}"
    kinds = get_args(option.type_descriptor.annotation)
    if kinds and all(isinstance(kind, str) for kind in kinds):
        return ", ".join(kinds)
    words = {Path: "PATH", int: "NUMBER", float: "NUMBER"}
    return next((words[kind] for kind in (option.type_descriptor.annotation, *kinds) if kind in words), "TEXT")


def _default(option: Any) -> str:
    """What is used without it, where that is a plain value."""
    given = option.default
    if option.is_flag or not isinstance(given, str | int | float) or given == "":
        return ""
    return f" Default: `{given}`."


def main(arguments: list[str]) -> int:
    pages = {name: (ROOT / name).read_text(encoding="utf-8") for name in PAGES}
    if "--check" in arguments:
        old = [*stale(pages), *connector_template.stale()]
        print(f"Stale: {', '.join(old)}. Run: make fix" if old else "The documents are as the code has them.")
        return 1 if old else 0
    for name, text in pages.items():
        (ROOT / name).write_text(renewed(text), encoding="utf-8")
    connector_template.renew()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
