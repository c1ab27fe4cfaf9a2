"""In whose language, format and time zone a page is: the person's choice, else what the browser asks for.

Without either: English, and UTC, which the page says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import tzinfo
from functools import lru_cache
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from kontobro.core.rules.dates import zone_named

ENGLISH: Final = Locale("en", "GB")

ZONE_COOKIE: Final = "zone"
"""The browser's own time zone, as `kontobro.js` tells it."""

Respond = Callable[[HttpRequest], HttpResponse]


class BrowserLanguage:
    """Before it is known who reads: in the language that the browser asks for."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with translation.override(translation.get_language_from_request(request)):
            read_by(request)
            response = self._respond(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class PersonLanguage:
    """In the language and the time zone that the person chose."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        language, zone = (user.language, user.time_zone) if user.is_authenticated else ("", "")
        with translation.override(language or translation.get_language()):
            read_by(request, language, zone)
            response = self._respond(request)
            response.headers.setdefault("Content-Language", language_now())
        return response


def read_by(request: HttpRequest, language: str = "", zone: str = "") -> None:
    """Put the reader's locale and time zone into the request: what the person chose, else what the browser tells."""
    told: Any = request
    told.LANGUAGE_CODE = language_now()
    told.reader_locale = reader_locale(request.headers.get("Accept-Language", ""), language, language_now())
    told.reader_zone = reader_zone(zone, request.COOKIES.get(ZONE_COOKIE, ""))


def language_now() -> str:
    """The language of what is being written: `da`, `de`, `en`, `fr` or `sv`."""
    return (translation.get_language() or "en").partition("-")[0]


def reader_locale(accepted: str, chosen: str = "", language: str = "en") -> Locale:
    """How the reader writes numbers and days.

    `accepted`: an Accept-Language header. Its first locale of the page's language has the region (`de-AT`). English
    pages that no one chose are in the format of the browser's first locale: there is no translation for its reader.
    """
    asked = list(_locales(accepted))
    for locale in asked:
        if locale.language == language or (language == "en" and not chosen):
            return locale
    return ENGLISH if language == "en" else Locale(language)


def _locales(accepted: str) -> Iterator[Locale]:
    for part in accepted.split(",")[:5]:
        try:
            yield Locale.parse(part.partition(";")[0].strip(), sep="-")
        except (ValueError, UnknownLocaleError):
            continue


def reader_zone(chosen: str, told: str) -> tzinfo | None:
    """The time zone that the person chose, else the browser's; None when neither is known."""
    return next((zone for name in (chosen, told) if name and (zone := _zone(name))), None)


@lru_cache(maxsize=1000)
def _zone(name: str) -> tzinfo | None:
    return zone_named(name) if len(name) <= 64 else None
