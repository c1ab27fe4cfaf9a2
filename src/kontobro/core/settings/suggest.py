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

MOST_CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One setting: what it is, what it should be ("" when that is not clear), why, and what else it could be."""

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
        return Suggestion(name, before, before, "is set, and the account is there")
    default = masters.accounts.with_id(masters.company.payable or "") if name == "accounts_payable" else ()
    if default and default[0].active:
        return _named(name, before, default[0], masters.accounts, "vendors have it unless they have one of their own")
    used = Counter(vendor.account for vendor in masters.vendors.by_id.values() if vendor.account)
    uses = used if name == "accounts_payable" else Counter[str]()
    return _best(name, before, known, accounts, masters.accounts, lambda account: uses[account.id])


def _wallets(settings: Settings, masters: Masters, accounts: Sequence[Account]) -> Iterable[Suggestion]:
    """An account for each currency among those that are named after Pleo; one that names another purpose is none."""
    mine = [account for account in accounts if WALLET in _words(account.name) and not _has_purpose(account)]
    by_currency: dict[str, list[Account]] = {}
    for account in mine:
        by_currency.setdefault(_currency(account), []).append(account)
    if not mine and not settings.wallet and not settings.wallets:
        yield Suggestion(
            "wallet", "", "", 'no account has "Pleo" in its name: make one for each currency of the wallet'
        )
    for currency, found in sorted(by_currency.items()):
        name = f"wallets.{currency}" if currency else "wallet"
        general = settings.wallet if currency in ("", masters.company.currency) else None
        before = settings.wallets.get(currency) or general or ""
        if _exists(before, masters.accounts):
            yield Suggestion(name, before, before, "is set, and the account is there")
        elif len(found) > 1:
            yield _unsure(name, before, "several accounts are named after Pleo", found)
        else:
            why = f'it is called "{shown(found[0].name)}"'
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
        yield Suggestion("journal", before, before, "is set, and the journal is there")
    elif len(mine) == 1:
        yield _named("journal", before, mine[0], masters.journals, f'it is called "{shown(mine[0].name)}"')
    else:
        yield _best("journal", before, JOURNAL, journals, masters.journals)


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
            yield Suggestion(setting, before, before, "is set, and the dimension is there")
        elif free:
            yield _dimension(setting, before, (code, name), free, masters.dimensions)


def _dimension(
    setting: str, before: str, group: tuple[str, str], free: Sequence[Dimension], index: Index[Dimension]
) -> Suggestion:
    asked = {_folded(text) for text in group} - {""}
    for why, same in _LIKENESSES.items():
        found = [one for one in free if any(same(a, b) for a in asked for b in (_folded(one.code), _folded(one.name)))]
        if len(found) == 1:
            return _named(setting, before, found[0], index, f'{why}: "{shown(found[0].name)}"')
        if found:
            return _unsure(setting, before, f"several dimensions fit: {why}", found)
    why = f'no dimension is called like Pleo\'s group "{shown(group[1])}"; without one its tags go to the text'
    return _unsure(setting, before, why, free)


_LIKENESSES: Mapping[str, Callable[[str, str], bool]] = {
    "it has the same name": lambda a, b: a == b,
    "it is another word for it": lambda a, b: any(a in words and b in words for words in DIMENSION_WORDS),
    "it begins alike": lambda a, b: min(len(a), len(b)) >= 3 and (a.startswith(b) or b.startswith(a)),
}
"""From sure to less sure; the first that finds one decides."""


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
    setting: str,
    before: str,
    known: Known,
    records: Iterable[N],
    index: Index[N],
    uses: Callable[[N], int] = lambda record: 0,
) -> Suggestion:
    """The one record that fits best by name, then by code, then by use; none when two fit alike."""
    ranked = [(_Rank(*_fit_of(one, known), one.code.casefold() in known.codes, uses(one)), one) for one in records]
    fitting = sorted((pair for pair in ranked if pair[0].fit), key=lambda pair: (_reverse(pair[0]), pair[1].code))
    if not fitting:
        return Suggestion(setting, before, "", f"nothing is called like {known.what}: choose or make one")
    best, chosen = fitting[0]
    rivals = [one for rank, one in fitting if rank == best]
    if len(rivals) > 1:
        return _unsure(setting, before, f"several fit {known.what}", rivals)
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


def _reason(chosen: _Named, rank: _Rank) -> str:
    """Why this one, in the order in which it counts."""
    called = f'it is called "{shown(chosen.name)}"'
    parts = [f"{called}, after Pleo and its purpose" if rank.named == 2 else called]
    if rank.usual:
        parts.append(f"{shown(chosen.code)} is a usual code for it")
    if rank.uses:
        parts.append(f"{rank.uses} vendors have it")
    return ", ".join(parts)


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


def _unsure(setting: str, before: str, why: str, candidates: Iterable[_Named]) -> Suggestion:
    said = tuple(_said(one) for one in candidates)
    return Suggestion(setting, before, "", why, said[:MOST_CANDIDATES])


def _exists(key: str, index: Index[N]) -> bool:
    """A setting names exactly one record, and not a blocked one."""
    found = index.find(key) if key else ()
    return len(found) == 1 and getattr(found[0], "active", True)


def _named(setting: str, before: str, record: N, index: Index[N], why: str, others: tuple[str, ...] = ()) -> Suggestion:
    """This record by its code; not clear where the code names no record or several."""
    if len(index.find(record.code)) == 1:
        return Suggestion(setting, before, record.code, why, others)
    return Suggestion(setting, before, "", f"{why}, but has no code of its own: give it one", (_said(record), *others))


def _said(record: _Named) -> str:
    return f"{shown(record.code)} {shown(record.name)}"


def _folded(name: str) -> str:
    """Small letters and single spaces, without punctuation."""
    return " ".join(
        "".join(c if c.isalnum() else " " for c in name.replace("'", "").replace("’", "").casefold()).split()
    )


def _words(name: str) -> set[str]:
    return set(_folded(name).split())
