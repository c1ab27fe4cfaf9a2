"""The posting rules: an export item becomes one or two balanced entries, or all of its problems at once.

Pure: the same item, settings, master data and day give the same answer. The rows are data in `table.py`;
the authority behind them is Pleo's documents as read in `posting-rules.md`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from kontobro.core.errors import Problem, shown
from kontobro.core.model.export import ExportItem, InvoiceInformation, MalformedItem
from kontobro.core.model.findings import Findings, noted
from kontobro.core.model.journal import Entry, as_journal
from kontobro.core.model.masters import Masters
from kontobro.core.model.settings import Settings
from kontobro.core.rules.dates import days_of
from kontobro.core.rules.entries import entries_of, parts_of
from kontobro.core.rules.hook import run_hook
from kontobro.core.rules.item import Books, Item, amounts_of, is_nothing
from kontobro.core.rules.table import PostingRow, row_of, table_of
from kontobro.core.rules.vendor import party_of

VOIDED = "voided_by_user"
"""Pleo's status of an invoice that a person voided (`pleo/api.md` B5)."""


class Posted(NamedTuple):
    """Either entries or problems; neither only for an item of nothing under `zero_amount = "skip"`.

    `before_hook` are the entries as the rules made them when the company's own function changed them; `hook_trace`
    is that function's own traceback where it raised.
    """

    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    changed_by_hook: bool = False
    before_hook: tuple[Entry, ...] = ()
    hook_trace: str = ""


def post_item(
    item: ExportItem | MalformedItem, settings: Settings, masters: Masters, today: dt.date, *, bills: bool = True
) -> Posted:
    """Book one item. `today` is the day in the company's time zone (used by `closed_period = "today"` only). `bills`
    False: the accounting system has none, each entry is a journal entry of the same lines."""
    if isinstance(item, MalformedItem):
        return Posted(problems=item.problems)
    posted = _with_hook(item, settings, masters, today)
    return posted if bills else posted._replace(entries=tuple(as_journal(entry) for entry in posted.entries))


def _with_hook(item: ExportItem, settings: Settings, masters: Masters, today: dt.date) -> Posted:
    posted = _by_rules(item, Books(settings, masters, today))
    if settings.hook is None or not posted.entries:
        return posted
    answer = run_hook(settings.hook, item, posted.entries, settings, masters)
    if answer.problems:
        return Posted(problems=answer.problems, notes=posted.notes, hook_trace=answer.trace)
    if answer.entries == posted.entries:
        return posted
    notes = _all_notes(posted.notes, answer.entries)
    return Posted(answer.entries, (), notes, changed_by_hook=True, before_hook=posted.entries)


def _by_rules(item: ExportItem, books: Books) -> Posted:
    findings = Findings()
    row = row_of(item, table_of(books.settings.rows), findings)
    amounts = amounts_of(item, row, findings)
    if row and not findings.problems and is_nothing(amounts, row):
        if books.settings.zero_amount == "skip":
            return Posted(notes=(*findings.notes, noted("zero")))
        findings.fail("amount_zero", "amount.inWalletCurrency.value", "0")
    if item.invoice and item.invoice.status == VOIDED:
        _voided(item.invoice, row, findings)
    days = days_of(item, books, findings)
    findings.day = days.posted if days else None
    entries: tuple[Entry, ...] = ()
    if row:
        party = party_of(item, row, books, findings)
        whole = Item(item, row, amounts, party, days, books.settings, books.masters, findings)
        entries = entries_of(whole, parts_of(whole))
    if findings.problems:
        return Posted((), tuple(findings.problems), tuple(findings.notes))
    return Posted(entries, (), _all_notes(findings.notes, entries))


def _all_notes(notes: Sequence[str], entries: Sequence[Entry]) -> tuple[str, ...]:
    """What is said of the item, and of one of its entries alone."""
    said = dict.fromkeys(notes)
    for entry in entries:
        said.update(dict.fromkeys(entry.notes))
    return tuple(said)


def _voided(invoice: InvoiceInformation, row: PostingRow | None, findings: Findings) -> None:
    """An invoice that was voided in Pleo is not owed (`posting-rules.md` §14.8); money that moved for it is a fact."""
    if row is None:
        return
    number = shown(invoice.number)
    if row.movement:
        findings.note("voided", number=number)
        return
    field = "additionalInformation.invoiceInformation.status"
    findings.fail("invoice_voided", field, VOIDED, number=number)
