"""Mailing documents (`core/ports/delivery.py`, `Mailer`): once. A mail that may have been sent is not sent again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.ports.delivery import Mailer
from kontobro.core.words import told
from kontobro.service.config import ServiceConfig
from kontobro.service.notices.mail import hand_in_once, mail_server, message_of, try_mail_server


@dataclass(frozen=True, slots=True)
class DocumentMailer:
    """By the service's mail server. `link_to` gives the page of a document's file; empty without one."""

    config: ServiceConfig
    link_to: Callable[[str], str]

    def check(self) -> None:
        if not try_mail_server(self.config):
            raise _no_server()

    def send(self, to: Sequence[str], subject: str, text: str, attachment: tuple[str, bytes] | None) -> None:
        server = mail_server(self.config)
        if server is None:
            raise _no_server()
        message: EmailMessage = message_of(self.config.mail_from, ", ".join(to), subject, text)
        if attachment:
            name, content = attachment
            message.add_attachment(content, maintype="application", subtype="zip", filename=name)
        hand_in_once(server, self.config.mail_from, message, to)

    def link(self, name: str) -> str:
        return self.link_to(name)


def mailers_of(config: ServiceConfig) -> Callable[[Connection], Mailer] | None:
    """How documents are mailed; None without a mail server. A mail has no link: the command line has no pages."""
    if not config.mail_url.get_secret_value():
        return None
    return lambda connection: DocumentMailer(config, lambda name: "")


def _no_server() -> Misconfigured:
    return Misconfigured(*told("document_mail_serverless"))
