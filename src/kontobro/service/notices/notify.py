"""Telling a person that something needs them: by mail, or by a webhook of their own. Once a day for a cause at most.

A notice says of which company it is, what happened and where to look. No amounts, no people's names: it may travel
through places we don't know.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Final, Literal, Protocol

from babel.dates import format_date

from kontobro.core.errors import KontobroError
from kontobro.core.words import mail_in, mail_of_number
from kontobro.service.config import ServiceConfig

log = logging.getLogger(__name__)

Cause = Literal[
    "job_failed",
    "items_failed",
    "reconnect",
    "plan_waits",
    "second_installation",
    "not_usable",
    "document_unsure",
    "documents_late",
]

WORDS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads(
    Path(__file__).with_name("notices.toml").read_text(encoding="utf-8")
)


ONCE_A_DAY: Final = "You get at most one email like this a day."


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that needs a person. `path` is the page's, from the root; `count` of items or changes.

    `about`: the export job or document, where each is told once; `until`: when it expires, in the company's time zone.
    `since`: when it began, where it lasts longer than a day and is told once all the same. `company`: its name at
    Pleo, `books`: its books beside it; `ended_at`: when its login ended, in its time zone.
    """

    cause: Cause
    connection_id: str
    path: str
    count: int = 0
    about: str = ""
    until: datetime | None = None
    since: datetime | None = None
    company: str = ""
    books: str = ""
    ended_at: datetime | None = None

    @property
    def text(self) -> str:
        return self.text_in("")

    def subject_in(self, language: str) -> str:
        return self._said("subject", language).format(count=self.count)

    def text_in(self, language: str, zone: tzinfo | None = None) -> str:
        """What it says, with moments as a reader of this language writes them, in this time zone."""
        until, since = (_moment(one, language, zone) for one in (self.until, self.ended_at))
        facts = {"count": self.count, "until": until, "since": since}
        form = "text" if self.ended_at is None else "text_waiting" if self.count else "text_since"
        return self._said(form if form in WORDS[self.cause] else "text", language).format(**facts)

    def _said(self, form: str, language: str) -> str:
        words = WORDS[self.cause]
        if one := words.get(f"{form}_one"):
            return mail_of_number(one, words[form], self.count, language)
        return mail_in(words[form], language)

    @property
    def heading(self) -> str:
        """Whose it is, on one line."""
        return f"{self.company} → {self.books}" if self.company and self.books else self.company

    @property
    def key(self) -> str:
        """What is told once."""
        return f"{self.cause} {self.about}".strip()


def _moment(value: datetime | None, language: str, zone: tzinfo | None) -> str:
    """Without a language as programs have it."""
    if value is None:
        return ""
    there = value.astimezone(zone) if zone else value
    if not language:
        return f"{there:%Y-%m-%d %H:%M %Z}"
    day = format_date(there, "long", locale="en_GB" if language == "en" else language)
    return f"{day} {there:%H:%M %Z}"


class Notifier(Protocol):
    """One way to a person."""

    def tell(self, notice: Notice, now: datetime) -> bool:
        """Tell; False when there is no one to tell this way. Raises KontobroError when it did not arrive."""
        ...


class Remembered(Protocol):
    """What was told already and which mails are to be sent, kept by the web's tables. Each call is one transaction."""

    def claim(self, notice: Notice, day: date) -> int | None:
        """Note that it is told on this day, and the mails about it, all or nothing: how many mails; None when it was
        told before, by whichever process."""
        ...

    def release(self, notice: Notice, day: date) -> None:
        """Forget the claim: no one could be told, so the next time may try."""
        ...


def link_of(config: ServiceConfig, notice: Notice) -> str:
    """The page's address."""
    return f"{config.public_url.rstrip('/')}/{notice.path.lstrip('/')}"


def tell_once(notice: Notice, notifiers: Sequence[Notifier], remembered: Remembered, now: datetime) -> int:
    """Note the mails about it and tell by every other way, unless it was told today, or of this job; how many were
    reached. A way that fails stops no other. The mails are sent by whoever sends mails.

    Call it outside of a database transaction: it goes over the network.
    """
    day = (notice.until or notice.since or now).date()
    mails = remembered.claim(notice, day)
    if mails is None:
        return 0
    reached = mails + sum(_told(notice, notifier, now) for notifier in notifiers)
    if not reached:
        remembered.release(notice, day)
    return reached


def _told(notice: Notice, notifier: Notifier, now: datetime) -> bool:
    try:
        return notifier.tell(notice, now)
    except KontobroError as fault:
        extra = {"connection": notice.connection_id, "cause": notice.cause, "fault": type(fault).__name__}
        log.warning("a notice did not arrive", extra=extra)
        return False
