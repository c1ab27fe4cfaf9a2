"""What problems, faults and names say, in every language, from one mechanism: gettext.

`english.toml` is the one catalogue: each problem's message and remedy by its code, with named placeholders, and the
reason that Pleo is told. A language is a `.po` file whose `msgid` is the English template, for any translator's tool;
`make words` compiles it to the `.mo` beside it, which the standard library reads. What a language does not have stays
English.

A problem carries its code and facts; it is put into words where a person reads it. Pleo, logs and `--json` are English.
"""

from __future__ import annotations

import gettext
import re
import string
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

LANGUAGES: Final = ("da", "de", "fr", "sv")

FAULTS: Final = frozenset(
    """Busy StoreUnreachable SeveralCompanies Uncertain Conflict EmptySource TooManyChanges NotApproved
    UnsafePlan BadAnswer ConnectorFault""".split()
)
"""Faults with words of their own; the others say why the job fails."""

NONE: Final = "none"
"""The form of a problem whose value is empty, where the catalogue has one: `none`, and `sync_none` of `sync`."""


REMEDY: Final = "remedy of "
"""In front of a problem's name: the phrase is its remedy, not its message."""


class Name(str):
    """A code that has a name in each language: a type of expense, a state, a kind of record."""

    __slots__ = ()


class Label(str):
    """What a form calls a connector's option: English, in the catalogue of our own connectors for other languages."""

    __slots__ = ()


class Setting(str):
    """A text of the settings' catalogue, in English: what a setting is called, or one of its choices."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a sentence in the catalogue's section `phrase`, with its own facts; or what a fault says, by its code
    (`job.service_timeout`)."""

    name: str
    facts: Mapping[str, Fact] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        """In English."""
        return _shown(self, None, plain)


class Noted(str):
    """A note in English, as logs, `--json` and entries have it; `phrase` says it in other languages."""

    phrase: Phrase

    def __new__(cls, phrase: Phrase) -> Noted:
        made = super().__new__(cls, phrase)
        made.phrase = phrase
        return made

    def __getnewargs__(self) -> tuple[Phrase]:  # type: ignore[override]
        return (self.phrase,)


def part_of(text: str) -> Fact:
    """What another text says, as a part of a sentence: of a note, its phrase."""
    return text.phrase if isinstance(text, Noted) else text


def note_in(note: str, language: str | None, show: Show | None = None) -> str:
    """A note in that language, with numbers and days as `show` has them; others' words stay as they came."""
    return _shown(note.phrase, language, show or plain) if isinstance(note, Noted) else note


Fact: TypeAlias = "str | int | Decimal | date | Phrase | tuple[Fact, ...]"
"""A named value of a problem: exact, and without words of any language (but for what others said themselves)."""

Show = Callable[[int | Decimal | date], str]
"""How a reader sees numbers and days."""


class Said(NamedTuple):
    """What is wrong, and what to do."""

    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


def plain(fact: int | Decimal | date) -> str:
    """As English texts and Pleo get it: 1,234 for a count, the digits of an amount as they are, ISO days."""
    return f"{fact:,}" if isinstance(fact, int) else str(fact)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`english.toml`. Problems by code, or code and form (`period_closed.lock`); a form lacking one of the two
    sentences has its code's. `reasons`: what Pleo is told of each code, and of a form where that differs."""

    problems: Mapping[str, Said]
    reasons: Mapping[str, str]
    phrases: Mapping[str, str]
    faults: Mapping[str, Said]
    names: Mapping[str, str]


@cache
def catalogue() -> Catalogue:
    read = tomllib.loads(Path(__file__).with_name("english.toml").read_text(encoding="utf-8"))
    faults = {f"{kind}.{name}": Said(**said) for kind in ("job", "fault") for name, said in read[kind].items()}
    forms = list(_forms(read["problem"]))
    problems = {name: Said(own["message"], own["remedy"]) for name, own, _ in forms if own.keys() >= {*Said._fields}}
    reasons = {name: given["reason"] for name, _, given in forms if "reason" in given}
    errors = {f"{name}.{part}": text for name, said in read["error"].items() for part, text in said.items()}
    return Catalogue(problems, reasons, read["phrase"] | errors, faults, read["names"])


