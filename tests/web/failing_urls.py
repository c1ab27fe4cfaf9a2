"""The service's own addresses, and some that fail: a browser comes to the pages for what went wrong by them."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path

from kontobro.web import urls
from kontobro.web.site.errors import csrf_failure

handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("as a mistake of ours would")


urlpatterns = [
    path("failing/forbidden/", forbidden),
    path("failing/broken/", broken),
    path("failing/expired-form/", csrf_failure),
    *urls.urlpatterns,
]
