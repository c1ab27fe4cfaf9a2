"""How mails read: one about one notice, and the daily one about all companies. In the member's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import groupby
from typing import Final

from django.core import signing
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kontobro.core.model.connection import Connection
from kontobro.core.words import mail_in
from kontobro.service.config import ServiceConfig
from kontobro.service.notices.mail import message_of
from kontobro.service.notices.notify import ONCE_A_DAY
from kontobro.web.models import Membership
from kontobro.web.site.systems import system_name

SALT: Final = "stop emails"
LONGEST: Final = 100
"""Characters of a company's name in a subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a mail says of one notice. `path` leads to the page that says more."""

    company: str
    subject: str
    text: str
    path: str


def books_of(connection: Connection) -> str:
    """A company's books, as a mail names them beside it."""
    system = system_name(connection.erp)
    return f"{system}: {connection.books_name}" if connection.books_name else system


def language_of(membership: Membership) -> str:
    """What this member's mails are in: what they chose, else English."""
    return membership.user.language or "en"


def token_of(membership: Membership, *, all_of_them: bool) -> str:
    """What the way out of mails is known by: of this organisation's, or of all that the person gets."""
    return signing.dumps([membership.id, membership.user_id, all_of_them], salt=SALT)


def one_letter(config: ServiceConfig, membership: Membership, part: Part, name: str = "") -> EmailMessage:
    """About one notice, sent at once."""
    with translation.override(language_of(membership)):
        body = f"{part.company}\n\n{part.text}\n\n{_address(config, part.path)}\n\n"
        body += mail_in(ONCE_A_DAY, language_of(membership))
        subject = f"Kontobro: {one_line(part.company.partition(' → ')[0])}: {part.subject}"
        return _letter(config, membership, (subject, body), name, all_of_them=False)


def daily_letter(
    config: ServiceConfig, parts: Sequence[tuple[Membership, Part]], name: str = "", *, all_of_them: bool | None = None
) -> EmailMessage:
    """About everything since the morning before, of all organisations and companies of one person."""
    membership = parts[0][0]
    ordered = sorted(parts, key=lambda one: (one[0].organisation.name, one[0].id, one[1].company.casefold()))
    several = len({one.organisation_id for one, _ in parts}) > 1
    with translation.override(language_of(membership)):
        companies = len({(one.organisation_id, part.company) for one, part in parts})
        subject = ngettext(
            "Kontobro: your daily email, %(count)s company",
            "Kontobro: your daily email, %(count)s companies",
            companies,
        )
        body = "\n".join(_sections(config, ordered, several=several)).strip("\n")
        every = several if all_of_them is None else all_of_them
        return _letter(config, membership, (subject % {"count": companies}, body), name, all_of_them=every)


def _sections(config: ServiceConfig, ordered: Sequence[tuple[Membership, Part]], *, several: bool) -> list[str]:
    lines: list[str] = []
    for _key, of_one in groupby(ordered, key=lambda one: one[0].id):
        rows = list(of_one)
        if several:
            lines += ["", f"=== {rows[0][0].organisation.name} ==="]
        for company, told in groupby(rows, key=lambda one: one[1].company):
            lines += ["", company, "-" * min(len(company), LONGEST)]
            for _member, part in told:
                lines += ["", part.subject, part.text, _address(config, part.path)]
    return lines


def _letter(
    config: ServiceConfig, membership: Membership, said: tuple[str, str], name: str, *, all_of_them: bool
) -> EmailMessage:
    """With its way out, in words and for the mail program's own button (RFC 8058)."""
    subject, body = said
    way_out = _address(config, f"/unsubscribe/{token_of(membership, all_of_them=all_of_them)}/")
    choose = _address(config, f"/o/{membership.organisation_id}/notifications/")
    body += "\n\n-- \n" + _("Choose which emails you get, and when:") + f"\n{choose}\n"
    body += _("Stop these emails without signing in:") + f"\n{way_out}\n"
    message = message_of(config.mail_from, membership.user.email, subject, body, name)
    message["List-Unsubscribe"] = f"<{way_out}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return message


def _address(config: ServiceConfig, path: str) -> str:
    return f"{config.public_url.rstrip('/')}/{path.lstrip('/')}"


def one_line(text: str) -> str:
    """A company's name as a subject may have it."""
    return " ".join(text.split())[:LONGEST]
