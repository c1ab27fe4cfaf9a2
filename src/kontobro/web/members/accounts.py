"""Signing up and in: django-allauth does it; here is what this service decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.ratelimit import RateLimitUsage, consume
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.http import HttpRequest
from django.utils.translation import gettext as _

from kontobro.core.errors import KontobroError
from kontobro.service.config import ServiceConfig, config
from kontobro.service.notices.mail import hand_in
from kontobro.web.members.guesses import pair_of
from kontobro.web.members.rights import is_invited

INVITED = "invited_as"
"""Key of the session: the mail address of an open invitation, which may sign up where strangers may not."""
FIRST_VISIT = "first_visit"
"""Key of the session: it opened local mode's link, so one person may sign up with an address of their choosing."""


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]
    """Strangers may sign up where the configuration says so, the invited everywhere."""

    _guess: RateLimitUsage | None = None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        invited = is_invited(request.session.get(INVITED, ""))
        return config().signup_open or invited or FIRST_VISIT in request.session

    def is_safe_url(self, url: str | None) -> bool:
        """Where to after signing in. What can't be read as an address is none of ours."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def require_invited(self, email: str) -> None:
        """Where strangers may not sign up, an invitation is for its own address alone. Raises ValidationError."""
        if config().signup_open or FIRST_VISIT in self.request.session:
            return
        if email.casefold() != self.request.session.get(INVITED, "").casefold():
            raise ValidationError(
                _("The invitation is for another email address. Ask for an invitation to this address.")
            )

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """The link is for one person: whoever signed up by it has used it up."""
        saved = super().save_user(request, user, form, commit)
        request.session.pop(FIRST_VISIT, None)
        return saved

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a try before it is made; one that succeeds is taken back."""
        super().pre_authenticate(request, **credentials)
        key = self._get_login_attempts_cache_key(request, **credentials)
        self._guess = consume(request, app="allauth.account", action="guess", key=key)
        if not self._guess:
            raise self.validation_error("too_many_login_attempts")

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        return pair_of(request, str(super()._get_login_attempts_cache_key(request, **credentials)))

    def _rollback_login_failed_rl_usage(self) -> None:
        super()._rollback_login_failed_rl_usage()
        if self._guess:
            self._guess.rollback()

    def get_client_ip(self, request: HttpRequest) -> str:
        """The reader's address: behind a proxy the last that the proxy itself wrote down."""
        if config().behind_proxy and (forwarded := request.headers.get("X-Forwarded-For", "")):
            return forwarded.rpartition(",")[2].strip()
        return str(request.META.get("REMOTE_ADDR", ""))


class Mail(BaseEmailBackend):
    """Django's mails by the same way as our notices; without a server the log says that one was due."""

    def __init__(self, fail_silently: bool = False, configured: ServiceConfig | None = None, **other: Any) -> None:
        super().__init__(fail_silently, **other)
        self._config = configured or config()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        try:
            sent = hand_in(self._config, [(one.message(), one.recipients()) for one in email_messages])
        except KontobroError:
            if not self.fail_silently:
                raise
            return 0
        return len(email_messages) if sent else 0
