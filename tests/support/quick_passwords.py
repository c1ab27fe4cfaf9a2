"""Passwords in tests: hashed as the service hashes them, but once instead of a million times, which takes half a
second for each person. `tests/web/test_passwords.py` holds what the service itself does."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import override_settings


class QuickHasher(PBKDF2PasswordHasher):
    iterations = 1


def hash_quickly() -> None:
    """From now on in this process, whose Django is set up."""
    override_settings(PASSWORD_HASHERS=[f"{__name__}.{QuickHasher.__qualname__}"]).enable()
