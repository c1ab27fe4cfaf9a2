"""The form for signing up. Apart from `accounts.py`, which django-allauth loads before its own forms."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm


class SigningUp(SignupForm):  # type: ignore[misc]  # allauth has no types
    def clean_email(self) -> str:
        """Asked here and not of every mail address: a forgotten password is another matter."""
        email = str(super().clean_email())
        get_adapter().require_invited(email)
        return email
