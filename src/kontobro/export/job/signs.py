"""Types of expenses that are booked in one direction whatever their sign, and come with both signs in one job.

Pleo states no sign of money that comes in (`pleo/rules.md` 2.2), so the type is the direction, and the sign says
nothing (`posting-rules.md` §3). With both signs it says something: of a lost chargeback, of a top-up that bounced.
Which of the two means that, a bookkeeper has to say; until then neither is booked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kontobro.core.errors import Problem
from kontobro.core.model.export import ExportItem, MalformedItem
from kontobro.core.model.findings import problem
from kontobro.core.model.settings import Settings
from kontobro.core.rules.table import PostingRow, table_of
from kontobro.export.job.invoices import Seen


def mixed_signs(
    items: Sequence[ExportItem | MalformedItem], settings: Settings, seen: Seen
) -> Mapping[str | None, Problem]:
    """The items of types that have come with both signs, by entry id. `seen` remembers the signs of the job so far."""
    blind = [
        (row, item)
        for item in items
        if isinstance(item, ExportItem) and (row := _blind_row(item, settings)) is not None
    ]
    for row, item in blind:
        if item.amount.wallet.minor:
            seen.signs.setdefault((row.type, row.subtype), set()).add(item.amount.wallet.minor > 0)
    return {
        item.entry_id: problem("sign_mixed", "amount.inWalletCurrency.value", item.amount.wallet.minor, type=item.type)
        for row, item in blind
        if len(seen.signs.get((row.type, row.subtype), ())) > 1
    }


def _blind_row(item: ExportItem, settings: Settings) -> PostingRow | None:
    """The row of an item whose sign says nothing, unless the settings say so themselves."""
    table = table_of(settings.rows)
    row = table.get((item.type, item.subtype)) or table.get((item.type, None))
    if row is None or row.sign != "ignore":
        return None
    is_chosen = any(change.sign for change in settings.rows if (change.type, change.subtype) == (row.type, row.subtype))
    return None if is_chosen else row
