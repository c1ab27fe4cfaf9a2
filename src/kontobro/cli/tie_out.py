"""`kontobro tie-out`: Pleo's amounts beside what the accounting system holds of them now."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import cli_of
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.tables import Sheet, sheet
from kontobro.cli.common.words import _, code_words, gettext_noop, language, ngettext, note_words

if TYPE_CHECKING:
    from kontobro.cli.common.shapes import Json
    from kontobro.core.model.connection import Connection
    from kontobro.core.tieout.compare import Sum, SumKey, TiedEntry, TieOut
    from kontobro.export.tieout.collect import BookPorts, TieOutScope
    from kontobro.export.tieout.forgotten import Forgotten

SHOWN = 20
"""Differing entries that the terminal shows; --json and the files have all of them."""

SIDES = {
    "wallet": gettext_noop("Wallet"),
    "employee": gettext_noop("Employees"),
    "payable": gettext_noop("Payables"),
    "other": gettext_noop("Other"),
}


def run(
    context: typer.Context,
    first: Annotated[
        str | None, typer.Option("--from", help="First day, for example 2026-10-01.", metavar="DAY")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day, for example 2026-10-31.", metavar="DAY")] = None,
    wallet: Annotated[
        str | None, typer.Option(help="Only this wallet: its account's code, or a currency.", metavar="NAME")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write all entries to a CSV file.", metavar="FILE")] = None,
    xlsx: Annotated[
        Path | None, typer.Option(help="Write all entries and the totals to an XLSX file.", metavar="FILE")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare what Pleo sent with the entries that are in the accounting system now."""
    from kontobro.export.tieout.collect import TieOutScope
    from kontobro.export.tieout.forgotten import forgotten

    cli = cli_of(context)
    connection = cli.connection()
    scope = TieOutScope(first=_day(first, "--from"), last=_day(last, "--to"), wallet=wallet)
    if scope.first and scope.last and scope.first > scope.last:
        said = _("{first} is after --to {last}.").format(first=first, last=last)
        raise typer.BadParameter(said, param_hint="--from")
    ports = cli.app.book_ports_for(connection)
    lost = forgotten(connection, ports, cli.app.pleo_for(connection), scope)
    result = _tied(connection, ports, scope, (csv, xlsx), lost, quietly=as_json)
    if as_json:
        show.emit(tie_out_shape(result))
    else:
        _print(result)
    if not result.equal:
        raise typer.Exit(Exit.PROBLEMS)


