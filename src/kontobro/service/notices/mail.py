"""Mails over the standard library's SMTP, from one URL of the configuration: notices, and what the pages send."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage, Message
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr
from typing import Literal
from urllib.parse import unquote, urlsplit

from kontobro.core.errors import Misconfigured, Uncertain, Unreachable, shown
from kontobro.core.words import told
from kontobro.service.config import LOOPBACK, ServiceConfig

log = logging.getLogger(__name__)

TIMEOUT = 20.0
Tls = Literal["from the start", "starttls", "none"]
_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed in. Only what stays on this machine may go in the clear."""

    host: str
    port: int
    tls: Tls
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


def mail_server(config: ServiceConfig) -> MailServer | None:
    """The configured server; None when mails go to the log. Raises Misconfigured."""
    text = config.mail_url.get_secret_value()
    if not text:
        return None
    try:
        url = urlsplit(text)
        port = url.port or _PORTS[url.scheme]
    except (ValueError, KeyError):
        raise _wrong() from None
    if not url.hostname:
        raise _wrong()
    tls: Tls = "from the start" if url.scheme == "smtps" else "none" if url.hostname in LOOPBACK else "starttls"
    return MailServer(url.hostname, port, tls, unquote(url.username or ""), unquote(url.password or ""))


def hand_in(config: ServiceConfig, mails: Sequence[tuple[Message, Sequence[str]]]) -> bool:
    """Send these, each to its addresses; False when there is no server. Raises Unreachable, Misconfigured."""
    server = mail_server(config)
    if server is None:
        log.warning("mail not sent: no KONTOBRO_MAIL_URL", extra={"mails": len(mails)})
        return False
    hand_in_at(server, config.mail_from, mails)
    log.info("mail sent", extra={"mails": len(mails)})
    return True


def hand_in_at(server: MailServer, sender: str, mails: Sequence[tuple[Message, Sequence[str]]]) -> None:
    """Send these to that server. Raises Unreachable, Misconfigured."""
    with _session(server) as session:
        for message, to in mails:
            session.send_message(message, parseaddr(sender)[1], list(to))


def hand_in_once(server: MailServer, sender: str, message: EmailMessage, to: Sequence[str]) -> None:
    """Send one mail to all of `to`, or to none. Raises Unreachable, Misconfigured when nothing was sent; Uncertain when
    the server's answer to the whole mail was lost."""
    accepted = False
    try:
        with _session(server) as session:
            session.ehlo_or_helo_if_needed()
            _take(session.mail(parseaddr(sender)[1]), server, sender)
            for address in to:
                _take(session.rcpt(address), server, address)
            _hand_over(session, message.as_bytes(policy=SMTP), server)
            accepted = True
    except Unreachable:
        if not accepted:  # what goes wrong while parting changes nothing
            raise


def _take(answer: tuple[int, bytes], server: MailServer, address: str) -> None:
    """Raises Misconfigured for an address that is refused for good, SMTPException for one to try again."""
    code = answer[0]
    if code >= 500:
        refused = told("mail_address_refused", server=_named(server), address=shown(address), code=str(code))
        raise Misconfigured(*refused)
    if code >= 300:
        raise smtplib.SMTPResponseException(code, "")


def _hand_over(session: smtplib.SMTP, content: bytes, server: MailServer) -> None:
    try:
        code = session.data(content)[0]
    except smtplib.SMTPDataError:
        raise  # before any of it was sent
    except (OSError, smtplib.SMTPException):  # no chaining: it may repeat what the server said
        raise Uncertain(*told("mail_answer_lost", server=_named(server))) from None
    if code >= 500:
        raise Misconfigured(*told("mail_refused", server=_named(server), code=str(code)))
    if code != 250:
        raise smtplib.SMTPResponseException(code, "")


def try_mail_server(config: ServiceConfig) -> bool:
    """Reach the server and log in, send nothing; False when there is none. Raises Unreachable, Misconfigured."""
    server = mail_server(config)
    if server is None:
        return False
    with _session(server) as session:
        session.noop()
    return True


@contextmanager
def _session(server: MailServer) -> Iterator[smtplib.SMTP]:
    try:
        with _connected(server) as session:
            if server.user:
                session.login(server.user, server.password)
            yield session
    except smtplib.SMTPAuthenticationError:
        raise Misconfigured(*told("mail_login_refused")) from None
    except (OSError, smtplib.SMTPException) as error:
        # No chaining: an SMTP error repeats addresses and what the server said.
        raise Unreachable(*told("mail_not_accepted", server=_named(server), kind=type(error).__name__)) from None


def _named(server: MailServer) -> str:
    return f"{server.host}:{server.port}"


def _connected(server: MailServer) -> smtplib.SMTP:
    tls = ssl.create_default_context()
    if server.tls == "from the start":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=tls)
    session = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
    if server.tls == "starttls":
        try:
            session.starttls(context=tls)
        except BaseException:
            session.close()
            raise
    return session


def message_of(sender: str, to: str, subject: str, text: str, name: str = "") -> EmailMessage:
    """A mail of ours, without an attachment. `name`: what it is called when it is sent again; empty: a new one."""
    domain = sender.rpartition("@")[2].strip("> ") or "localhost"
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"], message["Message-ID"] = formatdate(), f"<{name}@{domain}>" if name else make_msgid(domain=domain)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _wrong() -> Misconfigured:
    return Misconfigured(*told("mail_url_wrong"))
