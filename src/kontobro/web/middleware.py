"""Around every page: the reader's locale, and faults as pages that say what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from babel import Locale, UnknownLocaleError
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from kontobro.core.errors import (
    Busy,
    Conflict,
    KontobroError,
    LoginFailed,
    NotAllowed,
    RateLimited,
    Timeout,
    Unreachable,
    UnsafePlan,
)
from kontobro.service.logs import working_on
from kontobro.service.metrics import timed_page

log = logging.getLogger(__name__)

Respond = Callable[[HttpRequest], HttpResponse]

STATUSES: tuple[tuple[tuple[type[KontobroError], ...], int], ...] = (
    ((NotAllowed,), 403),
    ((Busy, Conflict, UnsafePlan, LoginFailed), 409),
    ((Unreachable, Timeout, RateLimited), 503),
)
"""The status of a page that tells a fault; 400 for the others: something was asked that can't be done."""


class Request:
    """One id for all that is logged of a request, its status and duration; never its address: that may be a secret."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        status: list[int] = []
        with working_on(), timed_page(status):
            response = self._respond(request)
            status.append(response.status_code)
            match = request.resolver_match
            log.info("page", extra={"page": match.url_name if match else "", "status": response.status_code})
        return response


class PlainText:
    """Refuses text with a NUL in it: PostgreSQL takes none, and no person ever types one.

    A webhook's body is left alone: its view reads it, and only as far as it may be long.
    """

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._respond(request)

    def process_view(self, request: HttpRequest, view: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        given = [request.path, *_texts(request.GET)]
        if not getattr(view, "csrf_exempt", False):
            given += _texts(request.POST)
        if any("\0" in text for text in given):
            raise BadRequest("NUL in a request")


def _texts(given: QueryDict) -> list[str]:
    return [text for name, values in given.lists() for text in (name, *map(str, values))]


class ReaderLocale:
    """Puts Babel's locale into `request.reader_locale`: numbers and dates as the reader's browser asks for them."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.reader_locale = reader_locale(request.headers.get("Accept-Language", ""))  # type: ignore[attr-defined]
        response = self._respond(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def reader_locale(accepted: str) -> Locale:
    """The first language of an Accept-Language header that Babel knows; British English for none."""
    for part in accepted.split(",")[:5]:
        tag = part.partition(";")[0].strip()
        try:
            return Locale.parse(tag, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en", "GB")


class FaultPages:
    """A KontobroError that a view raises becomes a page with what happened and the remedy."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._respond(request)

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        if not isinstance(fault, KontobroError):
            return None
        status = next((code for kinds, code in STATUSES if isinstance(fault, kinds)), 400)
        log.info("page refused", extra={"fault": type(fault).__name__, "status": status})
        return render(request, "kontobro/fault.html", {"fault": fault}, status=status)
