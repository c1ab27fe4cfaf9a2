"""Guessing is slowed down for who guesses, and for no one else."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client

from tests.support.site import PASSWORD, Site

EMAIL = "anna@example.com"
STRANGER, OWNER = "203.0.113.9", "198.51.100.7"


@pytest.fixture(autouse=True)
def _nothing_counted(site: Site) -> None:
    cache.clear()


def sign_in(site: Site, address: str, password: str) -> Any:
    return site.browser().post("/accounts/login/", {"login": EMAIL, "password": password}, REMOTE_ADDR=address)


def is_slowed(answer: Any) -> bool:
    return answer.status_code == 429 or "Too many failed login attempts" in answer.text


def test_a_stranger_is_slowed_down_and_the_owner_is_not(site: Site) -> None:
    site.user(EMAIL)
    answers = [sign_in(site, STRANGER, f"wrong {number}") for number in range(30)]
    assert not any(map(is_slowed, answers[:5]))
    assert all(map(is_slowed, answers[5:]))
    assert is_slowed(sign_in(site, STRANGER, PASSWORD))
    assert sign_in(site, OWNER, PASSWORD).status_code == 302


def test_who_signs_in_often_is_not_slowed_down(site: Site) -> None:
    site.user(EMAIL)
    assert [sign_in(site, OWNER, PASSWORD).status_code for _ in range(12)] == [302] * 12


def test_one_address_does_not_go_through_all_accounts(site: Site) -> None:
    form = {"password": "wrong"}
    answers = [
        site.browser().post("/accounts/login/", form | {"login": f"p{number}@example.com"}, REMOTE_ADDR=STRANGER)
        for number in range(12)
    ]
    assert is_slowed(answers[-1])


def test_a_stranger_with_the_password_does_not_lock_the_second_factor(site: Site) -> None:
    user = site.user(EMAIL)
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    stranger = at_the_code(site, STRANGER)
    answers = [stranger.post("/accounts/2fa/authenticate/", {"code": "000000"}) for _ in range(9)]
    assert is_slowed(answers[-1])
    code = hotp_value(secret, next(iter(yield_hotp_counters_from_time())))
    answer = at_the_code(site, OWNER).post("/accounts/2fa/authenticate/", {"code": f"{code:06}"})
    assert answer.status_code == 302, answer.text


def at_the_code(site: Site, address: str) -> Client:
    browser = site.browser()
    browser.defaults["REMOTE_ADDR"] = address
    assert browser.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD}).status_code == 302
    return browser


def test_a_stranger_does_not_use_up_the_owner_s_new_passwords(site: Site) -> None:
    site.user(EMAIL)

    def ask(address: str) -> int:
        form = {"email": EMAIL}
        return int(site.browser().post("/accounts/password/reset/", form, REMOTE_ADDR=address).status_code)

    answers = [ask(STRANGER) for _ in range(12)]
    assert answers[0] == 302
    assert answers[-1] == 429
    assert ask(OWNER) == 302
