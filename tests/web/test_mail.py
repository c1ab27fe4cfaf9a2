"""What the pages send goes the way of all mails, to a real SMTP server."""

from __future__ import annotations

import pytest
from django.core.mail import EmailMessage

from kontobro.core.errors import Unreachable
from kontobro.web.members.accounts import Mail
from tests.service.test_mail import Mailbox, a_server, configured

LETTER = EmailMessage("Reset", "A link", "Kontobro <books@example.com>", ["a@example.com"], bcc=["b@example.com"])


def test_a_page_s_mail_arrives() -> None:
    mailbox = Mailbox()
    with a_server(mailbox) as port:
        assert Mail(configured=configured(f"smtp://127.0.0.1:{port}")).send_messages([LETTER]) == 1
    assert mailbox.taken[0][2] == ("a@example.com", "b@example.com")
    assert "b@example.com" not in mailbox.taken[0][3]


def test_a_server_that_is_away_is_told_unless_nobody_wants_to_know() -> None:
    away = configured("smtp://127.0.0.1:9")
    with pytest.raises(Unreachable, match="mail server"):
        Mail(configured=away).send_messages([LETTER])
    assert Mail(fail_silently=True, configured=away).send_messages([LETTER]) == 0


def test_without_a_server_nothing_is_sent() -> None:
    assert Mail(configured=configured("")).send_messages([LETTER]) == 0
