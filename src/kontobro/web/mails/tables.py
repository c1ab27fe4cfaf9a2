"""What members chose to be told of, and the mails that wait to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from django.db import models
from django.db.models import Q

from kontobro.web.models import Membership

if TYPE_CHECKING:
    from typing import TypeAlias

    from kontobro.store.columns import Count, Flag, Instant, Text

    ToMembership: TypeAlias = models.ForeignKey[Membership, Membership]

Topic = Literal["login", "export", "expenses", "decision", "documents", "installation"]
How = Literal["at_once", "daily", "never"]

TOPICS: Final[tuple[Topic, ...]] = ("login", "export", "expenses", "decision", "documents", "installation")
HOWS: Final[tuple[How, ...]] = ("at_once", "daily", "never")


class MailChoice(models.Model):
    """How a member is told of a topic. No row: at once."""

    membership: ToMembership = models.ForeignKey(Membership, on_delete=models.CASCADE)
    membership_id: int
    topic: Text = models.TextField()
    how: Text = models.TextField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["membership", "topic"], name="kontobro_web_one_choice"),
            models.CheckConstraint(condition=Q(topic__in=TOPICS), name="kontobro_web_known_topic"),
            models.CheckConstraint(condition=Q(how__in=HOWS), name="kontobro_web_known_how"),
        )


class WaitingMail(models.Model):
    """A notice for one member that is not sent yet, in their language. It goes when it was sent, and with the
    membership.

    `daily`: it is part of one mail, with all others that are due. `name`: the mail's own, from just before it is handed
    to the server, so that one that is sent again after a crash is known as the same; empty: it was not tried yet.
    """

    id: int
    membership: ToMembership = models.ForeignKey(Membership, on_delete=models.CASCADE)
    membership_id: int
    connection_id: Text = models.TextField(db_index=True)
    topic: Text = models.TextField()
    company: Text = models.TextField()
    subject: Text = models.TextField()
    text: Text = models.TextField()
    path: Text = models.TextField()
    daily: Flag = models.BooleanField(default=False)
    noted_at: Instant = models.DateTimeField()
    due_at: Instant = models.DateTimeField(db_index=True)
    name: Text = models.TextField(blank=True, default="")
    tries: Count = models.IntegerField(default=0)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(topic__in=TOPICS), name="kontobro_web_mail_topic"),)
