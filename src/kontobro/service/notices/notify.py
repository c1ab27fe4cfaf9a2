"""Telling a person that something needs them: by mail, or by a webhook of their own. At most once a day for a cause.

A notice says of which company it is, what happened and where to look. No amounts, no people's names: it may travel
through places we don't know.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final, Literal, Protocol

from kontobro.core.errors import KontobroError
from kontobro.core.words import mail_in
from kontobro.service.config import ServiceConfig
from kontobro.service.notices.mail import send_mail

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
        return mail_in(WORDS[self.cause]["subject"], language).format(count=self.count)

    def text_in(self, language: str) -> str:
        facts = {"count": self.count, "until": _moment(self.until), "since": _moment(self.ended_at)}
        words = WORDS[self.cause]
        form = "text" if self.ended_at is None else "text_waiting" if self.count else "text_since"
        return mail_in(words.get(form, words["text"]), language).format(**facts)

    @property
    def heading(self) -> str:
        """Whose it is, on one line."""
        return f"{self.company} → {self.books}" if self.company and self.books else self.company

    @property
    def key(self) -> str:
        """What is told once."""
        return f"{self.cause} {self.about}".strip()


def _moment(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M %Z}" if value else ""


class Notifier(Protocol):
    """One way to a person."""

    def tell(self, notice: Notice, now: datetime) -> bool:
        """Tell; False when there is no one to tell this way. Raises KontobroError when it did not arrive."""
        ...


class Remembered(Protocol):
    """What was told already, kept by the web's tables. Each call is one short transaction."""

    def claim(self, connection_id: str, cause: str, day: date) -> bool:
        """True for the first to ask for this cause and connection on this day, of all processes."""
        ...

    def release(self, connection_id: str, cause: str, day: date) -> None:
        """Forget the claim: no one could be told, so the next time may try."""
        ...


@dataclass(frozen=True, slots=True)
class MailNotifier:
    """By mail, to the addresses that `addresses` gives for a connection, by language."""

    config: ServiceConfig
    addresses: Callable[[str], Mapping[str, Sequence[str]]]

    def tell(self, notice: Notice, now: datetime) -> bool:
        sent = [self._sent(notice, language, to) for language, to in self.addresses(notice.connection_id).items() if to]
        return any(sent)

    def _sent(self, notice: Notice, language: str, to: Sequence[str]) -> bool:
        heading = f"{notice.heading}\n\n" if notice.heading else ""
        company = f"{one_line(notice.company)}: " if notice.company else ""
        link, once = link_of(self.config, notice), mail_in(ONCE_A_DAY, language)
        text = f"{heading}{notice.text_in(language)}\n\n{link}\n\n{once}\n"
        return send_mail(self.config, to, f"Kontobro: {company}{notice.subject_in(language)}", text)


def one_line(text: str) -> str:
    """A name as it may be in a mail's subject."""
    return " ".join(text.split())[:100]


def link_of(config: ServiceConfig, notice: Notice) -> str:
    """The page's address."""
    return f"{config.public_url.rstrip('/')}/{notice.path.lstrip('/')}"


def tell_once(notice: Notice, notifiers: Sequence[Notifier], remembered: Remembered, now: datetime) -> int:
    """Tell by every way, unless it was told today, or of this job; how many were reached. A way that fails stops no
    other.

    Call it outside of a database transaction: it goes over the network.
    """
    day = (notice.until or notice.since or now).date()
    if not remembered.claim(notice.connection_id, notice.key, day):
        return 0
    reached = sum(_told(notice, notifier, now) for notifier in notifiers)
    if not reached:
        remembered.release(notice.connection_id, notice.key, day)
    return reached


def _told(notice: Notice, notifier: Notifier, now: datetime) -> bool:
    try:
        return notifier.tell(notice, now)
    except KontobroError as fault:
        extra = {"connection": notice.connection_id, "cause": notice.cause, "fault": type(fault).__name__}
        log.warning("a notice did not arrive", extra=extra)
        return False
