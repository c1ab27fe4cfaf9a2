"""Settings proposed from the accounting system's own chart: by names, well-known codes, and who uses an account.

What is not clear stays empty and says why: a wrong account is worse than none. What is set and right is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from kontobro.core.errors import shown
from kontobro.core.model.masterdata import Account, Dimension
from kontobro.core.model.masters import Index, Masters
from kontobro.core.model.money import EXPONENTS
from kontobro.core.model.settings import MOST_DIMENSIONS, Settings
from kontobro.core.settings.suggest_words import DIMENSION_WORDS, JOURNAL, ROLES, WALLET, Known
from kontobro.core.words import Fact, Noted, Phrase, phrase, worded

MOST_CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One setting: what it is, what it should be ("" when that is not clear), why (English that says the same in every
    language), and what else it could be."""

    setting: str
    before: str
    after: str
    why: str
    candidates: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return bool(self.after) and self.after != self.before


class _Named(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def code(self) -> str: ...

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


def suggest(settings: Settings, masters: Masters, groups: Sequence[tuple[str, str]] = ()) -> tuple[Suggestion, ...]:
    """A suggestion for each setting that the chart can tell. `groups`: code and name of Pleo's active tag groups."""
    every = masters.accounts.by_id.values()
    accounts = [account for account in every if account.active and account.closed is None]  # none that is to end
    return (
        *_wallets(settings, masters, accounts),
        *(_role(name, known, settings, masters, accounts) for name, known in ROLES.items()),
        *_journal(settings, masters),
        *_dimensions(settings, masters, groups),
    )


# ------------------------------------------------------------------------------------------- accounts


def _role(name: str, known: Known, settings: Settings, masters: Masters, accounts: Sequence[Account]) -> Suggestion:
    before = getattr(settings, name) or ""
    if _exists(before, masters.accounts):
        return Suggestion(name, before, before, worded("why_account_set"))
    default = masters.accounts.with_id(masters.company.payable or "") if name == "accounts_payable" else ()
    if default and default[0].active:
        return _named(name, before, default[0], masters.accounts, phrase("why_vendors_default"))
    used = Counter(vendor.account for vendor in masters.vendors.by_id.values() if vendor.account)
    uses = used if name == "accounts_payable" else Counter[str]()
    what = phrase(f"what_{name}")
    return _best((name, before), what, known, accounts, masters.accounts, lambda account: uses[account.id])


def _wallets(settings: Settings, masters: Masters, accounts: Sequence[Account]) -> Iterable[Suggestion]:
    """An account for each currency among those that are named after Pleo; one that names another purpose is none."""
    mine = [account for account in accounts if WALLET in _words(account.name) and not _has_purpose(account)]
    by_currency: dict[str, list[Account]] = {}
    for account in mine:
        by_currency.setdefault(_currency(account), []).append(account)
    if not mine and not settings.wallet and not settings.wallets:
        yield Suggestion("wallet", "", "", worded("why_no_wallet"))
    for currency, found in sorted(by_currency.items()):
        name = f"wallets.{currency}" if currency else "wallet"
        general = settings.wallet if currency in ("", masters.company.currency) else None
        before = settings.wallets.get(currency) or general or ""
        if _exists(before, masters.accounts):
            yield Suggestion(name, before, before, worded("why_account_set"))
        elif len(found) > 1:
            yield _unsure(name, before, phrase("why_several_wallets"), found)
        else:
            why = phrase("why_called", name=shown(found[0].name))
            yield _named(name, before, found[0], masters.accounts, why)


def _has_purpose(account: Account) -> bool:
    """Whether an account that is named after Pleo is named after something else than the wallet too."""
    return any(_fit(account, known) for known in ROLES.values())


def _currency(account: Account) -> str:
    """The one currency that an account takes, else the one in its name; "" when neither tells."""
    if len(account.currencies) == 1:
        return account.currencies[0]
    named = [word for word in account.name.replace(",", " ").split() if word in EXPONENTS]
    return named[0] if len(named) == 1 else ""


# ---------------------------------------------------------------------------------- journal, dimensions


def _journal(settings: Settings, masters: Masters) -> Iterable[Suggestion]:
    journals = list(masters.journals.by_id.values())
    before = settings.journal or ""
    if not journals:
        return
    mine = [journal for journal in journals if WALLET in _words(f"{journal.code} {journal.name}")]
    if _exists(before, masters.journals):
        yield Suggestion("journal", before, before, worded("why_journal_set"))
    elif len(mine) == 1:
        why = phrase("why_called", name=shown(mine[0].name))
        yield _named("journal", before, mine[0], masters.journals, why)
    else:
        yield _best(("journal", before), phrase("what_journal"), JOURNAL, journals, masters.journals)


def _dimensions(settings: Settings, masters: Masters, groups: Sequence[tuple[str, str]]) -> Iterable[Suggestion]:
    """The dimension of each tag group whose code is none's: by name, by another word for it, by its beginning."""
    named_by_code = {one.id for code, _ in groups for one in masters.dimensions.find(code)}
    free = [one for one in masters.dimensions.by_id.values() if one.active and one.id not in named_by_code]
    for code, name in groups:
        before = settings.dimensions.get(code, "")
        setting = f"dimensions.{code}"
        if masters.dimensions.find(code):
            continue
        if _exists(before, masters.dimensions):
            yield Suggestion(setting, before, before, worded("why_dimension_set"))
        elif free:
            yield _dimension(setting, before, (code, name), free, masters.dimensions)


def _dimension(
    setting: str, before: str, group: tuple[str, str], free: Sequence[Dimension], index: Index[Dimension]
) -> Suggestion:
    asked = {_folded(text) for text in group} - {""}
    for why, same in _LIKENESSES.items():
        found = [one for one in free if any(same(a, b) for a in asked for b in (_folded(one.code), _folded(one.name)))]
        if len(found) == 1:
            return _named(setting, before, found[0], index, phrase(f"why_one_{why}", name=shown(found[0].name)))
        if found:
            return _unsure(setting, before, phrase(f"why_several_{why}"), found)
    return _unsure(setting, before, phrase("why_no_dimension", group=shown(group[1])), free)


_LIKENESSES: Mapping[str, Callable[[str, str], bool]] = {
    "same": lambda a, b: a == b,
    "other_word": lambda a, b: any(a in words and b in words for words in DIMENSION_WORDS),
    "alike": lambda a, b: min(len(a), len(b)) >= 3 and (a.startswith(b) or b.startswith(a)),
}
"""From sure to less sure; the first that finds one decides. Each has its reason in the catalogue (`why_one_same`)."""


def preselected(dimensions: Sequence[Dimension], groups: Sequence[str], mapped: Mapping[str, str]) -> list[Dimension]:
    """The dimensions that have an active tag group: five at most. `mapped` is the setting `dimensions`."""
    known = at_pleo(groups, mapped)
    return [found for found in dimensions if found.code.strip().casefold() in known][:MOST_DIMENSIONS]


def at_pleo(groups: Sequence[str], mapped: Mapping[str, str]) -> set[str]:
    """The codes of dimensions that Pleo has groups of, in any case of letters: by code, or as settings say."""
    named = {group.strip().casefold(): key for group, key in mapped.items()}
    return {named.get(code, code).strip().casefold() for code in (group.strip().casefold() for group in groups)}


# -------------------------------------------------------------------------------------------- choosing


def _best(
    of: tuple[str, str],
    what: Phrase,
    known: Known,
    records: Iterable[N],
    index: Index[N],
    uses: Callable[[N], int] = lambda record: 0,
) -> Suggestion:
    """The one record that fits best by name, then by code, then by use; none when two fit alike. `of`: the setting and
    what it is; `what` it is for."""
    setting, before = of
    ranked = [(_Rank(*_fit_of(one, known), one.code.casefold() in known.codes, uses(one)), one) for one in records]
    fitting = sorted((pair for pair in ranked if pair[0].fit), key=lambda pair: (_reverse(pair[0]), pair[1].code))
    if not fitting:
        return Suggestion(setting, before, "", worded("why_nothing", what=what))
    best, chosen = fitting[0]
    rivals = [one for rank, one in fitting if rank == best]
    if len(rivals) > 1:
        return _unsure(setting, before, phrase("why_several", what=what), rivals)
    others = tuple(_said(one) for _, one in fitting[1 : MOST_CANDIDATES + 1])
    return _named(setting, before, chosen, index, _reason(chosen, best), others)


class _Rank(NamedTuple):
    """What counts, in this order: named after Pleo and the purpose (2) or the purpose itself (1); how well a phrase
    fits; a usual code; how many vendors have it."""

    named: int
    fit: int
    usual: bool
    uses: int


def _reverse(rank: _Rank) -> tuple[int, ...]:
    return tuple(-int(part) for part in rank)


def _reason(chosen: _Named, rank: _Rank) -> Fact:
    """Why this one, in the order in which it counts."""
    parts = [phrase("why_called_both" if rank.named == 2 else "why_called", name=shown(chosen.name))]
    if rank.usual:
        parts.append(phrase("why_usual_code", code=shown(chosen.code)))
    if rank.uses:
        parts.append(phrase("why_used", count=rank.uses))
    return tuple(parts)


def _fit_of(record: _Named, known: Known) -> tuple[int, int]:
    """Whom a name is after, and how well it fits (`_Rank`)."""
    name = _folded(record.name)
    words = set(name.split())
    if known.never & words:
        return 0, 0
    fit = max((_likeness(name, phrase) for phrase in known.phrases), default=0)
    if WALLET in words and (fit or known.purpose & words):
        return 2, max(fit, 1)
    return int(any(_likeness(name, phrase) > 1 for phrase in known.own)), fit


def _fit(record: _Named, known: Known) -> int:
    """How well a name fits: 3 is it, 2 begins with it, 1 has it in it, 0 not at all."""
    return _fit_of(record, known)[1]


def _likeness(name: str, phrase: str) -> int:
    if name == phrase:
        return 3
    if name.startswith(f"{phrase} "):
        return 2
    return int(len(phrase.split()) > 1 and f" {phrase} " in f" {name} ")


def _unsure(setting: str, before: str, why: Phrase, candidates: Iterable[_Named]) -> Suggestion:
    said = tuple(_said(one) for one in candidates)
    return Suggestion(setting, before, "", Noted(why), said[:MOST_CANDIDATES])


def _exists(key: str, index: Index[N]) -> bool:
    """A setting names exactly one record, and not a blocked one."""
    found = index.find(key) if key else ()
    return len(found) == 1 and getattr(found[0], "active", True)


def _named(
    setting: str, before: str, record: N, index: Index[N], why: Fact, others: tuple[str, ...] = ()
) -> Suggestion:
    """This record by its code; not clear where the code names no record or several."""
    if len(index.find(record.code)) == 1:
        return Suggestion(setting, before, record.code, worded("why", reasons=why), others)
    return Suggestion(setting, before, "", worded("why_no_code", reasons=why), (_said(record), *others))


def _said(record: _Named) -> str:
    return f"{shown(record.code)} {shown(record.name)}"


def _folded(name: str) -> str:
    """Small letters and single spaces, without punctuation."""
    return " ".join(
        "".join(c if c.isalnum() else " " for c in name.replace("'", "").replace("’", "").casefold()).split()
    )


def _words(name: str) -> set[str]:
    return set(_folded(name).split())
