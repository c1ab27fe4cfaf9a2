"""`kontobro documents`: what was sealed for an accounting system that imports files, and what a person does with it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext, cli_of
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.tables import sheet
from kontobro.cli.common.words import _, gettext_noop, ngettext, note_words
from kontobro.core.errors import Misconfigured
from kontobro.core.words import told

if TYPE_CHECKING:
    from kontobro.core.documents import DocumentRow
    from kontobro.core.tieout.journal import JournalTieOut, PostedEntry
    from kontobro.erp.files.common.posted import InDatev
    from kontobro.export.documents.actions import DocumentsOf

app = typer.Typer(help="Documents for an accounting system that imports files.", invoke_without_command=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The document's number.", show_default=False)]

STATES = {
    "sealed": gettext_noop("sealed, not delivered"),
    "delivering": gettext_noop("being delivered"),
    "unsure": gettext_noop("may have been sent"),
    "delivered": gettext_noop("delivered"),
    "released": gettext_noop("released"),
}


def documents_of(cli: CliContext) -> DocumentsOf:
    """The documents of the connection that is meant. Raises Misconfigured where its accounting system takes none."""
    from kontobro.export.documents.actions import DocumentsOf

    connection = cli.connection()
    documents = cli.app.documents_for(connection)
    if documents is None:
        raise Misconfigured(*told("cli_no_documents", system=cli.app.registry.label(connection.erp)))
    return DocumentsOf(connection=connection, store=cli.store, documents=documents, clock=cli.app.clock)


@app.callback()
def run(
    context: typer.Context,
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1)] = 50,
    as_json: AsJson = False,
) -> None:
    """List the sealed documents, the newest first."""
    if context.invoked_subcommand:
        return
    desk = documents_of(cli_of(context))
    desk.take_marks()
    rows = desk.documents.store.documents(desk.connection.id, limit=limit)
    if as_json:
        from kontobro.cli.common.shapes import document_shape

        show.emit([document_shape(row) for row in rows])
    elif not rows:
        stops(desk)
        show.say(_("No document yet. Press Export in Pleo, then: kontobro export."))
    else:
        print_documents(rows)
        _hints(desk, rows)


def print_documents(rows: Sequence[DocumentRow]) -> None:
    heads = ("document", "from", "to", "entries", "state", "sealed", "delivered", "imported")
    table = sheet(*heads, right=["document", "entries"], whole=["from", "to"], spare=["sealed", "delivered"])
    for row in rows:
        table.add_row(
            str(row.number),
            show.day(row.first),
            show.day(row.last),
            str(row.vouchers),
            _(STATES.get(row.state, row.state)),
            show.moment(row.moment),
            show.moment(row.delivered_at),
            show.moment(row.imported_at),
            style="yellow" if row.state in ("sealed", "delivering", "unsure") else None,
        )
    show.console().print(table)


def stops(desk: DocumentsOf) -> None:
    """What stops exports until a person has acted, with what to type."""
    from kontobro.export.documents.memory import lost

    for row in desk.documents.store.documents(desk.connection.id, states=("released",)):
        if row.imported_at is not None:
            said = _(
                "Document {number} was released, and then marked as imported: exports stop. Void its entries in "
                "the accounting system, then: kontobro documents imported {number} --undo."
            )
            show.say(said.format(number=row.number), "bold red")
    if missing := lost(desk.connection, desk.store, desk.documents.store):
        said = _(
            "The history of documents is not complete: document {number} was sealed. Restore a backup. "
            "If there is none: kontobro documents confirm."
        )
        show.say(said.format(number=missing.document), "bold red")


def _hints(desk: DocumentsOf, rows: Sequence[DocumentRow]) -> None:
    """What a person should do now."""
    stops(desk)
    for row in rows:
        if row.state == "unsure":
            show.say(
                _(
                    "Document {number} may have been sent. If it arrived: kontobro documents delivered {number}. "
                    "If not: kontobro documents deliver {number} --again."
                ).format(number=row.number),
                "yellow",
            )
    if any(row.state in ("sealed", "delivering") for row in rows):
        show.say(_("Deliver what waits: kontobro documents deliver."), "yellow")
    for row in desk.late():
        show.say(
            _(
                "Document {number} was delivered {moment} and is not marked as imported yet. "
                "When it is: kontobro documents imported {number}."
            ).format(number=row.number, moment=show.moment(row.delivered_at)),
            "yellow",
        )


@app.command("show", epilog="Example: kontobro documents show 7")
def show_one(context: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Show one document: its files, and every entry with its voucher number."""
    desk = documents_of(cli_of(context))
    row = desk.required(number)
    vouchers = desk.documents.store.vouchers(desk.connection.id, number)
    if as_json:
        from kontobro.cli.common.shapes import document_shape, voucher_shape

        show.emit({**document_shape(row), "vouchers": [voucher_shape(voucher) for voucher in vouchers]})
        return
    print_documents([row])
    for file in row.files:
        size = _("{size} bytes").format(size=show.figure(Decimal(file.size)))
        show.say(f"  {file.name}  {size}  SHA-256 {file.sha256}")
    if row.reason:
        show.say("  " + _("Released: {reason}. Its voucher numbers are void.").format(reason=row.reason), "yellow")
    table = sheet("voucher", "date", "amount", "reference", right=["amount"], whole=["voucher", "date", "amount"])
    for voucher in vouchers:
        booking = voucher.booking
        amount = show.money(booking.total, booking.currency)
        table.add_row(f"{voucher.series} {voucher.number}".strip(), show.day(booking.date), amount, booking.reference)
    show.console().print(table)


