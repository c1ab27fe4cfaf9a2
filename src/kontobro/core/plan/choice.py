"""What of the accounting system is offered in Pleo: a company's own rules, one text each (the setting `sync_choice`).

rule                              of the kind, offered are
accounts only type=expense        those of the type (asset, liability, equity, income, expense)
accounts only 4000..7999          those whose code is in the range, both ends with all that begins like them
accounts without name=salary      all but those with this in their name
vendors without code=V-17         all but this one; of dimensions a value is COST/200

Several `only` rules of a kind add up; `without` takes away from what they leave. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from kontobro.core.model.masterdata import AccountType
from kontobro.core.model.settings import SyncKind
from kontobro.core.plan.compare import clean, fold

MOST_RULES: Final = 2000

By = Literal["type", "name", "code", "range"]

TYPES: Final[tuple[AccountType, ...]] = get_args(AccountType)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `value` is a type, a part of a name, a code, or the low end of a range; `until` its high end."""

    kind: SyncKind
    only: bool
    by: By
    value: str
    until: str = ""

    @property
    def text(self) -> str:
        """As it is stored."""
        what = f"{self.value}..{self.until}" if self.by == "range" else f"{self.by}={self.value}"
        return f"{self.kind} {'only' if self.only else 'without'} {what}"

    def fits(self, code: str, name: str, type_: str | None) -> bool:
        """Whether a record is among those that the rule names."""
        match self.by:
            case "type":
                return type_ == self.value
            case "name":
                return clean(self.value).casefold() in clean(name).casefold()
            case "code":
                return bool(code.strip()) and fold(code) == fold(self.value)
        return self._holds(fold(code))

    def _holds(self, code: str) -> bool:
        """Codes are compared sign by sign, as a chart is sorted: 40 to 49 holds 4000 and 4999."""
        low, high = fold(self.value), fold(self.until)
        return bool(code) and low <= code and code[: len(high)] <= high


@dataclass(frozen=True, slots=True)
class Choice:
    """The rules for one kind."""

    rules: tuple[Rule, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rules)

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(rule.text for rule in self.rules)

    @property
    def by_type(self) -> bool:
        """Whether it needs the types of accounts."""
        return any(rule.by == "type" for rule in self.rules)

    def offers(self, code: str, name: str, type_: str | None = None) -> bool:
        """Whether a record of this code (of a dimension value `COST/200`), name and type is offered."""
        wanted = [rule for rule in self.rules if rule.only]
        if wanted and not any(rule.fits(code, name, type_) for rule in wanted):
            return False
        return not any(rule.fits(code, name, type_) for rule in self.rules if not rule.only)


def choice_of(rules: Iterable[str], kind: str) -> Choice:
    """The rules for a kind, in one order. What is no rule is left out: settings are checked before they are stored."""
    read = (rule_from(text) for text in rules)
    return Choice(tuple(sorted({rule for rule in read if rule and rule.kind == kind}, key=lambda rule: rule.text)))


def rule_from(text: str) -> Rule | None:
    """A rule as it is stored, or None when it is none."""
    kind, _, rest = clean(text).partition(" ")
    verb, _, what = rest.partition(" ")
    if kind not in get_args(SyncKind) or verb not in ("only", "without") or not what:
        return None
    by, value, until = _what(what)
    if not value or (by == "type" and (kind != "accounts" or value not in TYPES)) or (by == "range" and not until):
        return None
    return Rule(kind, verb == "only", by, value, until)  # type: ignore[arg-type]  # one of SyncKind


def _what(what: str) -> tuple[By, str, str]:
    for by in ("type", "name", "code"):
        if what.startswith(f"{by}="):
            return by, what.partition("=")[2].strip(), ""
    low, dots, high = what.partition("..")
    return ("range", low.strip(), high.strip()) if dots else ("code", what, "")


def unreadable(rules: Sequence[str]) -> list[str]:
    """Those that are no rules."""
    return [text for text in rules if rule_from(text) is None]
