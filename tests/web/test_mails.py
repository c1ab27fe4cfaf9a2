"""Who gets which mail, when, in which language; the way out of it; none twice, none lost."""

from __future__ import annotations

import email
import email.policy
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.urls import resolve

from kontobro.bootstrap import App
from kontobro.core.model.connection import Connection
from kontobro.service.config import ServiceConfig, read_config
from kontobro.service.notices.notify import WORDS, Cause, Notice, tell_once
from kontobro.web.mails.letters import books_of
from kontobro.web.mails.missed import missed
from kontobro.web.mails.outbox import KEPT, Outbox, pause_after
from kontobro.web.mails.tables import TOPICS, MailChoice, WaitingMail
from kontobro.web.mails.topics import TOPIC_OF, next_morning
from kontobro.web.models import AuditEvent, ConnectionOwner, Membership, Organisation, ToldNotice, User
from tests.service.test_mail import Mailbox, a_server
from tests.support.site import Site
from tests.support.store_contract.case import job
from tests.web.connected_site import ConnectedSite

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass
class At:
    """A clock that stands where a test puts it."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class Post:
    """The outbox of a site, a mail server that takes what it sends, and a clock."""

    site: Site
    mailbox: Mailbox
    config: ServiceConfig
    clock: At
    organisation: Organisation

    @property
    def app(self) -> App:
        return replace(self.site.app, clock=self.clock)

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.config, self.app)

    def note(self, connection: Connection, cause: Cause = "items_failed", **facts: Any) -> int:
        facts |= {"company": connection.pleo_name, "books": books_of(connection)}
        notice = Notice(cause=cause, connection_id=connection.id, path=f"/c/{connection.id}/", count=3, **facts)
        return tell_once(notice, (), self.outbox, self.clock.now())

    def sent(self, **later: float) -> list[EmailMessage]:
        """What the server takes, that much later."""
        self.clock.moment += timedelta(**later)
        before = len(self.mailbox.taken)
        self.outbox.send_due()
        return [letter(text) for _, _, _, text in self.mailbox.taken[before:]]


def letter(text: str) -> EmailMessage:
    found = email.message_from_string(text, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def said(mail: EmailMessage) -> str:
    return str(mail.get_content()).replace("\r\n", "\n")


@pytest.fixture
def post(site: Site) -> Iterator[Post]:
    mailbox = Mailbox()
    with a_server(mailbox) as port:
        values = {"KONTOBRO_MAIL_URL": f"smtp://127.0.0.1:{port}", "KONTOBRO_MAIL_FROM": "Kontobro <k@example.com>"}
        yield Post(site, mailbox, read_config(values), At(NOON), site.organisation())


def member(post: Post, role: str = "owner", email: str = "anna@example.com", **choices: str) -> Membership:
    user = post.site.member(post.organisation, role, email)
    found = Membership.objects.get(user=user)
    for topic, how in choices.items():
        MailChoice.objects.create(membership=found, topic=topic, how=how)
    return found


def test_a_mail_goes_at_once_to_all_who_can_fix_it_and_once_a_day(post: Post) -> None:
    member(post)
    member(post, "bookkeeper", "bo@example.com")
    member(post, "readonly", "look@example.com")
    fjord = post.site.connection(post.organisation, "Fjord ApS")
    assert (post.note(fjord), post.note(fjord)) == (2, 0)
    mails = post.sent()
    assert sorted(mail["To"] for mail in mails) == ["anna@example.com", "bo@example.com"]
    assert mails[0]["Subject"] == "Kontobro: Fjord ApS: 3 expenses of an export were not booked"
    assert f"http://127.0.0.1:8765/c/{fjord.id}/" in said(mails[0])
    assert post.sent(minutes=5) == []
    assert not WaitingMail.objects.exists()


def test_each_cause_has_a_topic() -> None:
    assert set(TOPIC_OF) == set(WORDS)
    assert set(TOPIC_OF.values()) == set(TOPICS)


def test_who_looks_after_some_companies_is_spared_those_of_others(post: Post) -> None:
    """One that no one is in charge of is everyone's."""
    anna, bo = member(post), member(post, "bookkeeper", "bo@example.com")
    Membership.objects.filter(id=anna.id).update(mailed_if_in_charge=True)
    mine, theirs, nobodys = (post.site.connection(post.organisation, name) for name in ("Mine", "Theirs", "Nobody's"))
    ConnectionOwner.objects.filter(connection_id=mine.id).update(in_charge=anna)
    ConnectionOwner.objects.filter(connection_id=theirs.id).update(in_charge=bo)
    for connection in (mine, theirs, nobodys):
        post.note(connection)
    told = [(mail["To"], mail["Subject"].split(": ")[1]) for mail in post.sent()]
    assert [company for to, company in told if to == "anna@example.com"] == ["Mine", "Nobody's"]
    assert [company for to, company in told if to == "bo@example.com"] == ["Mine", "Theirs", "Nobody's"]


