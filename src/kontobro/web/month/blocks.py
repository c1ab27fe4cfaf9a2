"""What keeps a month from being closed, each with the page where it is solved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kontobro.core.rules.dates import zone_named
from kontobro.core.tieout.month import last_day
from kontobro.export.tieout.month import MonthEnd
from kontobro.store.read.firm import MonthCounts
from kontobro.web.process import process

Code = Literal[
    "not_over",
    "reconnect",
    "failed",
    "waiting",
    "documents",
    "open_exports",
    "pleo_not_asked",
    "absent",
    "no_date",
    "drafts",
    "not_equal",
]


BLOCKING: Final = frozenset({"reconnect", "unsure", "sealed"})
"""Causes for which a company waits that keep its months open."""


@dataclass(frozen=True, slots=True)
class Block:
    """One reason why a month stays open: what it is in words, and the address where it is solved (empty: waiting)."""

    code: Code
    words: str
    address: str = ""


def today_of(time_zone: str | None) -> dt.date:
    """The day that it is in the company; in UTC where its zone is not set."""
    zone = zone_named(time_zone) if time_zone else None
    return process.app.clock.now().astimezone(zone or dt.UTC).date()


def is_blocked(first: dt.date, today: dt.date, waits: Mapping[str, int], unready: bool) -> bool:
    """Whether `known_blocks` has any, without their words: a list asks it of each company, shown or not. `unready`:
    some of its expenses are not booked."""
    return unready or today <= last_day(first) or not BLOCKING.isdisjoint(waits)


def known_blocks(
    connection_id: str, first: dt.date, today: dt.date, waits: Mapping[str, int], counts: MonthCounts
) -> Iterator[Block]:
    """What our own history tells, without asking Pleo or the accounting system. `waits`: the company's, by cause."""
    yield from _of_the_company(connection_id, first, today, waits)
    yield from _of_expenses(connection_id, counts.failed, counts.waiting)


def all_blocks(
    connection_id: str, first: dt.date, today: dt.date, waits: Mapping[str, int], end: MonthEnd
) -> Iterator[Block]:
    """The same after both sides were asked."""
    yield from _of_the_company(connection_id, first, today, waits)
    yield from _of_pleo(connection_id, end)
    yield from _of_expenses(connection_id, end.sums.failed, end.sums.waiting)
    yield from _of_books(connection_id, first, end)


def _of_the_company(connection_id: str, first: dt.date, today: dt.date, waits: Mapping[str, int]) -> Iterator[Block]:
    if today <= last_day(first):
        yield Block("not_over", _("The month is not over yet."))
    if "reconnect" in waits:
        words = _("Pleo no longer lets us in: connect to Pleo again.")
        yield Block("reconnect", words, _address("connection", connection_id))
    number = waits.get("unsure", 0) + waits.get("sealed", 0)
    if number:
        words = ngettext(
            "%(count)d document has not been delivered.", "%(count)d documents have not been delivered.", number
        )
        yield Block("documents", words % {"count": number}, _address("documents", connection_id))


def _of_expenses(connection_id: str, failed: int, waiting: int) -> Iterator[Block]:
    jobs = _address("connection_jobs", connection_id)
    if failed:
        words = ngettext("%(count)d expense needs attention.", "%(count)d expenses need attention.", failed)
        yield Block("failed", words % {"count": failed}, jobs)
    if waiting:
        words = ngettext(
            "%(count)d expense is not booked yet or is unconfirmed.",
            "%(count)d expenses are not booked yet or are unconfirmed.",
            waiting,
        )
        yield Block("waiting", words % {"count": waiting}, jobs)


def _of_pleo(connection_id: str, end: MonthEnd) -> Iterator[Block]:
    if end.pleo.fault:
        words = _("Pleo could not be asked for its exports: %(reason)s") % {"reason": end.pleo.fault}
        yield Block("pleo_not_asked", words, _address("connection", connection_id))
    if end.pleo.open_jobs:
        words = ngettext("%(count)d export has not ended.", "%(count)d exports have not ended.", end.pleo.open_jobs)
        yield Block("open_exports", words % {"count": end.pleo.open_jobs}, _address("connection_jobs", connection_id))


def _of_books(connection_id: str, first: dt.date, end: MonthEnd) -> Iterator[Block]:
    tie_out = _address("tie_out", connection_id, first=first.isoformat(), last=last_day(first).isoformat())
    counted = (
        ("no_date", end.sums.undated, _no_date(end.sums.undated), _address("connection_jobs", connection_id)),
        ("absent", end.pleo.absent, _absent(end.pleo.absent), tie_out),
        ("drafts", end.sums.drafts, _drafts(end.sums.drafts), tie_out),
    )
    for code, number, words, address in counted:
        if number:
            yield Block(code, words % {"count": number}, address)  # type: ignore[arg-type]  # of the three above
    if not end.sums.is_equal:
        yield Block("not_equal", _("Pleo and the accounting system are not equal: see the differences."), tie_out)


def _no_date(number: int) -> str:
    return ngettext(
        "%(count)d expense has no date that can be read.", "%(count)d expenses have no date that can be read.", number
    )


def _absent(number: int) -> str:
    return ngettext(
        "%(count)d expense that Pleo shows as exported is not in the accounting system.",
        "%(count)d expenses that Pleo shows as exported are not in the accounting system.",
        number,
    )


def _drafts(number: int) -> str:
    return ngettext(
        "%(count)d entry is a draft: post it in the accounting system.",
        "%(count)d entries are drafts: post them in the accounting system.",
        number,
    )


def _address(page: str, connection_id: str, **query: Any) -> str:
    return reverse(page, args=[connection_id]) + (f"?{urlencode(query)}" if query else "")
