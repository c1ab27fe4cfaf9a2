"""What new entries can be tried against, where the whole ledger need not be read again.

Beancount judges an entry by itself and by its accounts: open on its day, in its currency. The rest of a ledger has to
do with it in four ways only, and whoever has one of them gets the whole ledger read:

- a plugin may do anything (no outline);
- a balance assertion, fed by a `pad` or not, counts what is before it;
- a posting that leaves a currency out, or a lot, is completed from what its account holds
  (`beancount.parser.booking_full`): a new entry there may change what another one means;
- an encrypted file is never written in clear (no outline).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

from beancount.core.amount import Amount
from beancount.core.data import Close, Directive, Open, Pad, Posting, Transaction
from beancount.core.number import MISSING
from beancount.parser import parser

from kontobro.erp.beancount.load.ledger import root_options, roots_of
from kontobro.erp.beancount.syntax.assertions import Assertions, with_those_above

Touched = Mapping[tuple[str, str], date]
"""What entries touch: accounts with a currency, each with the earliest day."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A ledger without its entries. `text` opens and closes its accounts, in Beancount notation; what is in the
    `consulted` ones completes other transactions, and the `padded` ones have a pad."""

    text: str
    consulted: frozenset[str]
    padded: frozenset[str]

    def suffices(self, touched: Touched, assertions: Assertions) -> bool:
        """True when nothing but the outline says whether these entries can be booked."""
        return not any(
            account in self.consulted or self._is_asserted_later(account, currency, day, assertions)
            for (account, currency), day in touched.items()
        )

    def _is_asserted_later(self, account: str, currency: str, day: date, assertions: Assertions) -> bool:
        """True when a balance of the account, or of one above it, is asserted after that day. A pad on any of these
        is also reckoned for assertions on other accounts below it (`beancount.ops.pad`), so that all of them count."""
        above = with_those_above(account)
        asserted = above if self.padded.isdisjoint(above) else assertions
        return any(one.currency == currency and one.day > day for name in asserted for one in assertions.get(name, ()))


def outline_of(directives: Iterable[Directive], options: Mapping[str, Any], consulted: Iterable[str]) -> Outline | None:
    """The outline of a loaded ledger; None where a plugin has a say."""
    if options["plugin"] or options["plugin_processing_mode"] != "default":
        return None
    lines, padded = [root_options(roots_of(options))], set[str]()
    for directive in directives:
        lines += _line(directive)
        if isinstance(directive, Pad):
            padded.add(directive.account)
    return Outline("".join(lines), frozenset(consulted), frozenset(padded))


def consulted_in(content: bytes) -> Iterator[str]:
    """The accounts in a ledger's file that Beancount asks for what they hold, to complete a transaction."""
    for transaction in _parsed(content)[0]:
        if isinstance(transaction, Transaction):
            yield from (posting.account for posting in transaction.postings if _asks_the_account(posting))


def touched_by(text: str) -> Touched | None:
    """What new entries touch. None for a text that holds anything but whole transactions."""
    directives, errors = _parsed(text.encode())
    found: dict[tuple[str, str], date] = {}
    for directive in directives:
        if not (isinstance(directive, Transaction) and all(map(_is_whole, directive.postings))):
            return None
        for posting in directive.postings:
            key = posting.account, cast(Amount, posting.units).currency
            found[key] = min(directive.date, found.get(key, directive.date))
    return None if errors else found


def earliest(some: Touched, more: Touched) -> Touched:
    """What either touches."""
    return {key: min(day for one in (some, more) if (day := one.get(key))) for key in some.keys() | more.keys()}


def _parsed(content: bytes) -> tuple[Sequence[Directive], Sequence[object]]:
    directives, errors, _ = parser.parse_string(content)
    return directives, errors


def _is_whole(posting: Posting) -> bool:
    """True for an amount with its currency and nothing else: nothing about it is left to be found out."""
    return (
        posting.cost is None
        and posting.price is None
        and isinstance(posting.units, Amount)
        and isinstance(posting.units.number, Decimal)
        and isinstance(posting.units.currency, str)
    )


def _asks_the_account(posting: Posting) -> bool:
    """False where Beancount can't have to look at what the account holds (`categorize_by_currency`)."""
    if posting.cost is not None or not _has_currency(posting.price):
        return True
    if posting.units is None or cast("object", posting.units) is MISSING:  # what is left of the transaction
        return posting.price is not None
    return not _has_currency(posting.units)


def _has_currency(amount: Amount | None) -> bool:
    return amount is None or isinstance(getattr(amount, "currency", None), str)


def _line(directive: Directive) -> Iterator[str]:
    if isinstance(directive, Open):
        yield f"{directive.date} open {directive.account} {','.join(directive.currencies or ())}\n"
    elif isinstance(directive, Close):
        yield f"{directive.date} close {directive.account}\n"
