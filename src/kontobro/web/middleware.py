"""Around every page: what is measured of it, what is not read, and faults as pages that say what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from kontobro.core.errors import (
    Busy,
    Conflict,
    KontobroError,
    LoginFailed,
    NotAllowed,
    RateLimited,
    StoreUnreachable,
    Timeout,
    Unreachable,
    UnsafePlan,
)
from kontobro.service.logging.logs import working_on
from kontobro.service.metrics.counters import timed_page
from kontobro.service.outage import is_outage
from kontobro.web.language import language_now

log = logging.getLogger(__name__)

LARGEST_BODY = 1_500_000
"""Bytes of a request: a form (`DATA_UPLOAD_MAX_MEMORY_SIZE`) and a settings file."""

Respond = Callable[[HttpRequest], HttpResponse]


class TooManyAtOnce(KontobroError):
    """One organisation asks for more than its share. Nothing was done."""


STATUSES: tuple[tuple[tuple[type[KontobroError], ...], int], ...] = (
    ((NotAllowed,), 403),
    ((Busy, Conflict, UnsafePlan, LoginFailed), 409),
    ((Unreachable, Timeout, RateLimited, StoreUnreachable, TooManyAtOnce), 503),
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


class Readable:
    """Refuses what no browser of ours sends: text that is not UTF-8 by its own account, and NUL anywhere.

    PostgreSQL takes no NUL in a text, and some of Python's encodings are none for text: both would break a page. A body
    of any size would be spooled to the disk before a page is asked whether it wants it.
    """

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_too_large(request.META.get("CONTENT_LENGTH") or "0"):
            return HttpResponse(_("The request is too large."), status=413, content_type="text/plain")
        named = request.content_params.get("charset", "utf-8") if request.content_params else "utf-8"
        given = [request.path_info, unquote(request.META.get("QUERY_STRING", "")), *request.COOKIES.values()]
        if named.lower() not in ("utf-8", "utf8") or any("\0" in text for text in given):
            raise BadRequest("not readable")
        return self._respond(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Forms. A view that no form is sent to reads its body itself."""
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return
        try:
            values = [text for _, texts in request.POST.lists() for text in texts]
        except UnreadablePostError:  # whoever sent it is gone
            raise BadRequest("not readable") from None
        if any("\0" in text for text in (*request.POST, *map(str, values))):
            raise BadRequest("not readable")


def _is_too_large(length: str) -> bool:
    """What says no length, or none that is a number, has no body: Django reads no further than it says."""
    return length.isdecimal() and (len(length) > 12 or int(length) > LARGEST_BODY)


class FaultPages:
    """A KontobroError that a view raises becomes a page with what happened and the remedy."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._respond(request)

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        if is_outage(fault):
            log.error("page without a database", exc_info=fault)
            return outage_page()
        return fault_page(request, fault) if isinstance(fault, KontobroError) else None


def outage_page() -> HttpResponse:
    text = _("The database can't be reached at the moment. Nothing is lost: try again in a minute.")
    page = bare_page(503, _("One moment"), text)
    page["Retry-After"] = "10"
    return page


def bare_page(status: int, title: str, text: str) -> HttpResponse:
    """Without the usual frame, which asks the database who is reading."""
    page = render_to_string("site/broken.html", {"title": title, "text": text, "language": language_now()})
    return HttpResponse(page, status=status, headers={"Cache-Control": "no-store"})


def fault_page(request: HttpRequest, fault: KontobroError) -> HttpResponse:
    """What happened and what to do, as a page; or in place of the part of a page that was asked for. htmx shows no part
    that is answered with an error's status, so that its reader would wait for ever."""
    status = next((code for kinds, code in STATUSES if isinstance(fault, kinds)), 400)
    log.info("page refused", extra={"fault": type(fault).__name__, "status": status})
    if getattr(request, "htmx", False):
        return render(request, "site/fault_part.html", {"fault": fault})
    return render(request, "site/fault.html", {"fault": fault}, status=status)
