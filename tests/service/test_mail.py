"""Mails reach a real SMTP server; nothing leaves this machine in the clear."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage as Letter
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kontobro.core.errors import Misconfigured, Unreachable
from kontobro.service.config import ServiceConfig, read_config
from kontobro.service.notices.mail import MailServer, hand_in, hand_in_at, mail_server, message_of, try_mail_server

USER, PASSWORD = "robot@example.com", "p/w d"
A_MAIL = Letter()
A_MAIL["From"], A_MAIL["To"], A_MAIL["Subject"] = "books@example.com", USER, "Hello"


class Mailbox:
    """What a mail server took: whether under TLS, from whom, to whom, its text."""

    def __init__(self) -> None:
        self.taken: list[tuple[bool, str, tuple[str, ...], str]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content or b""
        text = content if isinstance(content, str) else content.decode()
        self.taken.append((session.ssl is not None, envelope.mail_from or "", tuple(envelope.rcpt_tos), text))
        return "250 OK"


@contextmanager
def a_server(mailbox: Mailbox, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A mail server on a free port. With `tls` it takes STARTTLS and a login, and nothing without."""

    def is_known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
        known = (getattr(given, "login", b""), getattr(given, "password", b""))
        return AuthResult(success=known == (USER.encode(), PASSWORD.encode()), handled=False)

    login = {"authenticator": is_known, "auth_required": True, "require_starttls": True} if tls else {}
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), tls_context=tls, **login)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as trial:
        return int(trial.getsockname()[1])


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """TLS for 127.0.0.1, with a certificate that this test trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail of a test")])
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    certificate = made.add_extension(here, critical=False).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    (tmp_path / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    return context


def configured(url: str) -> ServiceConfig:
    return read_config({"KONTOBRO_MAIL_URL": url, "KONTOBRO_MAIL_FROM": "Kontobro <books@example.com>"})


@pytest.mark.parametrize(
    ("url", "tls"),
    [
        ("smtp://mail.example.com", "starttls"),
        ("smtp://user:pw@mail.example.com", "starttls"),
        ("smtps://mail.example.com", "from the start"),
        ("smtp://localhost:25", "none"),
        ("smtp://127.0.0.1:1025", "none"),
        ("smtp://localhost.example.com", "starttls"),
    ],
)
def test_only_what_stays_on_this_machine_goes_in_the_clear(url: str, tls: str) -> None:
    server = mail_server(configured(url))
    assert server is not None
    assert server.tls == tls


def test_each_gets_a_mail_of_their_own() -> None:
    mailbox = Mailbox()
    with a_server(mailbox) as port:
        sender = "Kontobro <books@example.com>"
        mails = [(message_of(sender, to, "Øre", "Grüße"), [to]) for to in ("a@example.com", "b@example.com")]
        assert hand_in(configured(f"smtp://127.0.0.1:{port}"), mails)
    assert [(tls, sender, to) for tls, sender, to, _ in mailbox.taken] == [
        (False, "books@example.com", ("a@example.com",)),
        (False, "books@example.com", ("b@example.com",)),
    ]
    assert "b@example.com" not in mailbox.taken[0][3]
    assert "From: Kontobro <books@example.com>" in mailbox.taken[0][3]


def test_starttls_comes_before_the_login_and_the_mail(certified: ssl.SSLContext) -> None:
    mailbox = Mailbox()
    with a_server(mailbox, certified) as port:
        hand_in_at(MailServer("127.0.0.1", port, "starttls", USER, PASSWORD), "books@example.com", [(A_MAIL, [USER])])
    assert [(tls, to) for tls, _, to, _ in mailbox.taken] == [(True, (USER,))]


def test_a_wrong_password_is_named_and_never_shown(certified: ssl.SSLContext) -> None:
    with a_server(Mailbox(), certified) as port, pytest.raises(Misconfigured, match="refused the login") as told:
        hand_in_at(MailServer("127.0.0.1", port, "starttls", USER, "wr0ng"), "books@example.com", [(A_MAIL, [USER])])
    assert "wr0ng" not in f"{told.value}{told.value.__cause__}"


def test_a_server_without_starttls_gets_nothing() -> None:
    mailbox = Mailbox()
    with a_server(mailbox) as port, pytest.raises(Unreachable, match="SMTPNotSupportedError"):
        hand_in_at(MailServer("127.0.0.1", port, "starttls"), "books@example.com", [(A_MAIL, [USER])])
    assert not mailbox.taken


def test_a_certificate_that_nobody_vouches_for_is_refused(
    certified: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = Mailbox()
    monkeypatch.delenv("SSL_CERT_FILE")
    with a_server(mailbox, certified) as port, pytest.raises(Unreachable, match="SSLCertVerificationError"):
        hand_in_at(MailServer("127.0.0.1", port, "starttls"), "books@example.com", [(A_MAIL, [USER])])
    assert not mailbox.taken


def test_the_doctor_knocks_and_sends_nothing() -> None:
    mailbox = Mailbox()
    with a_server(mailbox) as port:
        assert try_mail_server(configured(f"smtp://127.0.0.1:{port}"))
    assert not mailbox.taken
