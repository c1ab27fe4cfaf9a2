"""How often a password or a code may be guessed: counted by account and address together.

By account alone a stranger could lock its owner out; by address alone one address could try every account. The rates
are `settings.ACCOUNT_RATE_LIMITS`; `guess` is ours.
"""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.core import context, ratelimit
from allauth.core.internal.ratelimit import get_ip
from allauth.mfa.base.forms import AuthenticateForm
from django.http import HttpRequest


def pair_of(request: HttpRequest, account: str) -> str:
    """An account as it is guessed at from the reader's own address."""
    return f"{account.lower()} from {get_ip(request)}"


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """The two-factor authentication. allauth's own count is by account: it only bounds who guesses from many
    addresses."""

    def clean_code(self) -> str:
        pair = pair_of(context.request, f"code of {self.user.pk}")
        if not ratelimit.consume(context.request, action="guess", key=pair):
            raise get_adapter().validation_error("too_many_login_attempts")
        code = str(super().clean_code())
        ratelimit.clear(context.request, action="guess", key=pair)
        return code
