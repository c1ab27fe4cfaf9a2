"""A stolen table of passwords is worth as little as Django knows how to make it."""

from __future__ import annotations

from importlib import import_module

from django.conf import global_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils.module_loading import import_string

from tests.support.site import PASSWORD, Site

MANY = 600_000
"""Rounds that OWASP asks of PBKDF2 with SHA-256 (Password Storage Cheat Sheet)."""


def test_the_service_hashes_passwords_as_often_as_django_does() -> None:
    """Its own settings, not those that these tests run with."""
    chosen = getattr(import_module("kontobro.web.settings"), "PASSWORD_HASHERS", global_settings.PASSWORD_HASHERS)
    hasher = import_string(chosen[0])
    assert hasher is PBKDF2PasswordHasher
    assert hasher.iterations >= MANY


def test_a_password_is_kept_as_a_hash_that_knows_it_again(site: Site) -> None:
    user = site.user("ada@example.com")
    assert PASSWORD not in user.password
    assert user.check_password(PASSWORD)
    assert not user.check_password(PASSWORD + " ")
