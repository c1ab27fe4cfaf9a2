"""What is in a Beancount ledger, counted from the ledger itself and not from our memory of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

REFERENCE = "kontobro"
"""The metadata key of our reference (`docs/connectors/beancount.md`)."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Entries of ours, references that exist more than once, documents, sums per account and currency."""

    entries: int
    duplicates: int
    receipts: int
    kinds: dict[str, int]
    totals: dict[str, dict[str, Decimal]]

    def totals_shape(self) -> dict[str, dict[str, str]]:
        return {
            account: {currency: str(amount) for currency, amount in sorted(sums.items())}
            for account, sums in sorted(self.totals.items())
        }


def tally_of(ledger: Path) -> Tally:
    """Load a ledger and count what Kontobro booked there. `bean-check` judges it, this only counts."""
    from beancount import loader
    from beancount.core.data import Document, Transaction

    directives, _, _ = loader.load_file(str(ledger))
    ours = [d for d in directives if isinstance(d, Transaction) and REFERENCE in (d.meta or {})]
    references = Counter(str(entry.meta[REFERENCE]) for entry in ours)
    return Tally(
        entries=len(ours),
        duplicates=sum(count - 1 for count in references.values()),
        receipts=sum(1 for d in directives if isinstance(d, Document)),
        kinds=dict(Counter(str(entry.meta.get("kind", "journal")) for entry in ours)),
        totals=_totals(ours),
    )


def _totals(entries: list[Any]) -> dict[str, dict[str, Decimal]]:
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for entry in entries:
        for posting in entry.postings:
            sums[posting.account][posting.units.currency] += posting.units.number
    return {account: dict(currencies) for account, currencies in sums.items()}
