"""`kontobro template`: the templates by which documents are written as CSV and Excel files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext, cli_of
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.tables import sheet
from kontobro.cli.common.words import _, fault_words, ngettext, note_words
from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import told

if TYPE_CHECKING:
    from kontobro.core.model.connection import Connection
    from kontobro.core.model.journal import Entry
    from kontobro.erp.files.common.master_file import MasterFile
    from kontobro.erp.files.template.layout import Format, Layout
    from kontobro.erp.files.template.preview import Previewed

app = typer.Typer(help="Templates of CSV and Excel files.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Given = Annotated[
    str, typer.Argument(metavar="TEMPLATE", help="A file, or the name of a template that comes with Kontobro.")
]
Masters = Annotated[
    Path | None,
    typer.Option(help="File or folder of master data; a small company's, unless given.", metavar="PATH"),
]

SHOWN = 60
"""Rows of a preview in the terminal; --json has all of them."""


@app.callback()
def template() -> None:
    """Templates of CSV and Excel files."""


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the templates that come with Kontobro."""
    from kontobro.erp.files.template import READY

    found = {name: _ready(name) for name in READY}
    if as_json:
        show.emit(
            [
                {
                    "name": name,
                    "label": one.name,
                    "about": one.about,
                    "check_with_consultant": one.check_with_consultant,
                }
                for name, one in found.items()
            ]
        )
        return
    rows = sheet("template", "for", "remark")
    for name, one in found.items():
        rows.add_row(name, one.name, _("check with your consultant") if one.check_with_consultant else "")
    show.console().print(rows)
    show.say(_("Start from one of them: kontobro template new ours.toml --like generic-lines"), "dim")


@app.command("new")
def new(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    like: Annotated[str, typer.Option(help="The template to copy (see kontobro template list).")] = "generic-lines",
) -> None:
    """Copy a template that comes with Kontobro into a file of your own."""
    from kontobro.erp.files.template.own.texts import ready_text

    text = ready_text(like)
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError as there:
        raise Misconfigured(*told("cli_name_taken", file=str(file))) from there
    show.say(_("✓ {file} is a copy of {like}.").format(file=file, like=like), "bold green")
    show.say("  " + _("Change it, then: kontobro template check {file}").format(file=file))
    show.say("  " + _("See what it writes: kontobro template preview {file}").format(file=file))


@app.command("check")
def check(given: Given, masters: Masters = None, as_json: AsJson = False) -> None:
    """Read a template and say all that is wrong with it."""
    from kontobro.erp.files.template.preview import faults_of

    text, called = template_text(given)
    faults = faults_of(text, called, _masters(masters))
    if as_json:
        show.emit([{"message": fault.message, "remedy": fault.remedy} for fault in faults])
    elif faults:
        for fault in faults:
            message, remedy = fault_words(fault)
            show.say(f"✗ {message}", "red")
            show.say(f"  {remedy}")
    else:
        show.say(_("✓ {called} can be used.").format(called=called), "bold green")
    if faults:
        raise typer.Exit(Exit.PROBLEMS)


