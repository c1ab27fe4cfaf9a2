"""The demo's tables: what was booked, what to fix, what is on each account, where to look next."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kontobro.cli.common import show
from kontobro.cli.common.tables import sheet
from kontobro.cli.common.words import _, code_words
from kontobro.cli.export import print_failed
from kontobro.core.model.history import BookingRow
from kontobro.core.model.journal import entry_id_of

if TYPE_CHECKING:
    from kontobro.cli.demo.outcome import DemoOutcome
    from kontobro.cli.demo.sync import Synced

BAD = ("rejected", "uncertain")


def print_demo(outcome: DemoOutcome, folder: Path, ledger: Path) -> None:
    show.say("")
    _print_sync(outcome.synced)
    print_exported(outcome.rows)
    _print_totals(outcome)
    _print_verdict(outcome)
    _print_where(folder, ledger)


def print_exported(rows: Sequence[BookingRow]) -> None:
    """What was exported, type by type, and what a bookkeeper fixes."""
    _print_types(rows)
    _print_failed(rows)


def _print_sync(synced: Synced) -> None:
    """One line per kind: what the plan showed and what came of it in Pleo; then what a second sync did."""
    heads = ("created", "updated", "archived", "already in Pleo", "to fix")
    title = _("Synced (Level {level})").format(level=synced.level)
    table = sheet("master data", *heads, title=title, right=heads)
    for result in synced.results:
        counts = (result.creates, result.updates, result.archives, result.adopted, len(result.failed))
        table.add_row(result.kind, *(str(count or "") for count in counts))
    show.console().print(table)
    again = _("A second sync wrote nothing.")
    if synced.second_run_writes:
        again = _("A second sync wrote {count} times (it should write nothing).").format(count=synced.second_run_writes)
    show.say(f"  {again} " + _("The integration's status in Pleo is {status}.").format(status=synced.status))
    show.say("")


def _print_types(rows: Sequence[BookingRow]) -> None:
    """One line per expense type: how many items were booked and how many failed."""
    failed = {entry_id_of(row.reference) for row in rows if row.state in BAD or row.problems}
    types = {entry_id_of(row.reference): row.item_type for row in rows}
    receipts: Counter[str] = Counter()
    for row in rows:
        receipts[row.item_type] += row.receipts
    table = sheet(
        "expense type", "items", "booked", "to fix", "receipts",
        title=_("Exported"), right=["items", "booked", "to fix", "receipts"],
    )  # fmt: skip
    for item_type, items in sorted(Counter(types.values()).items()):
        bad = sum(1 for entry_id in failed if types[entry_id] == item_type)
        table.add_row(
            show.plain(code_words(item_type)),
            str(items),
            str(items - bad),
            str(bad or ""),
            str(receipts[item_type] or ""),
        )
    show.console().print(table)


def _print_failed(rows: Sequence[BookingRow]) -> None:
    found = [row for row in rows if row.problems]
    if found:
        print_failed(found, _("To be fixed by a bookkeeper"))


def _print_totals(outcome: DemoOutcome) -> None:
    table = sheet("account", "debit", "credit", title=_("In the ledger"), right=["debit", "credit"])
    for account, sums in sorted(outcome.tally.totals.items()):
        for currency, amount in sorted(sums.items()):
            text = show.money(abs(amount), currency)
            table.add_row(account, *((text, "") if amount >= 0 else ("", text)))
    show.console().print(table)


def _print_verdict(outcome: DemoOutcome) -> None:
    summary, tally = outcome.summary(), outcome.tally
    good = outcome.good
    counts = {
        "booked": summary["booked"],
        "items": summary["items"],
        "entries": tally.entries,
        "failed": summary["failed"],
        "receipts": tally.receipts,
        "duplicates": tally.duplicates,
    }
    said = _(
        "booked: {booked} of {items}; entries: {entries}; to fix: {failed}; receipts: {receipts}; "
        "duplicates: {duplicates}"
    )
    show.say(f"{'✓' if good else '✗'} {said.format(**counts)}", "bold green" if good else "bold red")
    verdict = _("the ledger has no errors") if outcome.bean_check == "ok" else outcome.bean_check
    calls = _("calls to Pleo: {count}").format(count=sum(outcome.http_calls.values()))
    show.say(f"  bean-check: {verdict} · {calls} · {show.span(outcome.seconds)}")


def _print_where(folder: Path, ledger: Path) -> None:
    show.say("")
    show.say(_("Files"), "bold")
    show.say(f"  {ledger}   " + _("the ledger; in the same folder bookings/ and documents/ (the receipts)"))
    show.say(f"  {folder / 'summary.json'}   " + _("all counts as JSON"))
    show.say(_("Next steps"), "bold")
    home = f"{_command()} --home {folder / 'home'}"
    show.say(f"  {home} bookings --failed   " + _("what to fix, with links to Pleo"))
    show.say(f"  {home} sync status   " + _("the state of each kind of master data"))
    show.say(f"  fava {ledger}   " + _("the ledger in a browser (pip install fava)"))
    show.say(f"  {_command()} connect --help   " + _("connect your own Pleo company"))


def _command() -> str:
    """How to call this program from here: by its name where the shell finds it, else by its path."""
    started = Path(sys.argv[0])
    if shutil.which("kontobro") or started.name != "kontobro":
        return "kontobro"
    return os.path.relpath(started)
