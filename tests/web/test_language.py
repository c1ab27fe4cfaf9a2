"""A page is in its reader's language, format and time zone: chosen, else the browser's, else English and UTC."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po
from django.db import IntegrityError
from django.http import HttpRequest
from django.template import Context, Template
from django.test import Client
from django.utils import translation

from kontobro.core.words import LANGUAGES
from kontobro.service.notices.notify import WORDS, Cause, Notice
from kontobro.web.language import reader_locale, reader_zone
from kontobro.web.mails.letters import language_of
from kontobro.web.mails.outbox import recipients
from kontobro.web.members.library_words import LIBRARY_WORDS
from kontobro.web.members.preferences import PreferencesForm, zones
from kontobro.web.models import User
from tests.support.site import Site
from tests.web.pseudo import OTHERS

SEVEN = datetime(2026, 7, 1, 7, 0, tzinfo=UTC)


def lang(page: str) -> str:
    found = re.search(r'<html lang="(\w+)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("nl,sv;q=0.5", "sv"),
        ("en-GB,da", "en"),
        ("fr-CA", "fr"),
        ("tlh, *;q=x", "en"),
        ("", "en"),
    ],
)
def test_who_is_not_signed_in_reads_the_browsers_language(site: Site, accepted: str, language: str) -> None:
    answer = site.browser().get("/accounts/login/", headers={"accept-language": accepted})
    assert lang(answer.text) == language
    assert answer["Content-Language"] == language


def test_allauths_own_pages_come_with_their_translation(site: Site) -> None:
    told = {
        language: site.browser().get("/accounts/login/", headers={"accept-language": language}).text
        for language in ("da", "de", "fr", "sv")
    }
    for language, word in {"da": "Adgangskode", "de": "Passwort", "fr": "Mot de passe", "sv": "Lösenord"}.items():
        assert word in told[language]


def test_what_a_person_chose_counts_on_every_page(site: Site) -> None:
    """Also on pages that no view gave."""
    browser = site.browser(site.member(site.organisation()))
    assert lang(browser.get("/my/language/").text) == "en"
    after = browser.post("/my/language/", {"language": "da", "time_zone": "copenhagen"}, follow=True)
    assert lang(after.text) == "da"
    assert "Europe/Copenhagen" in after.text
    assert lang(browser.get("/nowhere/").text) == "da"
    assert lang(browser.get("/my/language/", headers={"accept-language": "de"}).text) == "da"
    browser.post("/my/language/", {"language": "", "time_zone": ""})
    assert lang(browser.get("/my/language/", headers={"accept-language": "de"}).text) == "de"


def test_one_readers_language_is_not_the_next_ones(site: Site) -> None:
    """Also not of what runs in the same thread between pages."""
    before = translation.get_language()
    site.browser().get("/accounts/login/", headers={"accept-language": "sv"})
    assert translation.get_language() == before
    assert lang(site.browser().get("/accounts/login/").text) == "en"


def test_a_page_that_can_t_be_read_is_refused_in_the_browsers_language(site: Site) -> None:
    answer = site.browser().get("/accounts/login/?next=%00", headers={"accept-language": "fr"})
    assert answer.status_code == 400
    assert lang(answer.text) == "fr"


def test_no_language_but_ours_is_kept(site: Site) -> None:
    user = site.user("a@example.com")
    user.language = "tlh"
    with pytest.raises(IntegrityError):
        user.save()
    answer = site.browser(site.user("b@example.com")).post("/my/language/", {"language": "tlh", "time_zone": "Mars"})
    assert "is-invalid" in answer.text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Europe/Copenhagen", "Europe/Copenhagen"),
        ("copenhagen", "Europe/Copenhagen"),
        ("new york", "America/New_York"),
        ("utc", "UTC"),
        ("", ""),
        ("Louisville", None),
        ("Atlantis", None),
    ],
)
def test_a_time_zone_is_found_by_its_city(given: str, kept: str | None) -> None:
    form = PreferencesForm({"language": "", "time_zone": given})
    assert form.is_valid() == (kept is not None)
    assert form.cleaned_data.get("time_zone") == kept
    assert "Europe/Paris" in zones()


@pytest.mark.parametrize(
    ("accepted", "chosen", "language", "locale"),
    [
        ("de-AT,en", "", "de", "de_AT"),
        ("nl,de-CH;q=0.5", "", "de", "de_CH"),
        ("nl-BE", "", "en", "nl_BE"),
        ("nl-BE,en-US", "en", "en", "en_US"),
        ("nl-BE", "en", "en", "en_GB"),
        ("nl-BE", "de", "de", "de"),
        ("de-AT", "de", "de", "de_AT"),
        ("", "", "en", "en_GB"),
        ("tlh, *;q=x, " + "z" * 500, "", "en", "en_GB"),
    ],
)
def test_the_locale_goes_with_the_language(accepted: str, chosen: str, language: str, locale: str) -> None:
    assert str(reader_locale(accepted, chosen, language)) == locale


def test_the_zone_is_the_persons_else_the_browsers_else_not_known() -> None:
    assert reader_zone("Asia/Tokyo", "Europe/Paris") == ZoneInfo("Asia/Tokyo")
    assert reader_zone("", "Europe/Paris") == ZoneInfo("Europe/Paris")
    assert reader_zone("Gone/City", "Europe/Paris") == ZoneInfo("Europe/Paris")
    for nonsense in ("", "../../etc/passwd", "x" * 70_000, "/", "\x00"):
        assert reader_zone("", nonsense) is None


@pytest.mark.parametrize(
    ("reader", "company", "shown"),
    [
        ("Asia/Tokyo", "Europe/Paris", "01/07/2026, 16:00<"),
        (None, "Europe/Paris", "01/07/2026, 09:00<"),
        (None, None, "01/07/2026, 07:00 UTC<"),
        ("Asia/Tokyo", None, "01/07/2026, 16:00<"),
    ],
)
def test_a_moment_is_in_the_readers_zone(reader: str | None, company: str | None, shown: str) -> None:
    request: Any = HttpRequest()
    request.reader_zone = ZoneInfo(reader) if reader else None
    made = Template("{% moment at zone %}").render(Context({"request": request, "at": SEVEN, "zone": company}))
    assert shown in made


def test_a_browser_tells_its_zone(site: Site) -> None:
    browser: Client = site.browser(site.member(site.organisation()))
    browser.cookies["zone"] = "America/New_York"
    assert "America/New_York" in browser.get("/my/language/").text


def test_a_notice_is_mailed_in_each_persons_language(site: Site) -> None:
    organisation = site.organisation()
    connection = site.connection(organisation)
    anna, bo = site.member(organisation, "owner"), site.member(organisation, "bookkeeper")
    site.member(organisation, "readonly")
    User.objects.filter(id=bo.id).update(language="da")
    mailed = recipients(Notice(cause="items_failed", connection_id=connection.id, path="/"))
    assert {one.user: language_of(one) for one in mailed} == {anna: "en", bo: "da"}
    notice = Notice(cause="items_failed", connection_id=connection.id, path="/", count=3)
    assert notice.subject_in("") == "3 expenses of an export were not booked"
    for cause in WORDS:
        said = replace(notice, cause=cause)
        for language in ("", *LANGUAGES):
            assert "{" not in said.subject_in(language) + said.text_in(language)


@pytest.mark.parametrize("cause", WORDS)
def test_a_notice_of_one_is_said_of_one(cause: Cause) -> None:
    """And of more as of more, in each language, whatever form of the text it takes."""
    since = datetime(2026, 11, 29, tzinfo=UTC) if cause == "reconnect" else None
    one = Notice(cause=cause, connection_id="id", path="/", count=1, ended_at=since)
    many = replace(one, count=2)
    for form, text in WORDS[cause].items():
        assert ("{count}" in text) == (form.endswith("_one") or f"{form}_one" in WORDS[cause]), form
    for language in ("", *LANGUAGES):
        said, told = one.text_in(language), many.text_in(language)
        assert (said == told) == ("{count}" not in "".join(WORDS[cause].values()))
    assert "1 expenses" not in one.subject_in("") + one.text
    assert "1 documents" not in one.subject_in("") + one.text
    if since:
        assert all(one.text_in(language) != one.text_in("") for language in LANGUAGES)


def test_the_library_s_words_that_are_said_in_our_way_are_the_library_s() -> None:
    """A text that the library changes is not said in our way any more."""
    with (OTHERS[0] / "de" / "LC_MESSAGES" / "django.po").open("rb") as file:
        theirs = {message.id for message in read_po(file, locale="de")}
    assert [text for text in LIBRARY_WORDS if text not in theirs] == []


def test_german_pages_of_the_account_address_people_as_all_others_do(site: Site) -> None:
    german = {"accept-language": "de"}
    for browser in (site.browser(), site.browser(site.member(site.organisation()))):
        for name in ("login", "signup", "logout", "password/reset", "password/reset/done", "confirm-email", "2fa"):
            page = browser.get(f"/accounts/{name}/", headers=german).text
            assert re.findall(r"\b(?:du|dich|dir|dein\w*|gib|lass)\b", page, re.IGNORECASE) == [], name
