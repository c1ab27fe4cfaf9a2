"""Each mail as it would be sent to the reader, in the language of their mails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from email.message import EmailMessage

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kontobro.core.rules.dates import zone_named
from kontobro.service.config import config
from kontobro.service.notices.notify import Cause, Notice
from kontobro.web.mails.letters import Part, books_of, daily_letter, language_of, one_letter
from kontobro.web.mails.topics import TOPIC_OF, TOPIC_WORDS, choices_of
from kontobro.web.models import Membership
from kontobro.web.process import process
from kontobro.web.tenancy import Member, connections_of, of_organisation


@dataclass(frozen=True, slots=True)
class Shown:
    """A mail on the page. `how`: when its reader gets it."""

    about: str
    how: str
    message: EmailMessage

    @property
    def text(self) -> str:
        return str(self.message.get_content())


@require_safe
@of_organisation()
def preview(request: HttpRequest, member: Member) -> HttpResponse:
    mine = Membership.objects.select_related("user", "organisation").get(
        organisation=member.organisation, user=member.user
    )
    parts = {cause: example(cause, member, mine) for cause in TOPIC_OF}
    chosen = choices_of(mine)
    letters = [
        Shown(str(TOPIC_WORDS[TOPIC_OF[cause]]), chosen[TOPIC_OF[cause]], one_letter(config(), mine, part))
        for cause, part in parts.items()
    ]
    daily = daily_letter(config(), [(mine, part) for part in parts.values()])
    page = {"letters": letters, "daily": Shown(_("Daily email"), "daily", daily), "language": language_of(mine)}
    return render(request, "mails/preview.html", page)


def example(cause: Cause, member: Member, mine: Membership) -> Part:
    """What the mail would say of the organisation's first company, with example numbers."""
    language = language_of(mine)
    company = next(iter(connections_of(member)), None)
    zone = zone_named((company.settings.time_zone if company else None) or "UTC") or UTC
    page = f"/c/{company.id}/" if company else f"/o/{member.organisation.id}/"
    there = zone_named(mine.user.time_zone) if mine.user.time_zone else zone
    until = process.app.clock.now() + timedelta(hours=1)
    ended = until - timedelta(days=1) if cause == "reconnect" else None
    id = company.id if company else ""
    notice = Notice(cause=cause, connection_id=id, path=page, count=3, until=until, ended_at=ended)
    notice = replace(notice, company=company.pleo_name, books=books_of(company)) if company else notice
    name = notice.heading or _("Example company")
    return Part(company=name, subject=notice.subject_in(language), text=notice.text_in(language, there), path=page)
