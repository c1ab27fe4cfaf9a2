"""`kontobro settings suggest`: proposed from the accounting system's own chart, stored when a person agrees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext, cli_of
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.tables import sheet
from kontobro.cli.common.words import _, note_words, problem_words

if TYPE_CHECKING:
    from kontobro.core.errors import Problem
    from kontobro.core.model.connection import Connection
    from kontobro.core.model.masters import Masters
    from kontobro.core.settings.suggest import Suggestion


def run(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Save the proposed settings without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; changes nothing without --yes.")] = False,
) -> None:
    """Propose accounts, journal and dimensions from your chart of accounts."""
    from kontobro.cli.dimensions import named_groups
    from kontobro.core.settings.suggest import suggest
    from kontobro.export.job.masters import load_masters

    cli = cli_of(context)
    connection = cli.connection()
    connector = cli.app.connector_for(connection)
    masters = load_masters(connector, connector.check())
    groups = named_groups(cli, connection) if len(masters.dimensions) else None
    found = suggest(connection.settings, masters, groups or ())
    if not as_json:
        _print(found)
    taken = any(one.changes for one in found) and _is_wanted(cli, yes=yes, as_json=as_json)
    problems = _store(cli, connection, found, masters) if taken else ()
    if as_json:
        show.emit(_shape(found, problems, stored=taken and not problems))
    else:
        _say_outcome(found, problems, taken=taken)
    if problems:
        raise typer.Exit(Exit.NEEDS_FIX)


def _is_wanted(cli: CliContext, *, yes: bool, as_json: bool) -> bool:
    """Whether the person takes it: said before, or asked where there is a terminal."""
    if yes or as_json or not cli.can_ask():
        return yes
    return typer.confirm(_("Save the proposed settings?"), default=False, err=True)


def _store(cli: CliContext, connection: Connection, found: Sequence[Suggestion], masters: Masters) -> Sequence[Problem]:
    """Store the proposals; problems that the settings had before are no reason not to."""
    from kontobro.cli.settings.apply import apply_settings
    from kontobro.core.settings.check import check_stored
    from kontobro.core.settings.codes import in_codes
    from kontobro.core.settings.toml import settings_to, with_change

    wanted = settings_to(in_codes(connection.settings, masters)[0])
    for one in found:
        if one.changes:
            wanted = with_change(wanted, one.setting, one.after)
    return apply_settings(cli, connection, wanted, check_stored(connection.settings, masters), masters)


def _print(found: Sequence[Suggestion]) -> None:
    rows = sheet("setting", "before", "after", "why", whole=["setting", "after"])
    for one in found:
        why = note_words(one.why)
        if one.candidates:
            why = _("{why} (or {others})").format(why=why, others="; ".join(one.candidates))
        rows.add_row(one.setting, one.before or "–", one.after or "?", show.plain(why))
    show.console().print(rows)


def _say_outcome(found: Sequence[Suggestion], problems: Sequence[Problem], *, taken: bool) -> None:
    for problem in problems:
        show.say_fault(*problem_words(problem))
    if taken:
        show.say(_("Nothing was changed.") if problems else _("Settings saved."))
    elif any(one.changes for one in found):
        show.say(_("Nothing was changed. To save the proposed settings: kontobro settings suggest --yes"))
    else:
        show.say(_("Nothing to change."))
    if unsure := [one.setting for one in found if not one.after]:
        said = _("Not proposed: {settings}. Set each with: kontobro settings set {first} CODE")
        show.say(said.format(settings=", ".join(unsure), first=unsure[0]))


def _shape(found: Sequence[Suggestion], problems: Sequence[Problem], *, stored: bool) -> dict[str, object]:
    from kontobro.cli.common.shapes import named, problems_shape

    suggestions = [named(one, "setting before after why candidates") for one in found]
    return {"stored": stored, "suggestions": suggestions, "problems": problems_shape(problems)}