def _day(text: str | None, option: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        said = _('"{text}" is not a date; write it as 2026-10-31.').format(text=text)
        raise typer.BadParameter(said, param_hint=option) from error


def _tied(
    connection: Connection,
    ports: BookPorts,
    scope: TieOutScope,
    to: tuple[Path | None, Path | None],
    lost: Forgotten,
    *,
    quietly: bool,
) -> TieOut:
    """Read the books once; the files (CSV, XLSX) are written on the way. `lost`: what the history lacks."""
    from kontobro.export.tieout.collect import summary_of, tied_entries
    from kontobro.export.tieout.sheet import ENTRY_COLUMNS, add_summary, passing
    from kontobro.export.tieout.sheets import csv_file, xlsx_file

    csv, xlsx = to
    with ExitStack() as files, show.progress(quietly=quietly) as advance:
        tied: Iterable[TiedEntry] = tied_entries(connection, ports, scope, progress=advance)
        book = files.enter_context(xlsx_file(xlsx)) if xlsx else None
        if csv:
            tied = passing(tied, files.enter_context(csv_file(csv, ENTRY_COLUMNS)))
        if book:
            tied = passing(tied, book.sheet("Entries", ENTRY_COLUMNS))
        result = summary_of(tied, ports.connector.capabilities, scope)
        lost.add_to(result)
        if book:
            add_summary(book, result)
    return result


# ------------------------------------------------------------------------------------------ showing


def _print(result: TieOut) -> None:
    if not result.entries:
        show.say(_("No exports in this period, so there is nothing to compare."))
        _print_absent(result)
        _print_unseen(result)
        return
    show.console().print(_sums(result))
    for tied in result.differing[:SHOWN]:
        _print_entry(tied)
    left = sum(found.differing for found in result.sums.values()) - SHOWN
    if left > 0:
        show.say(_("… and {left} more: see --json, --csv or --xlsx.").format(left=left), "dim")
    _print_verdict(result)
    _print_unseen(result)


def _print_absent(result: TieOut) -> None:
    if result.absent:
        said = ngettext(
            "{count} expense that Pleo shows as exported is not in the accounting system. The exports are listed "
            "below.",
            "{count} expenses that Pleo shows as exported are not in the accounting system. The exports are listed "
            "below.",
            result.absent,
        )
        show.say(said.format(count=result.absent), "bold red")


def _print_unseen(result: TieOut) -> None:
    for spot in result.cannot_see:
        show.say(f"  · {note_words(spot)}", "dim")


def _sums(result: TieOut) -> Sheet:
    from kontobro.export.tieout.sheet import sorted_sums

    figures = ("Pleo", "books", "drafts", "difference")
    table = sheet(
        "of", "month", *figures, "entries", "",
        right=(*figures, "entries"), whole=("month", ""), spare=("drafts", "entries", "books"),
    )  # fmt: skip
    totals = result.totals()
    months = Counter(replace(key, month="") for key in result.sums)
    for key, found in sorted_sums(result):
        _add_sum(table, key, found)
        whole = replace(key, month="")
        months[whole] -= 1
        if not months[whole] and totals[whole].entries > found.entries:
            _add_sum(table, whole, totals[whole], _("all"))
    return table


def _add_sum(table: Sheet, key: SumKey, found: Sum, month: str = "") -> None:
    amounts = (found.pleo, found.books, found.drafts, found.difference)
    mark, style = ("✗", "red") if found.differing or found.difference else ("✓", None)
    cells = [show.money(amount, key.currency) if amount else "–" for amount in amounts]
    day = month or key.month or _("no date")
    table.add_row(_label(key), day, *cells, str(found.entries), mark, style=f"bold {style or ''}" if month else style)


def _label(key: SumKey) -> str:
    return show.plain(f"{_(SIDES[key.side])} {key.wallet}".strip())


def _print_entry(tied: TiedEntry) -> None:
    """A block per entry, as in `kontobro bookings`: links stay whole."""
    from kontobro.core.tieout.compare import MEANINGS
    from kontobro.export.tieout.sheet import reasons

    pleo = tied.pleo
    words = (
        f"✗ {_(MEANINGS[tied.verdict])}",
        show.day(pleo.date) if pleo.date else "",
        code_words(pleo.item_type),
        show.money(pleo.amount, pleo.currency) if pleo.currency else "",
        pleo.payee,
    )
    show.say(" · ".join(word for word in words if word), "bold")
    for reason in reasons(tied, language()):
        show.say(f"  {reason}", "red")
    if tied.number or pleo.erp_id:
        said = _("books: {number} {url}").format(number=tied.number or pleo.erp_id, url=tied.erp_url or "")
        show.say(f"  {said}".rstrip())
    if pleo.pleo_url:
        show.say(f"  Pleo: {pleo.pleo_url}", "dim")


def _print_verdict(result: TieOut) -> None:
    drafts = result.verdicts["draft"]
    if result.equal:
        show.say(
            ngettext(
                "{entries} entry: the amounts in Pleo and in the accounting system are equal.",
                "{entries} entries: the amounts in Pleo and in the accounting system are equal.",
                result.entries,
            ).format(entries=result.entries),
            "bold green",
        )
    elif not all(found.differing == 0 for found in result.sums.values()):
        differing = sum(found.differing for found in result.sums.values())
        told = ngettext(
            "Of {entries} entries, {differing} differs.", "Of {entries} entries, {differing} differ.", differing
        )
        show.say(told.format(differing=differing, entries=result.entries), "bold red")
    _print_absent(result)
    if drafts:
        told = ngettext(
            "{drafts} of them is still a draft: post it in the accounting system.",
            "{drafts} of them are still drafts: post them in the accounting system.",
            drafts,
        )
        show.say(told.format(drafts=drafts))


# ------------------------------------------------------------------------------------------- JSON


def tie_out_shape(result: TieOut) -> Json:
    from kontobro.export.tieout.sheet import SUM_COLUMNS, sum_rows

    return {
        "equal": result.equal,
        "entries": result.entries,
        "results": dict(result.verdicts),
        "absent": result.absent,
        "sums": [dict(zip((name.lower() for name in SUM_COLUMNS), row, strict=True)) for row in sum_rows(result)],
        "differing": [tied_shape(tied) for tied in result.differing],
        "cannot_see": list(result.cannot_see),
    }


def tied_shape(tied: TiedEntry) -> Json:
    from kontobro.export.tieout.sheet import reasons

    pleo = tied.pleo
    return {
        "reference": pleo.reference,
        "result": tied.verdict,
        "reasons": list(reasons(tied)),
        "side": pleo.side,
        "wallet": pleo.wallet,
        "currency": pleo.currency,
        "date": pleo.date,
        "booked_on": tied.booked_on,
        "pleo": pleo.amount,
        "books": tied.books,
        "drafts": tied.drafts,
        "difference": tied.difference,
        "source": pleo.source,
        "job": pleo.job_id,
        "number": tied.number,
        "erp_url": tied.erp_url,
        "pleo_url": pleo.pleo_url,
    }