def test_who_does_not_want_a_topic_gets_no_mail_of_it(post: Post) -> None:
    member(post, expenses="never")
    fjord = post.site.connection(post.organisation)
    assert post.note(fjord) == 0
    assert post.note(fjord, "reconnect") == 1
    assert [mail["Subject"] for mail in post.sent()] == ["Kontobro: Demo: The login to Pleo has expired"]


def test_what_is_wanted_no_more_by_the_time_it_is_sent_is_not_sent(post: Post) -> None:
    anna = member(post)
    post.note(post.site.connection(post.organisation))
    Membership.objects.filter(id=anna.id).update(role="readonly")
    assert post.sent() == []
    assert not WaitingMail.objects.exists()


def test_the_daily_mail_comes_in_the_readers_morning_with_all_companies(post: Post) -> None:
    anna = member(post, expenses="daily", login="daily")
    User.objects.filter(id=anna.user_id).update(time_zone="America/New_York")
    other = post.site.organisation("Other firm")
    theirs = Membership.objects.create(organisation=other, user=anna.user, role="bookkeeper")
    MailChoice.objects.create(membership=theirs, topic="expenses", how="daily")
    fjord, bro = (post.site.connection(post.organisation, name) for name in ("Fjord ApS", "Bro ApS"))
    for connection in (fjord, bro, post.site.connection(other, "Ström AB")):
        post.note(connection)
    post.note(fjord, "reconnect")
    assert post.sent(hours=23, minutes=59) == []  # 07:00 in New York is noon in UTC
    [mail] = post.sent(minutes=1)
    assert mail["Subject"] == "Kontobro: your daily email, 3 companies"
    text = said(mail)
    assert text.index("Bro ApS") < text.index("Fjord ApS") < text.index("Ström AB")
    assert text.count("\n3 expenses of an export were not booked\n") == 3
    assert text.count("\nThe login to Pleo has expired\n") == 1
    assert "=== Demo ApS ===" in text
    assert post.sent(days=1) == []


def test_the_morning_is_the_companys_for_who_chose_no_time_zone(post: Post) -> None:
    member(post, expenses="daily")
    fjord = post.site.connection(post.organisation)
    stored = replace(fjord, settings=replace(fjord.settings, time_zone="Asia/Tokyo"))
    post.site.app.store.save_connection(stored)
    post.note(fjord)
    assert WaitingMail.objects.get().due_at == datetime(2026, 3, 2, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        ("2026-03-28T06:59:59+01:00", "2026-03-28T07:00:00+01:00"),
        ("2026-03-28T07:00:00+01:00", "2026-03-29T07:00:00+02:00"),  # the clock is put forward
        ("2026-10-24T12:00:00+02:00", "2026-10-25T07:00:00+01:00"),
    ],
)
def test_the_next_morning_is_seven_on_the_readers_clock(now: str, morning: str) -> None:
    found = next_morning(datetime.fromisoformat(now), ZoneInfo("Europe/Copenhagen"))
    assert found.isoformat() == morning


def test_a_mail_is_in_the_language_of_its_reader(post: Post) -> None:
    anna = member(post)
    User.objects.filter(id=anna.user_id).update(language="de")
    post.note(post.site.connection(post.organisation))
    waiting = WaitingMail.objects.get()
    notice = Notice(cause="items_failed", connection_id="", path="", count=3)
    assert (waiting.subject, waiting.text) == (notice.subject_in("de"), notice.text_in("de"))


# ------------------------------------------------------------------------------ none twice, none lost


def test_a_server_that_is_away_delays_a_mail_and_loses_none(post: Post) -> None:
    member(post)
    away = replace_config(post, "smtp://127.0.0.1:9")
    post.note(post.site.connection(post.organisation))
    assert Outbox(away, post.app).send_due() == 0
    assert post.sent() == []  # not yet again
    assert len(post.sent(minutes=1)) == 1


def test_a_mail_that_never_arrives_is_given_up_after_days(post: Post) -> None:
    member(post)
    away = replace_config(post, "smtp://127.0.0.1:9")
    post.note(post.site.connection(post.organisation))
    Outbox(away, post.app).send_due()
    post.clock.moment += KEPT + timedelta(hours=7)
    Outbox(away, post.app).send_due()
    assert not WaitingMail.objects.exists()


