"""Pages for what went wrong before or in a view."""

from __future__ import annotations

import logging
import sys
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kontobro.service.outage import is_outage
from kontobro.web.middleware import bare_page, outage_page

log = logging.getLogger(__name__)


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    return render(request, "site/error.html", {"title": title, "text": text}, status=status)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _page(
        request,
        404,
        _("Not found"),
        _("This page does not exist, or belongs to an organisation that you are not a member of."),
    )


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    text = _("This is not allowed from the page you came from. Go back and try again.")
    return _page(request, 403, _("Not allowed"), text)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    text = _(
        "The form has expired or came from another site. Nothing was changed. Go back, reload the page and try again."
    )
    return _page(request, 403, _("Please try again"), text)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _page(request, 400, _("Invalid request"), _("The request can't be read. Go back and try again."))


def broken(request: HttpRequest) -> HttpResponse:
    """Our own mistake. The number is in the log; the page has nothing else to give away."""
    fault = sys.exc_info()[1]
    if fault is not None and is_outage(fault):
        return outage_page()
    number = uuid.uuid4().hex[:12]
    log.error("page broke", extra={"number": number})
    text = _("This is an error in Kontobro; it booked nothing. Give your administrator this number: %(number)s.")
    return bare_page(500, _("Something went wrong"), text % {"number": number})
