"""`kontobro personal-data`: what is held of people, as a file; one employee erased; one company deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.desk import Desk, desk_of
from kontobro.cli.common.exits import Exit
from kontobro.core.errors import Misconfigured, shown

app = typer.Typer(help="Export or erase what is held of people.", no_args_is_help=True)

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("export")
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The zip to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write all that is held of one company into a zip of JSON. No secrets are in it."""
    from kontobro.export.personal.data import export_company

    desk = desk_of(context)
    connection = desk.connection()
    if file.exists() and not force:
        raise Misconfigured(f"{file} exists.", "Choose another name, or say --force.")
    count = export_company(connection, desk.store, file)
    if as_json:
        show.emit({"file": str(file), "bookings": count})
    else:
        show.say(f"{file}: {count} bookings of {connection.name}. It holds names: mind where it goes.")


@app.command("erase")
def erase(
    context: typer.Context,
    who: Annotated[str, typer.Argument(help="The employee's id, code, name or mail address at Pleo.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Erase one employee here: content and names of their expenses go; ids, amounts and states stay."""
    from kontobro.export.personal.data import entries_of_person, erase_entries

    desk = desk_of(context)
    connection = desk.connection()
    found = entries_of_person(connection, desk.store, who)
    if found and not _agreed(
        desk, f"Erase the content and names of {len(found)} expenses of {connection.name}?", yes=yes
    ):
        return
    erased = erase_entries(connection, desk.store, found) if found else 0
    if as_json:
        show.emit({"expenses": len(found), "bookings": erased})
    elif found:
        show.say(f"{len(found)} expenses were erased here. The accounting system and Pleo have their own records.")
    else:
        show.say_fault(
            f'No expense of "{shown(who)}" is kept for {connection.name}: nothing was erased.',
            "Check the spelling, or try the employee's code, id or mail address at Pleo.",
        )
    if not found:
        raise typer.Exit(Exit.PROBLEMS)


@app.command("delete")
def delete(context: typer.Context, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete everything of one disconnected company: settings, history, names."""
    from kontobro.export.personal.data import delete_company

    desk = desk_of(context)
    connection = desk.connection()
    question = f'Delete settings, history and all else of "{connection.name}"? What is booked stays in the books.'
    if not _agreed(desk, question, yes=yes):
        return
    delete_company(connection, desk.store)
    if as_json:
        show.emit({"deleted": connection.id})
    else:
        show.say(f'Everything of "{connection.name}" was deleted here.')


def _agreed(desk: Desk, question: str, *, yes: bool) -> bool:
    """A person's word: --yes, or asked for. Raises Misconfigured when there is no one to ask."""
    if yes:
        return True
    if not desk.can_ask():
        raise Misconfigured("This can't be undone, and there is no terminal to ask on.", "Add --yes.")
    agreed = typer.confirm(question, err=True)
    if not agreed:
        show.tell("Nothing was changed.")
    return agreed