def test_pauses_grow_to_hours() -> None:
    assert [pause_after(tries) for tries in (0, 1, 5, 9, 500)] == [
        timedelta(minutes=minutes) for minutes in (1, 2, 32, 360, 360)
    ]


def test_one_address_that_is_refused_keeps_no_one_elses_mail(post: Post) -> None:
    member(post, email="refused@example.com")
    member(post, email="zoe@example.com")

    async def refuse(server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if address.startswith("refused"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    post.mailbox.handle_RCPT = refuse  # type: ignore[attr-defined]
    post.note(post.site.connection(post.organisation))
    assert [mail["To"] for mail in post.sent()] == ["zoe@example.com"]


def test_two_processes_send_a_mail_once(post: Post) -> None:
    member(post)
    post.note(post.site.connection(post.organisation))
    with post.site.app.store.lock("mails"):
        assert post.outbox.send_due() == 0
    assert len(post.sent()) == 1


def replace_config(post: Post, url: str) -> ServiceConfig:
    return read_config({"KONTOBRO_MAIL_URL": url, "KONTOBRO_MAIL_FROM": post.config.mail_from})


SENDER = """
from kontobro.web.server.start import set_up
set_up()
from kontobro.service.config import config
from kontobro.service.app import open_service_app
from kontobro.web.mails.outbox import Outbox
print(Outbox(config(), open_service_app(config())).send_due())
"""


@pytest.mark.kill
def test_a_sender_that_is_killed_while_the_server_takes_a_mail_loses_none(post: Post) -> None:
    """The next one sends it again as the same mail: under the same Message-ID. The others go once."""
    member(post)
    post.note(post.site.connection(post.organisation, "Fjord ApS"))
    post.note(post.site.connection(post.organisation, "Bro ApS"))
    killed: list[int] = []

    async def kill(server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await Mailbox.handle_DATA(post.mailbox, server, session, envelope)
        if not killed:
            killed.append(process.pid)
            os.kill(process.pid, signal.SIGKILL)
        return answer

    post.mailbox.handle_DATA = kill  # type: ignore[method-assign]
    home = Path(post.app.path)
    url, sender = post.config.mail_url.get_secret_value(), post.config.mail_from
    values = {"KONTOBRO_HOME": str(home), "KONTOBRO_MAIL_URL": url, "KONTOBRO_MAIL_FROM": sender}
    process = subprocess.Popen([sys.executable, "-c", SENDER], env=os.environ | values, text=True)
    assert process.wait(60) == -signal.SIGKILL
    assert len(post.mailbox.taken) == 1
    again = post.sent()
    first = letter(post.mailbox.taken[0][3])
    assert [mail["Message-ID"] for mail in again].count(first["Message-ID"]) == 1
    assert sorted(mail["Subject"].split(": ")[1] for mail in again) == ["Bro ApS", "Fjord ApS"]
    assert post.sent(days=1) == []


def test_what_a_killed_worker_did_not_tell_is_told_later(post: Post) -> None:
    """An export ended with something to fix, and no one was told: the worker was killed in between."""
    member(post)
    fjord = post.site.connection(post.organisation, status="reconnect")
    store = post.site.app.store
    store.begin_job(fjord.id, job("job-1"), "run-1", NOON - timedelta(hours=1))
    store.end_job(fjord.id, "job-1", "failed", "Something.", NOON - timedelta(minutes=30))
    store.begin_job(fjord.id, job("job-2"), "run-2", NOON - timedelta(minutes=20))
    store.end_job(fjord.id, "job-2", "completed", None, NOON - timedelta(minutes=10))

    def found() -> list[tuple[str, str]]:
        return [(notice.cause, notice.path) for notice in missed(post.app, post.clock.now())]

    home = f"/c/{fjord.id}/"
    assert found() == [("job_failed", f"{home}jobs/job-1/"), ("reconnect", home)]
    for notice in list(missed(post.app, post.clock.now())):
        tell_once(notice, (), post.outbox, post.clock.now())
    assert found() == []
    assert len(post.sent()) == 2


def test_expenses_that_were_not_booked_are_told_later_with_their_number(connected: ConnectedSite) -> None:
    """A real export of two expenses, one of which fails; its worker is killed before it tells anyone."""
    job_id = connected.export()
    later = replace(connected.site.app, clock=At(connected.site.now() + timedelta(minutes=5)))
    notices = list(missed(later, later.clock.now()))
    path = f"/c/{connected.connection.id}/jobs/{job_id}/"
    assert [(one.cause, one.count, one.path) for one in notices] == [("items_failed", 1, path)]


# ----------------------------------------------------------------------------------------- the way out


def way_out(mail: EmailMessage) -> str:
    found = re.fullmatch(r"<http://127\.0\.0\.1:8765(/unsubscribe/[^>]+/)>", mail["List-Unsubscribe"])
    assert found
    assert f"http://127.0.0.1:8765{found[1]}" in said(mail)
    return found[1]


def test_one_click_of_a_mail_program_stops_the_mails(post: Post) -> None:
    """RFC 8058: a POST without a session, a cookie or a token of a page."""
    anna = member(post)
    fjord = post.site.connection(post.organisation)
    post.note(fjord)
    [mail] = post.sent()
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = way_out(mail)
    post.note(fjord, "reconnect")
    browser = post.site.browser()
    browser.handler.enforce_csrf_checks = True
    assert "Demo ApS" in browser.get(path).text
    assert Membership.objects.get(id=anna.id).mailed  # looking changes nothing
    assert browser.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Membership.objects.get(id=anna.id).mailed
    assert post.sent() == []
    assert "no more of these emails" in browser.get(path).text
    assert AuditEvent.objects.filter(action="emails stopped from an email").count() == 1


def test_the_way_out_of_a_daily_mail_of_two_organisations_leads_out_of_both(post: Post) -> None:
    anna = member(post, expenses="daily")
    other = post.site.organisation("Other firm")
    theirs = Membership.objects.create(organisation=other, user=anna.user, role="owner")
    MailChoice.objects.create(membership=theirs, topic="expenses", how="daily")
    stranger = Membership.objects.get(user=post.site.member(other))
    for organisation in (post.organisation, other):
        post.note(post.site.connection(organisation))
    mails = [mail for mail in post.sent(days=1) if mail["To"] == "anna@example.com"]
    post.site.browser().post(way_out(mails[0]))
    assert set(Membership.objects.filter(mailed=False)) == {anna, theirs}
    assert Membership.objects.get(id=stranger.id).mailed


@pytest.mark.parametrize("token", ["guessed", "a:b:c", "WzEsMSx0cnVlXQ:1abc:x"])
def test_a_link_that_is_not_ours_leads_nowhere(site: Site, token: str) -> None:
    site.member(site.organisation())
    for method in ("get", "post"):
        assert getattr(site.browser(), method)(f"/unsubscribe/{token}/").status_code == 404
    assert Membership.objects.filter(mailed=True).count() == 1


def test_the_link_in_a_mail_is_one_of_our_addresses() -> None:
    assert resolve("/unsubscribe/x/").url_name == "unsubscribe"


# ------------------------------------------------------------------------------------------- the pages


def test_a_member_chooses_when_to_be_told_of_what(post: Post) -> None:
    anna = member(post)
    browser, page = post.site.browser(anna.user), f"/o/{post.organisation.id}/notifications/"
    browser.post(page, {"mailed": "on", "expenses": "daily", "documents": "never"})
    assert dict(MailChoice.objects.values_list("topic", "how")) == {"expenses": "daily", "documents": "never"}
    assert '<option value="daily" selected>In the daily email</option>' in browser.get(page).text
    assert browser.post(page, {"mailed": "on", "expenses": "sometimes"}).status_code == 400
    browser.post(page, {})
    assert not Membership.objects.get(id=anna.id).mailed
    assert MailChoice.objects.count() == 2  # for when they come back


def test_the_preview_shows_each_mail_as_it_is_sent(post: Post) -> None:
    anna = member(post, documents="never")
    fjord = post.site.connection(post.organisation, "Fjord ApS")
    page = post.site.browser(anna.user).get(f"/o/{post.organisation.id}/notifications/preview/").text
    for cause in TOPIC_OF:
        notice = Notice(cause=cause, connection_id=fjord.id, path="", count=3)
        assert f"Kontobro: Fjord ApS: {notice.subject_in('en')}" in page
    assert page.count("You don&#x27;t get this email") == 2 or page.count("You don't get this email") == 2
    post.note(fjord)
    [mail] = post.sent()
    assert " ".join(said(mail).split()[:20]) in page
    assert page.count("Kontobro: your daily email, 1 company") == 1


def test_a_company_s_mails_go_with_its_data(post: Post) -> None:
    anna = member(post)
    fjord = post.site.connection(post.organisation, status="disconnected")
    post.note(fjord)
    ToldNotice.objects.all().delete()
    post.site.browser(anna.user).post(f"/c/{fjord.id}/privacy/delete/", {"name": "Demo"})
    assert not WaitingMail.objects.exists()
