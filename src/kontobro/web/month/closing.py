"""Closed months: who closed which and when, what was equal then, what has changed since."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kontobro.core.errors import Conflict, Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.tieout.month import LineKey, MonthLine, MonthSums, month_before
from kontobro.web.models import MonthClose
from kontobro.web.process import process
from kontobro.web.tenancy import Member

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])", re.ASCII)
FIGURES = ("pleo", "booked", "drafts", "failed", "waiting")
LONGEST_REASON = 500


def month_named(text: str, today: dt.date) -> dt.date:
    """The first day of a month such as 2026-10; of the month before today's when none is named."""
    if not text:
        return month_before(today.replace(day=1))
    if not MONTH.fullmatch(text):
        raise Misconfigured(
            _("“%(text)s” is not a month.") % {"text": text[:20]}, _("Name it as year and month, such as 2026-10.")
        )
    return dt.date.fromisoformat(f"{text}-01")


@dataclass(frozen=True, slots=True)
class Changed:
    """One figure of a line that is not what it was when the month was closed."""

    key: LineKey
    figure: str
    then: Decimal
    now: Decimal


def closed(connection_id: str, first: dt.date) -> MonthClose | None:
    """How the month was closed, while it is."""
    return MonthClose.objects.filter(connection_id=connection_id, month=first, reopened_at=None).first()


def history(connection_id: str, first: dt.date) -> Sequence[MonthClose]:
    """Every time the month was closed, newest first."""
    return list(MonthClose.objects.filter(connection_id=connection_id, month=first).order_by("-closed_at", "-id"))


def close(member: Member, connection: Connection, sums: MonthSums, asked_at: dt.datetime) -> None:
    """Remember that the month was equal when it was `asked_at`. Raises Conflict where someone was quicker."""
    try:
        with transaction.atomic():
            MonthClose.objects.create(
                organisation=member.organisation,
                connection_id=connection.id,
                month=sums.first,
                closed_at=asked_at,
                closed_name=member.user.email,
                figures=figures_of(sums),
            )
            member.note("month closed", f"{sums.first:%Y-%m}", connection.id)
    except IntegrityError as error:
        raise Conflict(_("This month is closed already."), _("Open the page again to see who closed it.")) from error


def reopen(member: Member, connection: Connection, first: dt.date, reason: str) -> None:
    """Take a closing back, with a reason that stays. Raises Misconfigured without one, or for an open month."""
    if not reason or len(reason) > LONGEST_REASON:
        raise Misconfigured(
            _("The reason is empty or too long."),
            _("Say why the month is opened again, in %(most)d characters at most.") % {"most": LONGEST_REASON},
        )
    with transaction.atomic():
        open_again = MonthClose.objects.filter(connection_id=connection.id, month=first, reopened_at=None)
        facts = {"reopened_name": member.user.email, "reason": reason}
        if not open_again.update(reopened_at=process.app.clock.now(), **facts):
            raise Misconfigured(_("This month is not closed."), _("Nothing has to be done."))
        member.note("month opened again", f"{first:%Y-%m}: {reason}", connection.id)


def figures_of(sums: MonthSums) -> list[dict[str, str]]:
    """The lines as they are kept: amounts as texts, exact."""
    return [
        {"side": key.side, "wallet": key.wallet, "currency": key.currency}
        | {name: str(getattr(line, name)) for name in FIGURES}
        for key, line in sums.sorted_lines()
    ]


def changes(kept: MonthClose, sums: MonthSums) -> list[Changed]:
    """What is otherwise than when the month was closed."""
    then = {_key(line): line for line in kept.figures}
    keys = sorted({*then, *sums.lines})
    return [one for key in keys for one in _changed(key, then.get(key, {}), sums.lines.get(key, MonthLine()))]


def _key(line: Mapping[str, str]) -> LineKey:
    return LineKey(line["side"], line["wallet"], line["currency"])  # type: ignore[arg-type]  # a Side was kept


def _changed(key: LineKey, then: Mapping[str, str], now: MonthLine) -> list[Changed]:
    pairs = [(name, Decimal(then.get(name, "0")), getattr(now, name)) for name in FIGURES]
    return [Changed(key, name, before, after) for name, before, after in pairs if before != after]
