"""What the books hold of an expense beside what Pleo's item says under the settings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from kontobro.core.model.journal import Booking, Entry, dimension_sums, line_sums, summed, tax_code_sums
from kontobro.core.model.masters import Masters
from kontobro.core.model.settings import Settings
from kontobro.core.ports import Capabilities
from kontobro.core.rules.post import post_item
from kontobro.pleo.export.wire import read_item
from kontobro.testing.connector.shown import Shown, kind_of

Facts = Mapping[str, object]


def entries_of(
    item: Mapping[str, Any], settings: Settings, masters: Masters, today: date, *, bills: bool
) -> tuple[Entry, ...]:
    """What one of Pleo's items becomes. The item is Pleo's JSON. Raises AssertionError for one that can't be booked."""
    given = read_item(msgspec.Raw(json.dumps(item).encode()))
    posted = post_item(given, settings, masters, today, bills=bills)
    if posted.problems:
        raise AssertionError(f"the rules refuse an expense: {'; '.join(map(str, posted.problems))}")
    return posted.entries


def differences(entry: Entry, held: Shown | Booking, can: Capabilities) -> Iterator[str]:
    """Each fact that is not as the entry says, in words; facts that the system does not keep or tell are left out."""
    facts = _shown(entry, held) if isinstance(held, Shown) else _found(held)
    wanted = _wanted(entry)
    for name, value in facts.items():
        if value is not None and name not in can.not_kept and value != wanted[name]:
            yield f"its {name.replace('_', ' ')}: {_text(value)}, not {_text(wanted[name])}"


def _wanted(entry: Entry) -> Facts:
    return {
        "kind": kind_of(entry),
        "date": entry.date,
        "currency": entry.currency,
        "amounts": line_sums(entry),
        "dimensions": dimension_sums(entry),
        "tax_codes": tax_code_sums(entry),
        "vendors": summed((line.vendor, line.amount) for line in entry.lines if line.vendor),
        "invoice_number": entry.number,
    }


def _shown(entry: Entry, shown: Shown) -> Facts:
    """The same facts as a person sees them. Dimensions and tax codes count where the entry has its expenses, vendors
    where it names them: a system may repeat them on its other lines."""
    expenses = {line.account for line in entry.lines if line.role == "expense"}
    owed = {line.account for line in entry.lines if line.vendor}
    lines = [line for line in shown.lines if line.account in expenses]
    return {
        "kind": shown.kind,
        "date": shown.date,
        "currency": shown.currency,
        "amounts": summed((line.account, line.amount) for line in shown.lines),
        "dimensions": summed(((line.account, *pair), line.amount) for line in lines for pair in line.dimensions),
        "tax_codes": summed(((line.account, line.tax_code), line.amount) for line in lines if line.tax_code),
        "vendors": summed((line.vendor, line.amount) for line in shown.lines if line.account in owed),
        "invoice_number": entry.number if entry.number in shown.number else shown.number,
    }


def _found(booking: Booking) -> Facts:
    """What `find` says, None for what it does not."""
    return {
        "date": booking.date,
        "currency": booking.currency,
        "amounts": dict(booking.line_sums),
        "dimensions": booking.dimension_sums,
        "tax_codes": booking.tax_code_sums,
    }


def _text(value: object) -> str:
    """Sums as `account dimension value = amount`, in order."""
    if not isinstance(value, Mapping):
        return str(value) or "nothing"
    told = (f"{' '.join(map(str, key)) if isinstance(key, tuple) else key} = {value[key]}" for key in value)
    return ", ".join(sorted(told)) or "nothing"
