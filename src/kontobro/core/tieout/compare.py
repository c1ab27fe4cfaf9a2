"""The tie-out: what Pleo's amounts are, and what the accounting system holds of them now. Pure.

Amounts are exact, in the wallet's currency, nothing converted, and have Pleo's sign: what is spent is positive, what
comes in is negative.
An item booked as a bill and its payment is two entries here: one on the payables, one on the wallet.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Booking, Entry, Reference, line_sums
from kontobro.core.tieout.details import details
from kontobro.core.words import Fact, Noted, Phrase

ZERO = Decimal(0)

Side = Literal["wallet", "employee", "payable", "other"]
"""Whose money an entry moves: the wallet's, what is owed to an employee or to a vendor, or another account's."""

Verdict = Literal[
    "equal",
    "draft",
    "amount_differs",
    "date_moved",
    "account_differs",
    "details_differ",
    "voided",
    "missing",
    "uncertain",
    "not_booked",
    "cannot_look",
]

MEANINGS: dict[Verdict, str] = {
    "equal": "equal",
    "draft": "still a draft",
    "amount_differs": "amount differs",
    "date_moved": "date moved",
    "account_differs": "is booked on another account",
    "details_differ": "dimensions or tax codes differ",
    "voided": "voided",
    "missing": "missing: deleted, or out of our sight",
    "uncertain": "outcome of the write unknown",
    "not_booked": "not booked: failed or not finished",
    "cannot_look": "can't be looked up there",
}
"""What each verdict means, for a person."""

FINE: frozenset[Verdict] = frozenset(["equal", "draft"])
"""Verdicts that are no difference: a draft waits for the bookkeeper who wanted drafts."""

NEVER_BOOKED = ("planned", "rejected")
UNKNOWN = ("booking", "uncertain")

MOST_DIFFERING = 1000
"""Differing entries that a summary keeps; all of them are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PleoSide:
    """The left side: one entry as it follows from what Pleo sent.

    `amount` is signed; `source` says whether it was read from the item as Pleo sent it, or from our history because
    the item's JSON was purged. `total` is the sum of debits as it was booked. `account` with `on_account` is the
    account that takes the amount, and what the entry puts there; None for an item that never had an entry.
    `date` None: unreadable. `entry` is what today's rules and settings make of it, None where they make none.
    """

    reference: Reference
    kind: str
    item_type: str
    state: str
    side: Side
    wallet: str
    currency: str
    amount: Decimal
    total: Decimal
    date: dt.date | None
    source: Literal["pleo", "history"]
    account: str | None = None
    on_account: Decimal = ZERO
    payee: str = ""
    job_id: str = ""
    pleo_url: str | None = None
    erp_id: str | None = None
    erp_url: str | None = None
    problems: tuple[Problem, ...] = ()
    entry: Entry | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TiedEntry:
    """Both sides of one entry. `books` and `drafts` are what exists of it, posted or as a draft.

    `changes` are phrases for a bookkeeper; `by_totals`: only the sum of debits could be compared; `in_detail`:
    dimensions and tax codes were too (of what is not there, nothing is).
    """

    pleo: PleoSide
    verdict: Verdict
    books: Decimal = ZERO
    drafts: Decimal = ZERO
    booked_on: dt.date | None = None
    number: str | None = None
    erp_url: str | None = None
    changes: tuple[str, ...] = ()
    by_totals: bool = False
    in_detail: bool = True

    @property
    def difference(self) -> Decimal:
        """What the books hold more (or, negative, less) than Pleo says; drafts count as held."""
        return self.books + self.drafts - self.pleo.amount


@dataclass(frozen=True, slots=True, order=True)
class SumKey:
    """What sums are made of. `month` is `2026-10`, empty for an item whose date can't be read."""

    side: Side
    wallet: str
    currency: str
    month: str


@dataclass(slots=True)
class Sum:
    """The sums of one side, wallet, currency and month."""

    pleo: Decimal = ZERO
    books: Decimal = ZERO
    drafts: Decimal = ZERO
    entries: int = 0
    differing: int = 0

    @property
    def difference(self) -> Decimal:
        return self.books + self.drafts - self.pleo


@dataclass(slots=True)
class TieOut:
    """All sums, the entries that differ and the drafts that are equal (at most `MOST_DIFFERING` of each), and how much
    could not be seen.

    `absent`: expenses that Pleo shows as exported, and that neither our history nor the accounting system has.
    """

    sums: dict[SumKey, Sum] = field(default_factory=dict)
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    differing: list[TiedEntry] = field(default_factory=list)
    drafted: list[TiedEntry] = field(default_factory=list)
    entries: int = 0
    from_history: int = 0
    by_totals: int = 0
    in_detail: int = 0
    absent: int = 0
    cannot_see: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """True when no entry differs and none is absent. Drafts are no difference; `verdicts["draft"]` counts them."""
        return not self.absent and all(verdict in FINE for verdict in self.verdicts)

    @property
    def drafts(self) -> int:
        """Entries that are equal and wait to be posted."""
        return self.verdicts["draft"]

    def totals(self) -> dict[SumKey, Sum]:
        """The sums of all months together; `month` of their keys is empty."""
        found: dict[SumKey, Sum] = {}
        for key, one in self.sums.items():
            whole = found.setdefault(replace(key, month=""), Sum())
            whole.pleo += one.pleo
            whole.books += one.books
            whole.drafts += one.drafts
            whole.entries += one.entries
            whole.differing += one.differing
        return found

    def add(self, tied: TiedEntry) -> None:
        """Count one entry: Pleo's amount in the month it was booked for, the books' in the month it is in."""
        self.entries += 1
        self.verdicts[tied.verdict] += 1
        self.from_history += tied.pleo.source == "history"
        self.by_totals += tied.by_totals
        self.in_detail += tied.in_detail
        differs = tied.verdict not in FINE
        kept = self.differing if differs else self.drafted
        if tied.verdict != "equal" and len(kept) < MOST_DIFFERING:
            kept.append(tied)
        left = self._sum(tied.pleo, tied.pleo.date)
        left.pleo += tied.pleo.amount
        left.entries += 1
        left.differing += differs
        if tied.books or tied.drafts:
            right = self._sum(tied.pleo, tied.booked_on)
            right.books += tied.books
            right.drafts += tied.drafts

    def _sum(self, pleo: PleoSide, day: dt.date | None) -> Sum:
        key = SumKey(pleo.side, pleo.wallet, pleo.currency, month_of(day))
        return self.sums.setdefault(key, Sum())