@app.command("preview")
def preview(
    context: typer.Context,
    given: Given,
    job: Annotated[
        str | None, typer.Option(help="Show the entries of this export job; a small company's, unless given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the rows that a template writes. Nothing is booked, sealed or delivered."""
    from kontobro.erp.files.template.preview import previewed
    from kontobro.erp.files.template.sample import sample_entries

    text, called = template_text(given)
    if job:
        entries, options = _entries(cli_of(context), job)
        path = options.get("masters")
        known = {name: options[name] for name in _COMPANY if name in options}
        found = previewed(text, called, entries, _masters(Path(path) if path else None), known)
    else:
        found = previewed(text, called, sample_entries())
    if as_json:
        show.emit(found.to_json())
    else:
        _print(found)
    if found.problems:
        raise typer.Exit(Exit.PROBLEMS)


@app.command("use", epilog="Example: kontobro template use ours.toml")
def use(context: typer.Context, given: Given) -> None:
    """Keep a template with the connection: the next export is written with it."""
    text, called = template_text(given)
    _keep(cli_of(context), text if isinstance(text, str) else text.decode("utf-8", errors="replace"), called)


@app.command("undo")
def undo(context: typer.Context) -> None:
    """Use the template before this one again; a second undo takes the first one back."""
    from kontobro.erp.files.template.own.texts import text_before

    cli = cli_of(context)
    before = text_before(_by_template(cli).erp_options)
    if not before:
        raise Misconfigured(*told("cli_no_template_before"))
    _keep(cli, before, "the previous template")


@app.command("show")
def show_text(
    context: typer.Context,
    before: Annotated[bool, typer.Option("--before", help="The one that was in use before.")] = False,
) -> None:
    """Print the template that the connection uses."""
    from kontobro.erp.files.template.own.texts import chosen_text, text_before

    options = _by_template(cli_of(context)).erp_options
    text = text_before(options) if before else chosen_text(options)[0]
    typer.echo(text if isinstance(text, bytes) else text.encode(), nl=False)


def _by_template(cli: CliContext) -> Connection:
    """The connection that is meant. Raises Misconfigured where no template describes its files."""
    connection = cli.connection()
    if connection.erp not in ("csv", "xlsx"):
        raise Misconfigured(*told("cli_no_template", system=cli.app.registry.label(connection.erp)))
    return connection


def _keep(cli: CliContext, text: str, called: str) -> None:
    """Raises Misconfigured for one that can't be used: nothing is changed then."""
    from dataclasses import replace

    from kontobro.erp.files.template.own.changes import changes_of
    from kontobro.erp.files.template.own.texts import text_in_use, with_template
    from kontobro.erp.files.template.preview import faults_for

    connection = _by_template(cli)
    options, path = connection.erp_options, connection.erp_options.get("masters")
    format: Format = "csv" if connection.erp == "csv" else "xlsx"
    for fault in faults_for(text, called, format, _masters(Path(path) if path else None)):
        raise fault
    changes = changes_of(text_in_use(options), text)
    cli.store.save_connection(replace(connection, erp_options=with_template(options, text)))
    show.say(_("✓ The template is saved. It is used from the next export on."), "bold green")
    for change in changes:
        show.say(f"  {note_words(change)}")
    store = cli.app.document_store_for(connection)
    waiting = sum(row.state != "released" for row in store.open_documents(connection.id)) if store else 0
    if waiting:
        said = _("Documents not marked as imported yet: {waiting}. They stay as they were sealed.")
        show.say(said.format(waiting=waiting), "yellow")


_COMPANY = ("company_name", "currency", "time_zone", "series", "fiscal_year_start")


def _ready(name: str) -> Layout:
    from kontobro.erp.files.template.layout import read_layout
    from kontobro.erp.files.template.own.texts import ready_text

    return read_layout(ready_text(name), name)


def template_text(given: str) -> tuple[str | bytes, str]:
    """A template's text, and how it is called: a file, else the name of one that comes with Kontobro."""
    from kontobro.erp.files.template import READY
    from kontobro.erp.files.template.own.texts import file_text, ready_text

    if given in READY and not Path(given).exists():
        return ready_text(given), given
    if not Path(given).exists():
        raise Misconfigured(*told("cli_template_unknown", given=shown(given), names=tuple(READY)))
    return file_text(Path(given)), Path(given).name


def _masters(path: Path | None) -> MasterFile | None:
    from kontobro.erp.files.common.masters import read_master_file

    return read_master_file(path) if path else None


def _entries(cli: CliContext, job: str) -> tuple[Sequence[Entry], Mapping[str, str]]:
    """What a pending job would book, as `kontobro preview` has it, and the options of its connection."""
    from kontobro.cli.jobs import live_job
    from kontobro.export.preview import preview_job

    connection = cli.connection()
    ports = cli.ports(connection)
    found = preview_job(connection, live_job(ports.pleo, job), ports)
    return [entry for one in found for entry in one.entries], connection.erp_options


def _print(found: Previewed) -> None:
    for file in found.files:
        rows = sheet(*file.titles, title=file.name)
        for row in file.rows[:SHOWN]:
            rows.add_row(*map(show.plain, row))
        show.console().print(rows)
        if len(file.rows) > SHOWN:
            more = ngettext(
                "… and {count} more row (--json has all of them).",
                "… and {count} more rows (--json has all of them).",
                len(file.rows) - SHOWN,
            )
            show.say(more.format(count=len(file.rows) - SHOWN), "dim")
    for problem in found.problems:
        show.say(f"✗ {problem}", "red")
    for note in found.notes:
        show.say(_("note: {note}").format(note=note_words(note)), "dim")
