"""`kontobro preview JOB`: the entries that would be booked, as a bookkeeper writes them. Claims nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import indent
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import cli_of
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.tables import sheet
from kontobro.cli.common.words import _, code_words, fix_words, ngettext, note_words
from kontobro.cli.jobs import live_job
from kontobro.core.errors import Problem, shown

if TYPE_CHECKING:
    from kontobro.core.model.export import ExportItem
    from kontobro.core.model.journal import Entry, EntryLine
    from kontobro.export.job.run import Progress
    from kontobro.export.preview import ItemPreview


MOST_CAUSES = 20
"""Causes in the summary; each item below names its own."""


def run(
    context: typer.Context,
    job: Annotated[str, typer.Argument(help="The job's ID, or the start of it (see kontobro jobs).")],
    problems: Annotated[bool, typer.Option("--problems", help="Only expenses that could not be booked.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the entries that a job would book, without booking: first what to fix, then each expense."""
    from kontobro.export.preview import account_names, preview_job

    cli = cli_of(context)
    connection = cli.connection()
    ports = cli.ports(connection)
    found = live_job(ports.pleo, job)
    with show.progress(quietly=as_json) as advance:
        previews = _counted(preview_job(connection, found, ports), found.number_of_items, advance)
    wanted = [preview for preview in previews if preview.problems or not problems]
    if as_json:
        from kontobro.cli.common.shapes import preview_shape

        show.emit([preview_shape(preview) for preview in wanted])
    else:
        _print(wanted, previews, account_names(ports.connector))
    if any(preview.problems for preview in previews):
        raise typer.Exit(Exit.PROBLEMS)


def _counted(previews: Iterable[ItemPreview], total: int, advance: Progress) -> list[ItemPreview]:
    found: list[ItemPreview] = []
    for preview in previews:
        found.append(preview)
        advance("preview", len(found), total)
    return found


def causes_of(previews: Iterable[ItemPreview]) -> list[tuple[Problem, int]]:
    """Each cause once, whatever field has it, with the number of items that it stops, the most frequent first."""
    counts: Counter[tuple[str, str, str]] = Counter()
    example: dict[tuple[str, str, str], Problem] = {}
    for preview in previews:
        causes = {(problem.code, *problem.said()): problem for problem in preview.problems}
        example |= causes
        counts.update(causes.keys())
    return [(example[cause], count) for cause, count in counts.most_common()]


def _print_causes(previews: Sequence[ItemPreview]) -> None:
    causes = causes_of(previews)
    if not causes:
        return
    rows = sheet("items", "what to fix before you export", title=_("By cause"), right=["items"])
    for problem, count in causes[:MOST_CAUSES]:
        rows.add_row(str(count), show.plain("\n→ ".join(fix_words(problem))))
    show.console().print(rows)
    if (hidden := len(causes) - MOST_CAUSES) > 0:
        told = ngettext("… and {hidden} more cause below.", "… and {hidden} more causes below.", hidden)
        show.say(told.format(hidden=hidden), "dim")


def _print(wanted: Sequence[ItemPreview], previews: Sequence[ItemPreview], names: dict[str, str]) -> None:
    _print_causes(previews)
    for preview in wanted:
        print_item(preview, names)
    bad = sum(1 for preview in previews if preview.problems)
    entries = sum(len(preview.entries) for preview in previews if not preview.problems)
    told = (
        ngettext("{count} expense", "{count} expenses", len(previews)).format(count=len(previews)),
        ngettext("{count} entry would be booked", "{count} entries would be booked", entries).format(count=entries),
        ngettext("{count} expense could not be booked", "{count} expenses could not be booked", bad).format(count=bad),
    )
    show.say("; ".join(told) + ".", "bold")
    show.say(_("This is only a preview: nothing was started or booked. To book: kontobro export --job JOB."), "dim")


def print_item(preview: ItemPreview, names: dict[str, str]) -> None:
    from kontobro.core.model.export import ExportItem

    item = preview.item
    unreadable = _("unreadable expense {id}").format(id=shown(item.entry_id or ""))
    show.say(_title(item) if isinstance(item, ExportItem) else unreadable, "bold")
    for booking in preview.already:
        said = _("already booked as {number} ({status})")
        show.say("  " + said.format(number=booking.number or booking.id, status=code_words(booking.status)))
    if preview.before_hook:
        show.say("  " + _("changed by your hook; the posting rules would book:"), "yellow")
    for entry in preview.before_hook:
        _print_entry(entry, names, "dim")
    if preview.before_hook:
        show.say("  " + _("with your hook:"), "yellow")
    for entry in preview.entries:
        _print_entry(entry, names)
    if preview.receipts:
        told = ngettext("{count} receipt", "{count} receipts", preview.receipts)
        show.say("  " + told.format(count=preview.receipts))
    for note in preview.notes:
        show.say("  " + _("note: {note}").format(note=note_words(note)), "dim")
    for problem in preview.problems:
        message, fix = fix_words(problem)
        show.say(f"  ✗ {message}", "red")
        show.say(f"    {fix}")
    if preview.hook_trace:
        show.say(indent(preview.hook_trace.rstrip(), "    "), "dim")
    if isinstance(item, ExportItem) and item.url:
        show.say(f"  Pleo: {item.url}", "dim")
    show.say("")


def _title(item: ExportItem) -> str:
    """How a bookkeeper finds the expense in Pleo: what, who, how much; the id for programs."""
    from kontobro.core.rules.text import amount_of, payee_of

    amount = amount_of(item)
    left = "" if amount is None else show.money(amount, item.amount.wallet.currency)
    words = (code_words(shown(item.type)), payee_of(item, of_employee=False), left, shown(item.entry_id))
    return " · ".join(word for word in words if word)


def _print_entry(entry: Entry, names: dict[str, str], style: str | None = None) -> None:
    from kontobro.cli.common.shapes import kind_of

    words = (code_words(kind_of(entry)), show.day(entry.date), shown(entry.payee), shown(entry.text))
    head = " · ".join(word for word in words if word)
    show.say(f"  {head}", style)
    rows = sheet("account", "debit", "credit", "tax", "dimensions", right=["debit", "credit"], spare=["dimensions"])
    for line in entry.lines:
        rows.add_row(*_line(line, entry.currency, names))
    show.console().print(rows, style=style)


def _line(line: EntryLine, currency: str, names: dict[str, str]) -> tuple[str, str, str, str, str]:
    """One posting: debit on the left, credit on the right, never a minus sign."""
    amount = show.money(abs(line.amount), currency)
    debit, credit = (amount, "") if line.amount >= 0 else ("", amount)
    dimensions = ", ".join(f"{name}={value}" for name, value in line.dimensions)
    return names.get(line.account, line.account), debit, credit, line.tax_code or "", dimensions
