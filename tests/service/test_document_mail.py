"""Documents are mailed once: what was not taken can be sent again, what may have been taken is not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from kontobro.cli.common.context import CliContext
from kontobro.core.errors import Misconfigured, Uncertain, Unreachable
from kontobro.service.config import read_config
from kontobro.service.notices.documents import DocumentMailer, mailers_of
from tests.delivery.places import a_file
from tests.support.empty_store import put_empty_store
from tests.support.scripted_pleo import a_connection

TO = ("a@example.com", "b@example.com")
ATTACHMENT = ("0001.csv.zip", b"PK\x03\x04\r\n.\r\n\x00")


def mailer_at(port: int) -> DocumentMailer:
    config = read_config({"KONTOBRO_MAIL_URL": f"smtp://127.0.0.1:{port}", "KONTOBRO_MAIL_FROM": "books@example.com"})
    return DocumentMailer(config, lambda name: f"https://books.example/{name}")


class Taking:
    """Takes mails, refuses what `refuses` names."""

    def __init__(self, refuses: str = "", with_code: int = 550) -> None:
        self.refuses, self.code = refuses, with_code
        self.taken: list[tuple[tuple[str, ...], bytes]] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == self.refuses:
            return f"{self.code} no"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuses == "the mail":
            return f"{self.code} no"
        content = envelope.content
        assert isinstance(content, bytes)
        self.taken.append((tuple(envelope.rcpt_tos), content))
        return "250 OK"


@contextmanager
def served(handler: Taking) -> Iterator[DocumentMailer]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mailer_at(port)
    finally:
        controller.stop()


def test_one_mail_to_all_with_the_attachment_as_it_was() -> None:
    with served(handler := Taking()) as mailer:
        mailer.check()
        mailer.send(TO, "Kontobro: 0001.csv", "Hello\n", ATTACHMENT)
    ((to, content),) = handler.taken
    message = message_from_bytes(content, policy=default)
    (attached,) = message.iter_attachments()
    assert to == TO
    assert (message["To"], message["Subject"]) == ("a@example.com, b@example.com", "Kontobro: 0001.csv")
    assert (attached.get_filename(), attached.get_content()) == ATTACHMENT


def test_without_an_attachment_it_is_text() -> None:
    with served(handler := Taking()) as mailer:
        mailer.send(TO[:1], "Kontobro", mailer.link("0001.csv"), None)
    assert b"https://books.example/0001.csv" in handler.taken[0][1]


@pytest.mark.parametrize("refuses", ["b@example.com", "the mail"])
@pytest.mark.parametrize(("code", "fault"), [(550, Misconfigured), (451, Unreachable)])
def test_a_refusal_sends_nothing_to_any_of_them(refuses: str, code: int, fault: type[Exception]) -> None:
    with served(handler := Taking(refuses, code)) as mailer, pytest.raises(fault) as told:
        mailer.send(TO, "Kontobro", "Hello\n", ATTACHMENT)
    assert type(told.value) is fault
    assert handler.taken == []


@contextmanager
def a_server_that_leaves(after: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Answers as a mail server does until it has read that, then closes without an answer."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"220 hello\r\n")
                reading = False
                for line in lines:
                    seen.append(line)
                    if line.rstrip().upper() == after:
                        return
                    if reading and line != b".\r\n":
                        continue
                    reading = line.rstrip().upper() == b"DATA"
                    connection.sendall(b"354 go on\r\n" if reading else b"250 OK\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1], seen
        finally:
            thread.join(10)


def test_a_lost_answer_to_the_whole_mail_is_uncertain() -> None:
    with a_server_that_leaves(after=b".") as (port, seen), pytest.raises(Uncertain, match="may have been sent"):
        mailer_at(port).send(TO, "Kontobro", "Hello\n", None)
    assert b"DATA\r\n" in [line.upper() for line in seen]


def test_a_lost_answer_to_its_announcement_counts_as_the_same() -> None:
    """Nothing of the mail was on its way, but smtplib does not tell the two apart."""
    with a_server_that_leaves(after=b"DATA") as (port, _), pytest.raises(Uncertain):
        mailer_at(port).send(TO, "Kontobro", "Hello\n", None)


def test_a_connection_lost_before_the_mail_is_unreachable() -> None:
    with a_server_that_leaves(after=b"RCPT TO:<B@EXAMPLE.COM>") as (port, _), pytest.raises(Unreachable):
        mailer_at(port).send(TO, "Kontobro", "Hello\n", None)


def test_what_goes_wrong_while_parting_changes_nothing() -> None:
    with a_server_that_leaves(after=b"QUIT") as (port, seen):
        mailer_at(port).send(TO, "Kontobro", "Hello\n", None)
    assert seen[-1].upper() == b"QUIT\r\n"


def test_without_a_mail_server_it_is_told() -> None:
    mailer = DocumentMailer(read_config({}), lambda name: "")
    for call in (mailer.check, lambda: mailer.send(TO, "x", "x", None)):
        with pytest.raises(Misconfigured, match="KONTOBRO_MAIL_URL"):
            call()


def test_the_service_and_the_command_line_mail_where_a_server_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mailers_of(read_config({})) is None
    connection = a_connection(erp_options={"deliver_to": "mailto:a@example.com"})
    with served(handler := Taking()) as mailer:
        monkeypatch.setenv("KONTOBRO_MAIL_URL", mailer.config.mail_url.get_secret_value())
        put_empty_store(tmp_path / "kontobro.sqlite3")
        cli = CliContext(tmp_path)
        try:
            delivery = cli.app.delivery_for(connection, {"delivery_secret": "four words and more"})
            assert delivery is not None
            delivery.deliver([a_file("0001.csv")])
            with pytest.raises(Misconfigured, match="passphrase"):
                cli.app.delivery_for(connection).check()  # type: ignore[union-attr]
        finally:
            cli.close()
    assert len(handler.taken) == 1
