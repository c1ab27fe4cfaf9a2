"""The booking date: a day in the company's time zone, in an open period (`posting-rules.md` §8)."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kontobro.core.model.export import ExportItem
from kontobro.core.model.findings import Findings
from kontobro.core.model.masters import Masters
from kontobro.core.model.period import is_open, next_open_day, period_of
from kontobro.core.model.settings import Settings
from kontobro.core.rules.item import Books, Days
from kontobro.core.words import Phrase


@lru_cache(maxsize=64)
def zone_named(name: str) -> dt.tzinfo | None:
    """The time zone of an IANA name, or None when there is none. UTC needs no time zone database."""
    if name == "UTC":
        return dt.UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zone_name(settings: Settings, masters: Masters) -> str:
    """The settings' time zone, else the accounting system's own, else UTC."""
    return settings.time_zone or masters.company.time_zone or "UTC"


_MIDNIGHT = dt.time()


def day_in(instant: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """The day of an instant in a time zone. Exactly midnight UTC is a plain day and is not converted."""
    try:
        utc = instant if instant.tzinfo is dt.UTC else instant.astimezone(dt.UTC)
        return utc.date() if utc.time() == _MIDNIGHT else utc.astimezone(zone).date()
    except OverflowError:  # the first or last day that there is
        return instant.date()


def days_of(item: ExportItem, books: Books, findings: Findings) -> Days | None:
    """The days of an item, or None when it can't be booked on any (with its problem)."""
    name = zone_name(books.settings, books.masters)
    zone = zone_named(name)
    if zone is None:
        findings.fail("time_zone_unknown", "settings.time_zone", name)
        return None
    own = day_in(item.date, zone)
    posted = _open_day(own, books, findings)
    period = item.service_period
    return Days(posted, own, (day_in(period[0], zone), day_in(period[1], zone)) if period else None) if posted else None


def _open_day(own: dt.date, books: Books, findings: Findings) -> dt.date | None:
    periods, choice = books.masters.periods, books.settings.closed_period
    if is_open(own, periods):
        return own
    moved = {"fail": None, "next_open": next_open_day(own, periods), "today": books.today}[choice]
    if moved and is_open(moved, periods):
        findings.note("moved", own=own, moved=moved)
        return moved
    period = period_of(own, periods)
    state = Phrase(f"state_{period.state if period else 'missing'}")
    fix = Phrase(f"fix_period_{choice}", {"setting": "closed_period"})
    if moved is None:
        findings.fail("period_closed", "date", own, day=own, state=state, fix=fix)
    else:
        findings.fail("period_closed.both", "date", own, day=own, state=state, moved=moved, fix=fix)
    return None
