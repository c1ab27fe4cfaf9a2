"""Notices: once a day for a cause, in plain words, and never into the local network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from kontobro.core.errors import KontobroError, Misconfigured, Unreachable
from kontobro.service.config import ServiceConfig, read_config
from kontobro.service.notices.mail import hand_in, mail_server, message_of, try_mail_server
from kontobro.service.notices.notify import WORDS, Cause, Notice, tell_once
from kontobro.service.notices.outgoing import HookNotifier, is_public
from tests.support.bad_servers import answering, listening

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOTICE = Notice(cause="items_failed", connection_id="c1", path="/c/c1/jobs/j1", count=3)
PUBLIC = {"KONTOBRO_PUBLIC_URL": "https://books.example.com"}


def configured(**values: str) -> ServiceConfig:
    return read_config(PUBLIC | values)


@dataclass
class Memory:
    """`mails`: how many go out by mail."""

    mails: int = 0
    claims: set[tuple[str, str, date]] = field(default_factory=set)

    def claim(self, notice: Notice, day: date) -> int | None:
        key = (notice.connection_id, notice.key, day)
        if key in self.claims:
            return None
        self.claims.add(key)
        return self.mails

    def release(self, notice: Notice, day: date) -> None:
        self.claims.discard((notice.connection_id, notice.key, day))


@dataclass
class Way:
    fault: KontobroError | None = None
    told: list[Notice] = field(default_factory=list)

    def tell(self, notice: Notice, now: datetime) -> bool:
        if self.fault:
            raise self.fault
        self.told.append(notice)
        return True


def test_once_a_day_for_a_cause_and_connection() -> None:
    way, memory = Way(), Memory()
    other = Notice(cause="reconnect", connection_id="c1", path="/c/c1")
    for notice, now in [(NOTICE, NOW), (NOTICE, NOW), (other, NOW), (NOTICE, NOW + timedelta(days=1))]:
        tell_once(notice, [way], memory, now)
    assert way.told == [NOTICE, other, NOTICE]


def test_a_job_that_waits_is_told_of_once_with_the_time_it_expires() -> None:
    """Also when a day begins meanwhile; another job is told of too."""
    way, memory = Way(), Memory()
    night = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)

    def waiting(job: str) -> Notice:
        until = night + timedelta(hours=1)
        return Notice(cause="not_usable", connection_id="c1", path="/c/c1/settings/", about=job, until=until)

    for job, now in [("j1", night), ("j1", night + timedelta(minutes=45)), ("j2", night)]:
        tell_once(waiting(job), [way], memory, now)
    assert [notice.about for notice in way.told] == ["j1", "j2"]
    assert "Set it before 2026-03-02 00:30 UTC" in way.told[0].text


def test_a_way_that_fails_stops_no_other() -> None:
    way = Way()
    assert tell_once(NOTICE, [Way(Unreachable("no")), way], Memory(), NOW) == 1
    assert way.told == [NOTICE]


def test_a_notice_that_reached_nobody_may_be_told_again() -> None:
    memory, way = Memory(), Way()
    assert tell_once(NOTICE, [Way(Unreachable("no"))], memory, NOW) == 0
    assert tell_once(NOTICE, [way], memory, NOW) == 1


def test_a_notice_with_mails_noted_is_told_whatever_becomes_of_the_other_ways() -> None:
    memory, way = Memory(mails=2), Way()
    assert tell_once(NOTICE, [Way(Unreachable("no"))], memory, NOW) == 2
    assert tell_once(NOTICE, [way], memory, NOW) == 0
    assert way.told == []


@pytest.mark.parametrize("cause", list(WORDS))
def test_every_cause_has_words(cause: Cause) -> None:
    notice = Notice(cause=cause, connection_id="c1", path="/", count=7)
    assert "{" not in notice.subject_in("") + notice.text
    assert notice.text.endswith(".")


@dataclass
class Receiver:
    """Answers what a test says, and keeps what was sent."""

    status: int = 204
    sent: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.sent.append(request)
        return httpx2.Response(self.status, headers={"location": "http://127.0.0.1/"})


def hook(receiver: Receiver, url: str, **values: str) -> HookNotifier:
    def target(connection_id: str) -> tuple[str, str]:
        return (url, SECRET)

    return HookNotifier(configured(**values), target, transport=httpx2.MockTransport(receiver))


def really(url: str, addresses: Sequence[str], **values: str) -> HookNotifier:
    """One that would connect, to a name of these addresses."""
    return HookNotifier(configured(**values), lambda connection_id: (url, SECRET), lambda host, port: addresses)


def test_a_hook_is_signed() -> None:
    receiver = Receiver()
    assert hook(receiver, "https://hooks.example.com/in?x=1").tell(NOTICE, NOW) is True
    [request] = receiver.sent
    assert (request.url.host, request.headers["host"]) == ("hooks.example.com", "hooks.example.com")
    signature = Webhook(SECRET).sign(request.headers["webhook-id"], NOW, request.content.decode())
    assert request.headers["webhook-signature"] == signature
    body = json.loads(request.content)
    assert body["type"] == "kontobro.items_failed"
    assert body["data"] == {
        "connection": "c1",
        "company": "",
        "books": "",
        "count": 3,
        "text": NOTICE.text,
        "url": "https://books.example.com/c/c1/jobs/j1",
    }


PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "fd00::1",
    "fe80::1%eth0",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "nonsense",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_never_called(address: str) -> None:
    with pytest.raises(Misconfigured, match="private"):
        really("https://inside.example.com/", ["93.184.215.14", address]).tell(NOTICE, NOW)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "ftp://a/",
        "https://user:pw@a.example/",
        "https://",
        "https://[::1",
        "https://a:b/",
        "",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    receiver = Receiver()
    with pytest.raises(Misconfigured):
        hook(receiver, url).tell(NOTICE, NOW)
    assert receiver.sent == []


def test_this_machine_is_called_only_when_the_service_is_local() -> None:
    local = {"KONTOBRO_PUBLIC_URL": "http://127.0.0.1:8765"}
    with listening(answering(b"", status="204 No Content")) as server:
        url = f"http://hooks.example:{server.port}/"
        assert really(url, ["127.0.0.1"], **local).tell(NOTICE, NOW) is True
        with pytest.raises(Misconfigured):
            really(url, ["10.0.0.1"], **local).tell(NOTICE, NOW)
        assert len(server.came) == 1


def test_a_receiver_that_answers_without_end_is_one_clear_fault() -> None:
    local = {"KONTOBRO_PUBLIC_URL": "http://127.0.0.1:8765"}
    with (
        listening(answering(bytes(1_000_000))) as server,
        pytest.raises(Unreachable, match="endless"),
    ):
        really(f"http://hooks.example:{server.port}/", ["127.0.0.1"], **local).tell(NOTICE, NOW)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_redirects_and_refusals_are_told_not_followed(status: int) -> None:
    receiver = Receiver(status)
    with pytest.raises(Unreachable, match=str(status)):
        hook(receiver, "https://hooks.example.com/").tell(NOTICE, NOW)
    assert len(receiver.sent) == 1


def test_a_secret_that_is_none_is_a_clear_fault() -> None:
    def target(connection_id: str) -> tuple[str, str]:
        return ("https://hooks.example.com/", "")

    found = HookNotifier(configured(), target, transport=httpx2.MockTransport(Receiver()))
    with pytest.raises(Misconfigured, match="secret"):
        found.tell(NOTICE, NOW)


def test_no_target_is_nobody_told() -> None:
    assert HookNotifier(configured(), lambda connection_id: None).tell(NOTICE, NOW) is False


@given(st.ip_addresses())
def test_what_is_public_is_global(address: Any) -> None:
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_private


# ---------------------------------------------------------------------------------------------- mail


def test_without_a_server_mails_go_to_the_log() -> None:
    assert hand_in(configured(), [(message_of("a@example.com", "b@example.com", "x", "y"), ["b@example.com"])]) is False
    assert try_mail_server(configured()) is False


@pytest.mark.parametrize("url", ["http://host", "smtp://", "smtp://host:port", "nonsense"])
def test_a_wrong_mail_url_is_one_clear_error(url: str) -> None:
    with pytest.raises(Misconfigured, match="KONTOBRO_MAIL_URL"):
        mail_server(configured(KONTOBRO_MAIL_URL=url))


def test_ports_and_passwords_are_read() -> None:
    server = mail_server(configured(KONTOBRO_MAIL_URL="smtp://a%40b:p%2Fw@host"))
    assert server is not None
    assert (server.host, server.port, server.user, server.password) == ("host", 587, "a@b", "p/w")
    assert "p/w" not in repr(server)
    tls = mail_server(configured(KONTOBRO_MAIL_URL="smtps://host"))
    assert tls is not None
    assert (tls.port, tls.tls) == (465, "from the start")


def test_a_server_that_is_away_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        try_mail_server(configured(KONTOBRO_MAIL_URL="smtp://127.0.0.1:9"))
