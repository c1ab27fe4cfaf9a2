"""What problems, notes and errors say on a page: in its language, with the reader's numbers and days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import TracebackType

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

from kontobro.core.errors import OWN, KontobroError, Problem, fault_code
from kontobro.core.words import Noted, Said, Show, fault_said, note_in
from kontobro.web.language import language_now

ENGLISH = mark_safe(' lang="en"')


@dataclass(frozen=True, slots=True)
class Told:
    """`lang`: the attribute of an element with words in another language than the page's. `detail`: what an error says
    in English, where message and remedy could only say its kind."""

    message: str
    remedy: str = ""
    lang: SafeString | str = ""
    detail: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.message, self.remedy, self.detail) if part)


def told_in(one: Problem | KontobroError | str, language: str, locale: Locale) -> Told:
    """In that language. An error whose words are English only is told by its kind, with the English below."""
    show = shown_in(locale)
    match one:
        case Problem():
            said = one.said(language, show)
            return Told(said.message, said.remedy, ENGLISH if one.form == OWN and language != "en" else "")
        case KontobroError():
            return _told_of(one, language, show)
    text = note_in(one, language, show)
    return Told(text, lang=ENGLISH if language != "en" and not isinstance(one, Noted) else "")


def told(request: HttpRequest, one: Problem | KontobroError | str) -> str:
    """In one text, for a message or a form's error."""
    return str(told_in(one, language_now(), request.reader_locale))  # type: ignore[attr-defined]


def message_told(request: HttpRequest, fault: KontobroError) -> str:
    """What happened, without what to do."""
    return told_in(fault, language_now(), request.reader_locale).message  # type: ignore[attr-defined]


def _told_of(fault: KontobroError, language: str, show: Show) -> Told:
    words = Said(note_in(fault.message, language, show), note_in(fault.remedy, language, show))
    if language == "en" or isinstance(fault.message, Noted) or is_of_pages(fault.__traceback__):
        return Told(*words)
    kind = fault_said(fault_code(fault), language)
    return Told(*kind, detail=str(words)) if kind else Told(*words, lang=ENGLISH)


def is_of_pages(raised: TracebackType | None) -> bool:
    """Whether it was raised in the pages' own code, whose texts are in the reader's language already."""
    while raised is not None and raised.tb_next is not None:
        raised = raised.tb_next
    return raised is not None and str(raised.tb_frame.f_globals.get("__name__")).startswith("kontobro.web.")


def shown_in(locale: Locale) -> Show:
    """Numbers and days as readers of this locale write them; an amount keeps its places."""

    def show(fact: int | Decimal | date) -> str:
        if isinstance(fact, date):
            return str(format_date(fact, "medium", locale=locale))
        exponent = Decimal(fact).as_tuple().exponent
        places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
        pattern = "#,##0" + ("." + "0" * places if places else "")
        return str(format_decimal(fact, pattern, locale=locale, decimal_quantization=False))

    return show
