"""`kontobro settings`: show, set, export to and import from a TOML file; nothing wrong is ever stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext, cli_of
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.words import _, problem_words
from kontobro.cli.settings import suggest as settings_suggest
from kontobro.cli.settings.apply import apply_settings, masters_of, read_toml, with_level_kept
from kontobro.core.errors import Problem

if TYPE_CHECKING:
    from kontobro.core.model.connection import Connection
    from kontobro.core.model.masters import Masters

app = typer.Typer(
    help="Show and change a company's settings. What each setting does: kontobro settings set --help",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Offline = Annotated[
    bool, typer.Option("--offline", help="Don't check in the accounting system that the accounts exist.")
]


@app.command(name="show")
def show_settings(context: typer.Context, as_json: AsJson = False) -> None:
    """Show all settings in TOML format."""
    from kontobro.core.settings.toml import settings_to

    settings = settings_to(cli_of(context).connection().settings)
    if as_json:
        show.emit(settings)
    else:
        typer.echo(_toml(settings), nl=False)


class WithSettings(TyperCommand):
    """Its help ends with every setting, read only when a person asks for help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from kontobro.core.settings.catalogue import catalogue

        self.epilog = "\n\n".join(f"{key} – {entry.in_words}" for key, entry in catalogue().items())
        super().format_help(ctx, formatter)


@app.command(name="set", cls=WithSettings)
def set_one(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="wallet, closed_period, wallets.EUR, dimensions.TEAM ...")],
    value: Annotated[str, typer.Argument(help='The new value; "" removes the setting.')],
    offline: Offline = False,
    as_json: AsJson = False,
) -> None:
    """Change one setting, if the result is valid. Stored IDs are replaced by codes."""
    from kontobro.core.settings.check import check_stored
    from kontobro.core.settings.codes import in_codes
    from kontobro.core.settings.toml import settings_to, with_change

    cli = cli_of(context)
    connection = cli.connection()
    masters = None if offline else masters_of(cli, connection)
    held = in_codes(connection.settings, masters)[0] if masters else connection.settings
    changed = with_change(settings_to(held), key, value)
    # A new connection lacks several settings: one at a time must be possible.
    before = check_stored(connection.settings, masters) if masters else ()
    known = [problem for problem in before if (problem.code, problem.field) != ("setting_is_id", f"settings.{key}")]
    _store(cli, connection, changed, known, masters, as_json=as_json)


app.command(name="suggest")(settings_suggest.run)


@app.command(name="export")
def export_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The TOML file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write all settings to a TOML file. It contains no secrets."""
    from kontobro.core.settings.toml import settings_to

    if file.exists() and not force:
        raise typer.BadParameter(_("{file} already exists; --force replaces it.").format(file=file))
    file.write_text(_toml(settings_to(cli_of(context).connection().settings)), encoding="utf-8")
    show.say(_("Settings written to {file}.").format(file=file))


@app.command(name="import")
def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A TOML file written by kontobro settings export.")],
    offline: Offline = False,
    as_json: AsJson = False,
) -> None:
    """Replace all settings with those of a TOML file, if they are valid. What is synced is kept unless the file sets
    it."""
    cli = cli_of(context)
    connection = cli.connection()
    wanted = with_level_kept(connection, read_toml(file))
    _store(cli, connection, wanted, (), None if offline else masters_of(cli, connection), as_json=as_json)


def _store(
    cli: CliContext,
    connection: Connection,
    wanted: Mapping[str, object],
    known: Sequence[Problem],
    masters: Masters | None,
    *,
    as_json: bool,
) -> None:
    problems = apply_settings(cli, connection, wanted, known, masters)
    if as_json:
        from kontobro.cli.common.shapes import problems_shape

        show.emit({"stored": not problems, "problems": problems_shape(problems)})
    elif problems:
        for problem in problems:
            show.say_fault(*problem_words(problem))
        show.tell(_("Nothing was changed."))
    else:
        show.say(_("Settings saved."))
    if problems:
        raise typer.Exit(Exit.NEEDS_FIX)


HEAD = """\
# Settings of Kontobro. Put single settings above the first [table]; add tables and [[rows]] at the end.
"""


def _toml(settings: Mapping[str, object]) -> str:
    """The settings in the form of the documentation's examples, so that those can be added to it: single values first,
    no empty table, each row under [[rows]]. Above each is what it is."""
    import tomli_w

    from kontobro.core.settings.catalogue import catalogue

    given = {key: value for key, value in settings.items() if value is not None and value != {}}
    rows = given.pop("rows", None)
    ordered = sorted(given.items(), key=lambda pair: isinstance(pair[1], Mapping))
    written = [f"# {catalogue()[key].in_words}\n{tomli_w.dumps({key: value})}" for key, value in ordered]
    if isinstance(rows, list | tuple):
        written += [f"[[rows]]\n{tomli_w.dumps(row)}" for row in rows]
    return "\n".join([HEAD, *written])