def _forms(problems: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    """Each code and each form, with all that it has (a form what its code has too), and what is given for it alone."""
    for code, entry in problems.items():
        own = {key: text for key, text in entry.items() if isinstance(text, str)}
        yield code, own, own
        yield from ((f"{code}.{form}", own | given, given) for form, given in entry.items() if isinstance(given, dict))


def form_of(name: str, value: str) -> str:
    """The name of what is said when the value is empty, where there is such a form."""
    empty = f"{name}_{NONE}" if "." in name else f"{name}.{NONE}"
    return empty if not value and empty in catalogue().problems else name


def lacks(name: str, facts: Mapping[str, Fact]) -> set[str]:
    """The placeholders that these facts leave open. Raises KeyError for a problem that the catalogue does not have."""
    return set().union(*map(placeholders, catalogue().problems[name])) - {"field", "value"} - set(facts)


@cache
def placeholders(template: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


def said(name: str, facts: Mapping[str, Fact], language: str | None = None, show: Show = plain) -> Said:
    """A problem of the catalogue in words. `facts` has all that its templates name."""
    message, remedy = (_filled(text, facts, language, show) for text in catalogue().problems[name])
    return Said(message, remedy)


def codes_of(text: str, language: str | None) -> frozenset[str]:
    """The codes of problems whose message has this text in that language, whatever its facts."""
    part, words = text.strip().casefold(), _translations(language)
    messages = ((name, words.gettext(each.message)) for name, each in catalogue().problems.items())
    return frozenset(name.partition(".")[0] for name, message in messages if part and part in message.casefold())


def _filled(template: str, facts: Mapping[str, Fact], language: str | None, show: Show, context: str = "") -> str:
    words = _translations(language)
    text = words.pgettext(context, template) if context else words.gettext(template)
    named = placeholders(template)
    return text.format(**{name: _shown(fact, language, show) for name, fact in facts.items() if name in named})


def _shown(fact: Fact, language: str | None, show: Show) -> str:
    match fact:
        case Phrase():
            if fact.name in catalogue().faults:
                return _filled(catalogue().faults[fact.name].message, {}, language, show)
            if fact.name.startswith(REMEDY):
                remedy = catalogue().problems[fact.name.removeprefix(REMEDY)].remedy
                return _filled(remedy, fact.facts, language, show)
            if fact.name in catalogue().problems:
                return _filled(catalogue().problems[fact.name].message, fact.facts, language, show)
            return _filled(catalogue().phrases[fact.name], fact.facts, language, show, "phrase")
        case Name():
            return name_in(fact, language)
        case Label():
            return _translations(language).pgettext("option", str(fact))
        case Setting():
            return setting_in(str(fact), language)
        case str():
            return fact
        case tuple():
            return ", ".join(_shown(one, language, show) for one in fact)
    return show(fact)


def told(name: str, /, **facts: Fact) -> Said:
    """What an error says, of the catalogue's section `error`: message and remedy for `raise Misconfigured(*told(...))`.

    Both are English texts, and say the same in other languages by `note_in`.
    """
    message, remedy = (Phrase(f"{name}.{part}", facts) for part in Said._fields)
    return Said(Noted(message), Noted(remedy))


def phrase(name: str, /, **facts: Fact) -> Phrase:
    """A part of a sentence of the catalogue's section `phrase`."""
    return Phrase(name, facts)


def worded(name: str, /, **facts: Fact) -> Noted:
    """A sentence of the section `phrase`: English text that says the same in other languages by `note_in`."""
    return Noted(Phrase(name, facts))


def fault_said(code: str, language: str | None) -> Said | None:
    """What a fault says of its kind in that language; None for one that no one knows, and in English."""
    words, known = _translations(language), catalogue().faults.get(code)
    return Said(*map(words.gettext, known)) if known and _name_of(language) else None


def setting_in(text: str, language: str | None) -> str:
    """A text of the settings' catalogue: a label, a help, a choice, the title of a group."""
    return _translations(language).pgettext("setting", text) if text else text


def mail_in(text: str, language: str | None) -> str:
    """A text of a mail, with its placeholders still open."""
    return _translations(language).pgettext("mail", text)


def mail_of_number(one: str, many: str, number: int, language: str | None) -> str:
    """The same of a text that differs for one and for many."""
    return _translations(language).npgettext("mail", one, many, number)


def fault_told(code: str, english: str, language: str | None) -> str:
    """What a fault says to a person in that language, with its English below; the English alone for others.

    `code`: what was kept of the fault, `fault.Busy` or `job.…` (`errors.fault_code`).
    """
    kind = fault_said(code, language)
    return f"{kind}\n{english}" if kind else english


def name_in(code: str, language: str | None) -> str:
    """A type of expense, a kind of document, a state, a change, as lists name it; from its code where no file does."""
    key = code.replace("-", "_")
    english = catalogue().names.get(key)
    return _translations(language).pgettext("name", english) if english else key.replace("_", " ").capitalize()


def _name_of(language: str | None) -> str:
    """`da` for `da`, `da_DK` and `da-DK`; empty for a language that has no file."""
    name = re.split(r"[-_.@]", language or "")[0].lower()
    return name if name in LANGUAGES else ""


def _translations(language: str | None) -> gettext.NullTranslations:
    name = _name_of(language)
    if name not in LOADED:
        LOADED[name] = _read(name)
    return LOADED[name]


LOADED: Final[dict[str, gettext.NullTranslations]] = {"": gettext.NullTranslations()}
"""The languages that were asked for, each read once."""


def _read(name: str) -> gettext.NullTranslations:
    with Path(__file__).with_name(f"{name}.mo").open("rb") as file:
        return gettext.GNUTranslations(file)
