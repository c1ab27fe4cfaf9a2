"""Signing up and in: django-allauth does it; here is what this service decides."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from allauth.account.adapter import DefaultAccountAdapter
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.http import HttpRequest

from kontobro.service.config import config

log = logging.getLogger(__name__)

INVITED = "invited_to"
"""Key of the session: somebody came by an invitation and may sign up where strangers may not."""


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]
    """Strangers may sign up where the configuration says so, the invited everywhere."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return config().signup or INVITED in request.session

    def is_safe_url(self, url: str | None) -> bool:
        """Where to after signing in. What can't be read as an address is none of ours."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The reader's address: behind a proxy the last that the proxy itself wrote down."""
        if config().behind_proxy and (forwarded := request.headers.get("X-Forwarded-For", "")):
            return forwarded.rpartition(",")[2].strip()
        return str(request.META.get("REMOTE_ADDR", ""))


class LoggedMail(BaseEmailBackend):
    """No mail server is configured: say in the log that a mail was due, without its content."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            log.warning("mail not sent: no KONTOBRO_MAIL_URL", extra={"subject": message.subject})
        return len(email_messages)
