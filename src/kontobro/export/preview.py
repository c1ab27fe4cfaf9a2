"""What an export would book, before anything is claimed or written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from kontobro.core.errors import Problem, parted
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import ExportItem, ExportJob, MalformedItem
from kontobro.core.model.journal import Booking, Entry, EntryKey, Payment
from kontobro.core.model.masterdata import Account
from kontobro.core.model.masters import Masters
from kontobro.core.model.settings import Settings
from kontobro.core.ports import Clock, Connector, Guards
from kontobro.core.rules.post import Posted, post_item
from kontobro.export.book.compare import conflict, same_facts, voided
from kontobro.export.book.elsewhere import find_elsewhere, given_by_others, is_elsewhere
from kontobro.export.engine import local_day, prepare
from kontobro.export.job.invoices import Seen, duplicate, keys_to_ask, noted, remark, stops
from kontobro.export.job.masters import with_codes
from kontobro.export.job.patience import Patience
from kontobro.export.job.run import Ports, StopJob
from kontobro.export.receipts.fetch import check_links


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPreview:
    """One item: the entries that would be booked, or why not.

    `already`: what exists of it, so that nothing would be booked. `before_hook`: the rules' entries where the
    company's own function changed them, `hook_trace` its traceback where it raised. `receipts` counts the receipts
    that come with it (not fetched here).
    """

    item: ExportItem | MalformedItem
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()
    already: tuple[Booking, ...] = ()
    before_hook: tuple[Entry, ...] = ()
    hook_trace: str = ""
    receipts: int = 0


class Looking(Protocol):
    """What a preview of items asks: no Pleo and no store."""

    @property
    def connector(self) -> Connector: ...

    @property
    def clock(self) -> Clock: ...


def account_names(connector: Connector) -> dict[str, str]:
    """What to call an account: its code and name, by id."""
    return {
        account.id: account.code if account.name in ("", account.code) else f"{account.code} {account.name}"
        for account in connector.read(Account)
    }


def preview_job(connection: Connection, job: ExportJob, ports: Ports) -> Iterator[ItemPreview]:
    """Every item of a pending or running job, in Pleo's order. Claims nothing, writes nothing, reads no receipt.

    Raises what would stop an export, and JobGone for a job that is over.
    """
    try:
        masters = prepare(connection, job, ports, Patience(timedelta(0)))  # a person waits for it
    except StopJob as stop:
        raise stop.fault from stop
    connection = with_codes(connection, masters)
    seen = Seen()
    given = _given_by_others(connection, job, ports)
    for page in ports.pleo.items(job.id):
        shown = preview_items(connection, page, ports, masters, seen)
        yield from shown if ports.guards is None else kept_out(connection, ports.guards, shown, given)


def _given_by_others(connection: Connection, job: ExportJob, ports: Ports) -> Mapping[str, str]:
    items = [item for page in ports.pleo.control_items(job.id) for item in page if item.external_id]
    given = {item.entry_id: item.external_id for item in items if item.external_id}
    return given_by_others(connection, ports.store, given)


def kept_out(
    connection: Connection, guards: Guards, shown: Sequence[ItemPreview], given: Mapping[str, str]
) -> list[ItemPreview]:
    """With the conflict of each item that is booked in other books and not in these."""
    absent = [one.item.entry_id for one in shown if one.entries and not one.already and one.item.entry_id]
    found = find_elsewhere(connection, guards, absent, given) if absent else {}
    problems = {entry_id: is_elsewhere(other) for entry_id, other in found.items()}
    return [_with(one, problems.get(one.item.entry_id or "")) for one in shown]


def _with(one: ItemPreview, problem: Problem | None) -> ItemPreview:
    return one if problem is None else replace(one, problems=(*one.problems, problem))


def preview_items(
    connection: Connection,
    items: Sequence[ExportItem | MalformedItem],
    ports: Looking,
    masters: Masters,
    seen: Seen | None = None,
) -> list[ItemPreview]:
    """The rules, the accounting system's own validation, and what exists already. `seen`: what came before these."""
    today = local_day(ports.clock.now(), connection, masters)
    bills = ports.connector.capabilities.bills
    posted = [post_item(item, connection.settings, masters, today, bills=bills) for item in items]
    entries = [entry for one in posted for entry in one.entries]
    refusals = dict(zip((e.reference for e in entries), ports.connector.validate(entries), strict=True))
    keys = [entry.reference for entry in entries] + keys_to_ask(entries, ports.connector.capabilities)
    found = ports.connector.find(list(dict.fromkeys(keys))) if entries else {}
    posted = _with_remarks(posted, found, Seen() if seen is None else seen, connection.settings)
    return [
        _preview(
            connection,
            item,
            one,
            ports,
            masters,
            {e.reference: (found.get(e.reference), refusals[e.reference]) for e in one.entries},
        )
        for item, one in zip(items, posted, strict=True)
    ]


def _with_remarks(
    posted: Sequence[Posted], found: Mapping[EntryKey, Booking], seen: Seen, settings: Settings
) -> list[Posted]:
    """What is there already of the invoices and payments, said as a booking would say it."""
    entries = [entry for one in posted for entry in one.entries]
    ordered = sorted(entries, key=lambda entry: isinstance(entry, Payment))
    told = {entry.reference: text for entry in ordered if (text := remark(entry, found, seen))}
    answers = []
    for one in posted:
        texts = {entry.reference: told[entry.reference] for entry in one.entries if entry.reference in told}
        refused = [entry for entry in one.entries if entry.reference in texts and stops(entry, found, settings)]
        twins = {entry.reference: entry for entry in refused}
        notes = {reference: text for reference, text in texts.items() if reference not in twins}
        answers.append(
            one._replace(
                entries=tuple(noted(e, notes[e.reference]) if e.reference in notes else e for e in one.entries),
                problems=(*one.problems, *(duplicate(entry, texts[r]) for r, entry in twins.items())),
                notes=(*one.notes, *map(str, notes.values())),
            )
        )
    return answers


def _preview(
    connection: Connection,
    item: ExportItem | MalformedItem,
    posted: Posted,
    ports: Looking,
    masters: Masters,
    answers: dict[str, tuple[Booking | None, list[Problem]]],
) -> ItemPreview:
    problems, notes = list(posted.problems), list(posted.notes)
    already = []
    for entry in posted.entries:
        booking, refused = answers[entry.reference]
        stopping, noted = parted(refused)
        problems += stopping
        notes += [note for note in noted if note not in notes]
        if booking is None:
            continue
        if booking.status == "void":
            problems += [voided(entry, booking)] if connection.settings.voided == "ask" else []
        elif same_facts(entry, booking):
            already.append(booking)
        else:
            problems.append(conflict(entry, booking, masters.accounts.by_id))
    rules = ports.connector.capabilities.receipts
    links = item.receipts if isinstance(item, ExportItem) else ()
    if rules and isinstance(item, ExportItem) and connection.settings.receipt_missing == "fail":
        problems += check_links(item, rules)
    return ItemPreview(
        item=item,
        entries=posted.entries,
        problems=tuple(dict.fromkeys(problems)),
        notes=tuple(notes),
        already=tuple(already),
        before_hook=posted.before_hook if posted.changed_by_hook else (),
        hook_trace=posted.hook_trace,
        receipts=len(links),
    )
