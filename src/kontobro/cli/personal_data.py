"""`kontobro personal-data`: what is held of people, as a file; one employee erased; one company deleted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext, cli_of
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.words import _, ngettext
from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import told

app = typer.Typer(help="Export or erase personal data.", no_args_is_help=True)

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask for confirmation.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("export")
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The ZIP file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write all data stored about one company to a ZIP of JSON files. It contains no secrets."""
    from kontobro.export.personal.data import export_company

    cli = cli_of(context)
    connection = cli.connection()
    if file.exists() and not force:
        raise Misconfigured(*told("cli_file_force", file=str(file)))
    count = export_company(connection, cli.store, file, cli.app.document_store_for(connection))
    if as_json:
        show.emit({"file": str(file), "bookings": count})
    else:
        show.say(
            ngettext(
                "{file}: {count} booking of {name}. It contains names: store it safely.",
                "{file}: {count} bookings of {name}. It contains names: store it safely.",
                count,
            ).format(file=file, count=count, name=connection.name)
        )


@app.command("erase")
def erase(
    context: typer.Context,
    who: Annotated[str, typer.Argument(help="The employee's ID, code, name or email address in Pleo.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Erase one employee: content and names of their expenses are erased; IDs, amounts and states are kept."""
    from kontobro.export.personal.data import documents_holding, entries_of_person, erase_entries

    cli = cli_of(context)
    connection = cli.connection()
    found = entries_of_person(connection, cli.store, who)
    question = ngettext(
        "Erase the content and names of {count} expense of {name}?",
        "Erase the content and names of {count} expenses of {name}?",
        len(found),
    ).format(count=len(found), name=connection.name)
    if found and not _agreed(cli, question, yes=yes):
        return
    erased = erase_entries(connection, cli.store, found) if found else 0
    store = cli.app.document_store_for(connection)
    held = documents_holding(connection, store, found) if store else []
    if as_json:
        show.emit({"expenses": len(found), "bookings": erased, **({"documents": held} if store else {})})
    elif found:
        _say_erased(len(found), held)
    else:
        none = _('No expense of "{who}" is stored for {name}. Nothing was erased.')
        show.say_fault(
            none.format(who=shown(who), name=connection.name),
            _("Check the spelling, or try the employee's code, ID or email address in Pleo."),
        )
    if not found:
        raise typer.Exit(Exit.PROBLEMS)


def _say_erased(count: int, held: Sequence[int]) -> None:
    show.say(
        ngettext(
            "{count} expense was erased from Kontobro. Pleo and the accounting system keep their own data.",
            "{count} expenses were erased from Kontobro. Pleo and the accounting system keep their own data.",
            count,
        ).format(count=count)
    )
    if held:
        show.say(
            _("Sealed documents are not changed; they name the person still: {documents}.").format(
                documents=", ".join(map(str, held))
            ),
            "yellow",
        )


@app.command("delete")
def delete(context: typer.Context, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete all data of one disconnected company: settings, history, names."""
    from kontobro.export.personal.data import delete_company

    cli = cli_of(context)
    connection = cli.connection()
    question = _(
        'Delete settings, history and all other data of "{name}"? Booked entries stay in the accounting system.'
    ).format(name=connection.name)
    store = cli.app.document_store_for(connection)
    if store and (last := store.last_numbers(connection.id).document):
        remembered = ngettext(
            "{count} document is remembered here only: what is in it is written again if exported again.",
            "{count} documents are remembered here only: what is in them is written again if exported again.",
            last,
        )
        question = f"{question} {remembered.format(count=last)}"
    if not _agreed(cli, question, yes=yes):
        return
    delete_company(connection, cli.store)
    if as_json:
        show.emit({"deleted": connection.id})
    else:
        show.say(_('All data of "{name}" was deleted from Kontobro.').format(name=connection.name))


def _agreed(cli: CliContext, question: str, *, yes: bool) -> bool:
    """A person's word: --yes, or asked for. Raises Misconfigured when there is no one to ask."""
    if yes:
        return True
    if not cli.can_ask():
        raise Misconfigured(*told("cli_no_undo"))
    agreed = typer.confirm(question, err=True)
    if not agreed:
        show.tell(_("Nothing was changed."))
    return agreed
