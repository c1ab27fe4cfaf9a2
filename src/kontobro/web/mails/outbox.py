"""Notices become mails: noted for each member in the transaction that says they were told, then sent.

No mail is lost when a worker is killed: what was noted waits for the next one. A mail whose sender was killed while the
server took it is sent again under the same Message-ID, by which mail programs know it.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from kontobro.bootstrap import App
from kontobro.core.errors import Busy, KontobroError, Unreachable
from kontobro.core.rules.dates import zone_named
from kontobro.service.config import ServiceConfig
from kontobro.service.notices.mail import hand_in_once, mail_server
from kontobro.service.notices.notify import Notice
from kontobro.web.mails.letters import Part, daily_letter, language_of, one_letter
from kontobro.web.mails.tables import How, WaitingMail
from kontobro.web.mails.topics import TOPIC_OF, choices_of, next_morning
from kontobro.web.models import ConnectionOwner, Membership, ToldNotice

log = logging.getLogger(__name__)

FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=6)
KEPT: Final = timedelta(days=3)
"""How long a mail is tried. After that it says nothing that its reader does not know."""


class Outbox:
    """What was told, and the mails of it, in the pages' own tables (`service.notices.notify.Remembered`)."""

    def __init__(self, config: ServiceConfig, app: App) -> None:
        self._config, self._app = config, app

    # ------------------------------------------------------------------------------------------- to note

    def claim(self, notice: Notice, day: date) -> int | None:
        try:
            with transaction.atomic():
                ToldNotice.objects.create(connection_id=notice.connection_id, cause=notice.key, day=day)
                return len(self._note(notice))
        except IntegrityError:
            return None

    def release(self, notice: Notice, day: date) -> None:
        ToldNotice.objects.filter(connection_id=notice.connection_id, cause=notice.key, day=day).delete()

    def _note(self, notice: Notice) -> Sequence[WaitingMail]:
        """A mail for each who wants one; none without a mail server."""
        connection = self._app.store.connection(notice.connection_id)
        if connection is None or mail_server(self._config) is None:
            return ()
        wanting = recipients(notice)
        company_zone = connection.settings.time_zone or "UTC"
        return WaitingMail.objects.bulk_create(
            self._mail(notice, one, how, company_zone) for one, how in wanting.items()
        )

    def _mail(self, notice: Notice, member: Membership, how: How, zone: str) -> WaitingMail:
        now, language = self._app.clock.now(), language_of(member)
        there = zone_named(member.user.time_zone or zone) or UTC
        return WaitingMail(
            membership=member,
            connection_id=notice.connection_id,
            topic=TOPIC_OF[notice.cause],
            company=notice.heading,
            subject=notice.subject_in(language),
            text=notice.text_in(language, there),
            path=notice.path,
            daily=how == "daily",
            noted_at=now,
            due_at=next_morning(now, there) if how == "daily" else now,
        )

    # ------------------------------------------------------------------------------------------- to send

    def send_due(self) -> int:
        """Send what is due; how many mails. One process at a time sends; the others leave it to that one.

        Call it outside of a database transaction: it goes over the network.
        """
        if mail_server(self._config) is None:
            return 0
        try:
            with self._app.store.lock("mails"):
                return self._send_all()
        except Busy:
            return 0

    def _send_all(self) -> int:
        sent = 0
        while rows := self._next():
            wanted = [row for row in rows if is_wanted(row)]
            try:
                if wanted:
                    self._send(wanted)
                    sent += 1
            except KontobroError as fault:
                self._postpone(rows, fault)
                if isinstance(fault, Unreachable):  # the next would wait for the same server
                    break
                continue
            WaitingMail.objects.filter(id__in=[row.id for row in rows]).delete()
        return sent

    def _next(self) -> Sequence[WaitingMail]:
        """The rows of one mail that is due, named before it is sent."""
        waiting = WaitingMail.objects.select_related("membership__user", "membership__organisation")
        with transaction.atomic():
            due = waiting.filter(due_at__lte=self._app.clock.now()).order_by("due_at", "id")
            first = due.first()
            if first is None:
                return ()
            if first.name:
                return list(waiting.filter(name=first.name).order_by("id"))
            same = due.filter(daily=True, membership__user=first.membership.user, name="")
            rows = list(same) if first.daily else [first]
            name = uuid.uuid4().hex
            WaitingMail.objects.filter(id__in=[row.id for row in rows]).update(name=name)
            for row in rows:
                row.name = name
            return rows

    def _send(self, rows: Sequence[WaitingMail]) -> None:
        server = mail_server(self._config)
        if server is None:
            return
        parts = [(row.membership, part_of(row)) for row in rows]
        member, part = parts[0]
        daily = rows[0].daily
        name = rows[0].name
        message = daily_letter(self._config, parts, name) if daily else one_letter(self._config, member, part, name)
        hand_in_once(server, self._config.mail_from, message, [member.user.email])
        log.info("notice sent", extra={"daily": daily, "notices": len(rows)})

    def _postpone(self, rows: Sequence[WaitingMail], fault: KontobroError) -> None:
        """Later, and less and less often; after days no more."""
        now, tries = self._app.clock.now(), rows[0].tries
        log.warning("a notice did not arrive", extra={"fault": type(fault).__name__, "tries": tries + 1})
        tried = WaitingMail.objects.filter(id__in=[row.id for row in rows])
        tried.filter(noted_at__lte=now - KEPT).delete()
        tried.update(due_at=now + pause_after(tries), tries=tries + 1)


def pause_after(tries: int) -> timedelta:
    doubled: int = 2 ** min(tries, 20)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def part_of(row: WaitingMail) -> Part:
    return Part(company=row.company, subject=row.subject, text=row.text, path=row.path)


def is_wanted(row: WaitingMail) -> bool:
    """Whether its member wants it still, and may."""
    member = row.membership
    fits = member.mailed and member.role in ("owner", "bookkeeper")
    return fits and choices_of(member)[row.topic] != "never"  # type: ignore[index]


def recipients(notice: Notice) -> Mapping[Membership, How]:
    """Those who can fix something and want to hear of it, and when. A company no one is in charge of is everyone's."""
    owner = ConnectionOwner.objects.filter(connection_id=notice.connection_id).first()
    if owner is None:
        return {}
    members = Membership.objects.select_related("user").filter(organisation_id=owner.organisation_id, mailed=True)
    members = members.filter(Q(mailed_if_in_charge=False) | Q(id=owner.in_charge_id or F("id")))
    wishes = {one: choices_of(one)[TOPIC_OF[notice.cause]] for one in members.filter(role__in=("owner", "bookkeeper"))}
    return {one: how for one, how in wishes.items() if how != "never"}