@app.command("save", epilog="Example: kontobro documents save 7 --to Downloads")
def save(
    context: typer.Context,
    number: Number,
    to: Annotated[Path, typer.Option(help="Folder to write its files to.")] = Path(),
) -> None:
    """Save a document's files in a folder, as they were sealed."""
    desk = documents_of(cli_of(context))
    row = desk.required(number)
    if not row.kept:
        raise Misconfigured(*told("document_not_kept", number=str(number)))
    for file in row.files:
        path = to / file.name
        if path.exists():
            raise Misconfigured(*told("cli_file_there", file=str(path)))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as target:
            for piece in desk.documents.store.pieces(desk.connection.id, number, file.name):
                target.write(piece)
        show.say(str(path))


@app.command("deliver", epilog="Example: kontobro documents deliver")
def deliver(
    context: typer.Context,
    number: Annotated[
        int | None, typer.Argument(metavar="[NUMBER]", help="Only this one; else all that wait.", show_default=False)
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also when it may have been sent already.")] = False,
) -> None:
    """Deliver documents that are sealed and not there yet."""
    delivered = documents_of(cli_of(context)).deliver(number, again=again)
    if not delivered:
        show.say(_("No document waits to be delivered."))
    for each in delivered:
        show.say(_("Document {number} is delivered.").format(number=each))


@app.command("delivered", epilog="Example: kontobro documents delivered 7")
def delivered(context: typer.Context, number: Number) -> None:
    """Mark a document that may have been sent as delivered: you have seen that it arrived."""
    documents_of(cli_of(context)).mark_delivered(number)
    show.say(_("Document {number} is marked as delivered.").format(number=number))


@app.command("imported", epilog="Example: kontobro documents imported 7")
def imported(
    context: typer.Context,
    number: Number,
    undo: Annotated[bool, typer.Option("--undo", help="Take the mark back.")] = False,
) -> None:
    """Mark a document as imported into the accounting system."""
    documents_of(cli_of(context)).mark_imported(number, undo=undo)
    undone, done = (
        _("Document {number} is no longer marked as imported."),
        _("Document {number} is marked as imported."),
    )
    show.say((undone if undo else done).format(number=number))


@app.command("compare", epilog="Example: kontobro documents compare journal.se --mark")
def compare(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="The accounting system's journal: SIE 4, FEC, DATEV, or CSV.", show_default=False)
    ],
    template: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="The layout of a CSV file, as a template.", show_default=False),
    ] = None,
    mark: Annotated[bool, typer.Option("--mark", help="Mark documents that are all there as imported.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the documents with the accounting system's own journal, exported to a file."""
    from kontobro.core.tieout.journal import tie_to_journal

    desk = documents_of(cli_of(context))
    posted = _posted_by(template, file) if template else _posted_in(file, desk)
    result = tie_to_journal(desk.vouchers(), posted)
    marked = desk.mark_found(result) if mark else []
    if as_json:
        from kontobro.cli.common.shapes import journal_shape

        show.emit({**journal_shape(result), "marked": marked})
    else:
        _print_compared(result)
        for number in marked:
            show.say(_("Document {number} is marked as imported.").format(number=number))
    if not result.is_equal:
        raise typer.Exit(Exit.PROBLEMS)


def _posted_by(template: str, file: Path) -> list[PostedEntry]:
    """A CSV file's entries, read by a template."""
    from kontobro.cli.template import template_text
    from kontobro.erp.files.common.posted import journal_bytes
    from kontobro.erp.files.template.layout import read_layout
    from kontobro.erp.files.template.posted import posted_of

    layout = read_layout(*template_text(template))
    return posted_of(layout, journal_bytes(file), file.name)


def _posted_in(file: Path, desk: DocumentsOf) -> list[PostedEntry]:
    from kontobro.erp.files.common.posted import read_posted

    return read_posted(file, _in_datev(desk))


def _in_datev(desk: DocumentsOf) -> InDatev | None:
    """How a Buchungsstapel is read with the client's own keys; None for a connection of another format."""
    if desk.connection.erp != "datev":
        return None
    from kontobro.erp.files.datev.target import from_options

    return from_options(desk.connection.erp_options).posted


def _print_compared(result: JournalTieOut) -> None:
    table = sheet("document", "voucher", "date", "amount", "in the journal", right=["amount"], whole=["date", "amount"])
    said = [(voucher, _("missing")) for voucher in result.missing]
    said += [(one.voucher, _("differs: {name}").format(name=one.posted.name)) for one in result.different]
    said += [(voucher, _("there more than once")) for voucher in result.doubled]
    for voucher, what in said:
        booking = voucher.booking
        amount = show.money(booking.total, booking.currency)
        number = f"{voucher.series} {voucher.number}"
        table.add_row(str(voucher.document), number, show.day(booking.date), amount, what)
    if said:
        show.console().print(table)
    style = "bold green" if result.is_equal else "bold red"
    counts = _("vouchers in the journal as sealed: {found}; missing: {missing}; different: {different}; twice: {twice}")
    numbers = {"missing": len(result.missing), "different": len(result.different), "twice": len(result.doubled)}
    text = counts.format(found=len(result.found), **numbers)
    show.say(f"{'✓' if result.is_equal else '✗'} {text}", style)


@app.command("release", epilog='Example: kontobro documents release 7 --reason "unknown account 4711"')
def release(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(help="Why: it is kept with the document.", show_default=False)],
    gone: Annotated[
        bool, typer.Option("--gone", help="It can't be withdrawn, and the accounting system does not have it.")
    ] = False,
    journal: Annotated[
        Path | None,
        typer.Option(help="The accounting system's journal: refuse when it has an entry.", show_default=False),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Take back a document that the accounting system rejected, so that its expenses can be exported again."""
    cli = cli_of(context)
    desk = documents_of(cli)
    row = desk.required(number)
    question = ngettext(
        "Release document {number} with {count} entry? Its voucher number becomes void for good.",
        "Release document {number} with {count} entries? Their voucher numbers become void for good.",
        row.vouchers,
    )
    if not yes:
        if not cli.can_ask():
            raise Misconfigured(*told("cli_release_unsure"))
        if not typer.confirm(question.format(number=number, count=row.vouchers), err=True):
            raise typer.Exit(Exit.OK)
    desk.release(number, reason, is_gone=gone, journal=_posted_in(journal, desk) if journal else ())
    show.say(_("Document {number} is released. Export its expenses again in Pleo.").format(number=number))


@app.command("confirm", epilog="Example: kontobro documents confirm --last 7 --voucher PLEO/2026=132")
def confirm(
    context: typer.Context,
    last: Annotated[int, typer.Option(help="The number of the last document there was.", min=1, show_default=False)],
    voucher: Annotated[
        list[str] | None,
        typer.Option(metavar="SERIES/YEAR=NUMBER", help="The last voucher number of a series.", show_default=False),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Skip numbers although nothing is missing; don't ask.")] = False,
) -> None:
    """After the history was lost: say which document and voucher numbers were the last."""
    from kontobro.export.documents.actions import NothingLost, series_from

    cli = cli_of(context)
    desk, vouchers = documents_of(cli), dict(map(series_from, voucher or []))
    try:
        desk.confirm_last(last, vouchers, is_sure=yes)
    except NothingLost as asked:
        if not cli.can_ask():
            raise asked.by("kontobro documents confirm --yes") from None
        show.tell(note_words(asked.message), "yellow")
        if not typer.confirm(_("Skip these numbers for good?"), err=True):
            raise typer.Exit(Exit.OK) from None
        desk.confirm_last(last, vouchers, is_sure=True)
    said = _("The next document is {next}. What was in the documents up to {last} is not known here.")
    show.say(said.format(next=last + 1, last=last))
