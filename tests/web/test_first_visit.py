"""In local mode other users of the machine are strangers: no one signs up without the link, and one person with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kontobro.service.config import config
from kontobro.service.first_visit import new_link
from kontobro.web.models import User
from kontobro.web.server.ready import look_ahead
from tests.support.site import PASSWORD, Site

FORM = {"email": "anna@example.com", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def local(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The service's own home is the site's."""
    monkeypatch.setenv("KONTOBRO_HOME", str(site.app.path))
    config.cache_clear()
    yield site
    monkeypatch.undo()
    config.cache_clear()


def test_without_a_link_nobody_signs_up(local: Site) -> None:
    browser = local.browser()
    assert "kontobro serve --new-link" in browser.get("/accounts/signup/").text
    assert "Sign-up is closed" in browser.post("/accounts/signup/", FORM).text
    assert browser.post("/first-visit/guessed/").status_code == 404
    assert "Sign-up is closed" in browser.post("/accounts/signup/", FORM).text
    assert not User.objects.exists()


def test_the_link_lets_one_person_sign_up(local: Site) -> None:
    path = new_link(config(), local.now()).removeprefix("http://127.0.0.1:8765")
    browser, stranger = local.browser(), local.browser()
    assert stranger.get(path).status_code == 200
    assert browser.post(path, follow=True).status_code == 200
    assert stranger.post(path).status_code == 404
    assert "Create an organisation" in browser.post("/accounts/signup/", FORM, follow=True).text
    browser.post("/accounts/logout/")
    assert "Sign-up is closed" in browser.post("/accounts/signup/", FORM | {"email": "eve@example.com"}).text
    assert [user.email for user in User.objects.all()] == ["anna@example.com"]


def test_who_has_forgotten_the_password_needs_no_invitation(local: Site) -> None:
    local.user("anna@example.com")
    answer = local.browser().post("/accounts/password/reset/", {"email": "anna@example.com"})
    assert answer.status_code == 302


def test_a_start_makes_a_link_until_somebody_has_signed_up(
    local: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KONTOBRO_BIND", "127.0.0.1:0")
    config.cache_clear()
    assert look_ahead(config(), alone=True).startswith("http://127.0.0.1:0/first-visit/")
    local.user("anna@example.com")
    assert look_ahead(config(), alone=True) == ""
