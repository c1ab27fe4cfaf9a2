"""A plan as one self-contained page for a colleague: no script, nothing loaded, everything escaped (`plan.html`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.template import Context, Engine

from kontobro.sync.shown import ACTIONS, ChangeRow, Shown


def page(plans: Sequence[Shown], company: str, erp: str, now: dt.datetime) -> str:
    """The whole page. `now` is aware; the page says when the plan was made, in UTC."""
    facts = {
        "plans": [(plan, list(_tables(plan))) for plan in plans],
        "company": company,
        "erp": erp,
        "now": now.isoformat(),
        "made": now.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }
    template = Engine().from_string(Path(__file__).with_name("plan.html").read_text(encoding="utf-8"))
    return str(template.render(Context(facts, use_l10n=False, use_tz=False)))


def _tables(plan: Shown) -> Iterator[tuple[str, list[ChangeRow]]]:
    """Each action with its rows, and what waits."""
    for action, count in plan.counts.items():
        meaning = f" (each {ACTIONS[action]})" if action in ACTIONS else ""
        caption = f"{action.replace('_', ' ').capitalize()}: {count:,}{meaning}"
        yield caption, [row for row in plan.rows if row.action == action]
    if plan.waiting:
        yield f"Needs a decision: {len(plan.waiting)}", list(plan.waiting)
