"""What mails are about, in words, and how a member wants to be told of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Final, cast

from django.utils.translation import gettext_lazy

from kontobro.service.notices.notify import Cause
from kontobro.web.mails.tables import TOPICS, How, MailChoice, Topic
from kontobro.web.models import Membership

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TOPIC_OF: Final[Mapping[Cause, Topic]] = {
    "reconnect": "login",
    "job_failed": "export",
    "not_usable": "export",
    "items_failed": "expenses",
    "plan_waits": "decision",
    "document_unsure": "documents",
    "documents_late": "documents",
    "second_installation": "installation",
}

TOPIC_WORDS: Final[Mapping[Topic, StrOrPromise]] = {
    "login": gettext_lazy("A login has ended"),
    "export": gettext_lazy("An export has failed or waits for a setting"),
    "expenses": gettext_lazy("Expenses need attention"),
    "decision": gettext_lazy("A sync needs your decision"),
    "documents": gettext_lazy("A document waits"),
    "installation": gettext_lazy("Another installation exports for the same company"),
}

HOW_WORDS: Final[Mapping[How, StrOrPromise]] = {
    "at_once": gettext_lazy("At once"),
    "daily": gettext_lazy("In the daily email"),
    "never": gettext_lazy("Never"),
}

MORNING: Final = time(7)
"""When the daily email comes, where its reader is."""


def choices_of(membership: Membership) -> dict[Topic, How]:
    """How this member is told of each topic."""
    chosen = dict(MailChoice.objects.filter(membership=membership).values_list("topic", "how"))
    return {topic: cast("How", chosen.get(topic, "at_once")) for topic in TOPICS}


def next_morning(now: datetime, zone: tzinfo) -> datetime:
    """The first morning after now in that time zone."""
    day = now.astimezone(zone).date()
    today = datetime.combine(day, MORNING, zone)
    return today if today > now else datetime.combine(day + timedelta(days=1), MORNING, zone)