def month_of(day: dt.date | None) -> str:
    return f"{day:%Y-%m}" if day else ""


def tie_out(tied: Iterable[TiedEntry]) -> TieOut:
    """The sums over entries as they come; memory does not grow with their number."""
    result = TieOut()
    for entry in tied:
        result.add(entry)
    return result


def tie(pleo: PleoSide, booking: Booking | None, *, can_look: bool = True) -> TiedEntry:
    """Compare one entry with what is under its reference now. `can_look` False: no reference can be found there."""
    if booking is None:
        return TiedEntry(pleo=pleo, verdict=_absent(pleo, can_look=can_look), erp_url=pleo.erp_url)
    if booking.status == "void":
        return _tied(pleo, booking, "voided", ZERO, (), by_totals=False)
    amount, changes, by_totals = _compare(pleo, booking)
    verdict = _verdict(pleo, booking, amount, changes)
    said = tuple(Noted(phrase) for phrases in changes.values() for phrase in phrases)
    return _tied(pleo, booking, verdict, amount, said, by_totals=by_totals)


def _absent(pleo: PleoSide, *, can_look: bool) -> Verdict:
    """Nothing is under the reference: whether anything should. What Pleo was told has failed should not."""
    if pleo.state in UNKNOWN:
        return "uncertain"
    if pleo.state in NEVER_BOOKED or pleo.problems or not pleo.erp_id:
        return "not_booked"
    return "missing" if can_look else "cannot_look"


def _compare(pleo: PleoSide, booking: Booking) -> tuple[Decimal, dict[Verdict, list[Phrase]], bool]:
    """What the books hold of the amount, every change, and whether only totals could be compared."""
    changes: dict[Verdict, list[Phrase]] = {}
    if booking.currency != pleo.currency:
        facts: dict[str, Fact] = {"there": booking.currency, "sent": pleo.currency}
        return ZERO, {"amount_differs": [Phrase("differs_currency", facts)]}, False
    by_totals = pleo.account is None or not booking.line_sums
    if not by_totals and pleo.on_account and pleo.account not in booking.line_sums and booking.total == pleo.total:
        changes["account_differs"] = [Phrase("tie_account", {"account": pleo.account or ""})]
        amount = pleo.amount
    else:
        amount = pleo.amount + _shift_of_totals(pleo, booking) if by_totals else _on_account(pleo, booking)
    if amount != pleo.amount:
        changes["amount_differs"] = [Phrase("tie_amount", {"there": amount, "sent": pleo.amount})]
    if pleo.kind != "item" and pleo.date and booking.date != pleo.date:
        changes["date_moved"] = [Phrase("differs_date", {"there": booking.date, "sent": pleo.date})]
    if pleo.entry and _in_detail(pleo, booking) and (differing := details(pleo.entry, booking)):
        changes["details_differ"] = differing
    return amount, changes, by_totals


def _in_detail(pleo: PleoSide, booking: Booking) -> bool:
    """Dimensions and tax codes are compared where the rest is as the rules have it today: else a setting changed since,
    or a person booked it elsewhere."""
    given = booking.dimension_sums is not None and booking.tax_code_sums is not None
    return given and pleo.entry is not None and booking.line_sums == line_sums(pleo.entry)


def _on_account(pleo: PleoSide, booking: Booking) -> Decimal:
    """What the account gave, and no shift since it was booked: an entry that we booked wrongly must show as well."""
    held = booking.line_sums.get(pleo.account or "", ZERO)
    return -held if held else ZERO


def _shift_of_totals(pleo: PleoSide, booking: Booking) -> Decimal:
    """The entry was compared with Pleo when it was booked: what its debits changed by since is the difference."""
    return (booking.total - pleo.total) * (-1 if pleo.amount < 0 else 1)


def _verdict(pleo: PleoSide, booking: Booking, amount: Decimal, changes: Container[Verdict]) -> Verdict:
    """The worst change names the entry."""
    for verdict in ("amount_differs", "account_differs", "date_moved", "details_differ"):
        if verdict in changes:
            return verdict
    return "draft" if booking.status == "draft" else "equal"


def _tied(
    pleo: PleoSide, booking: Booking, verdict: Verdict, amount: Decimal, changes: tuple[str, ...], *, by_totals: bool
) -> TiedEntry:
    draft = booking.status == "draft"
    return TiedEntry(
        pleo=pleo,
        verdict=verdict,
        books=ZERO if draft else amount,
        drafts=amount if draft else ZERO,
        booked_on=booking.date,
        number=booking.number or booking.id,
        erp_url=booking.url or pleo.erp_url,
        changes=changes,
        by_totals=by_totals,
        in_detail=_in_detail(pleo, booking),
    )
