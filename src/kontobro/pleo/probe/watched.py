"""Questions that no call answers, and that work does: what was seen of Pleo while Kontobro ran."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kontobro.pleo.documented.news import WEBHOOK, Counted
from kontobro.pleo.probe.ground import Found

_WEBHOOKS: Final = {
    "webhook_body": {"body event": "event", "body merged": "merged"},
    "webhook_signature": {"signed": "yes"},
}
_PAUSES: Final = {"429 with Retry-After": "retry_after", "429 without Retry-After": "plain"}


def seen_answer(key: str, seen: Sequence[Counted]) -> Found | None:
    """What the latest of it says; None while nothing was seen."""
    known = _WEBHOOKS.get(key, _PAUSES)
    facts = [one for one in seen if one.kind == "fact" and one.what in known]
    of_key = [one for one in facts if (one.call == WEBHOOK) == (key in _WEBHOOKS)]
    if not of_key:
        return None
    last = max(of_key, key=lambda one: one.last)
    return Found(known[last.what], f"seen {last.count} times, last at {last.last}")
