"""What only an owner does: take a document back, and say what was last after the history was lost."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kontobro.core.documents import LastNumbers, SeriesKey
from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.words import worded
from kontobro.export.documents.actions import LONGEST_REASON, NothingLost, NotWithdrawn, series_from
from kontobro.export.documents.memory import is_behind, remembered
from kontobro.web.documents.reach import documents_of, sealed_document, store_of
from kontobro.web.process import process
from kontobro.web.site.aside import aside
from kontobro.web.telling import message_told, told
from kontobro.web.tenancy import Member, of_connection, require_now

MOST_SERIES = 200
"""Voucher series that one form may name."""


@require_http_methods(["GET", "POST"])
@of_connection("owner")
@aside
def release(request: HttpRequest, member: Member, connection: Connection, number: int) -> HttpResponse:
    """Ask for the document's number and a reason; a second time where it can't be withdrawn."""
    row = sealed_document(store_of(connection), connection, number)
    page: dict[str, Any] = {"row": row, "longest": LONGEST_REASON}
    if request.method == "GET":
        return render(request, "documents/release.html", page)
    reason, gone = request.POST.get("reason", "").strip(), "gone" in request.POST
    page["reason"] = reason[:LONGEST_REASON]
    try:
        _require_typed(request.POST.get("number", ""), number, reason)
        require_now(member)
        with process.app.visit() as app:
            documents_of(app, connection).release(number, reason, is_gone=gone)
    except NotWithdrawn as left:
        return render(
            request,
            "documents/release.html",
            page | {"left": message_told(request, left)},
            status=409,
        )
    except Misconfigured as fault:
        return render(request, "documents/release.html", page | {"fault": told(request, fault)}, status=400)
    kept = {"number": str(number), "reason": reason}
    detail = worded("audit_not_withdrawn", **kept) if gone else worded("audit_withdrawn", **kept)
    member.note("document released", detail, connection.id)
    messages.success(
        request, _("Document %(number)s is released. Export its expenses again in Pleo.") % {"number": number}
    )
    return redirect("document", connection.id, number)


def _require_typed(typed: str, number: int, reason: str) -> None:
    if typed.strip() != str(number):
        raise Misconfigured(
            _("The number does not match this document. Nothing was changed."),
            _("Type exactly: %(number)s") % {"number": number},
        )
    if not reason or len(reason) > LONGEST_REASON:
        raise Misconfigured(
            _("The reason is missing or too long."),
            _("Say why, with %(most)s characters at most.") % {"most": LONGEST_REASON},
        )


@require_http_methods(["GET", "POST"])
@of_connection("owner")
def last(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """After the history was lost: which document and vouchers were the last ones."""
    store = store_of(connection)
    known = store.last_numbers(connection.id)
    if request.method == "GET":
        kept = remembered(connection, process.app.store, store)
        is_lost = is_behind(known, kept)
        page = {"known": known.document, "whole": not is_lost, **_form_of(kept if is_lost else known)}
        return render(request, "documents/last.html", page)
    number, vouchers = request.POST.get("number", "").strip(), request.POST.get("vouchers", "")
    try:
        document, series = _typed_number(number), _typed_series(vouchers)
        with process.app.visit() as app:
            documents_of(app, connection).confirm_last(document, series, is_sure="sure" in request.POST)
    except Misconfigured as fault:
        asks = isinstance(fault, NothingLost)
        said = {"skips": message_told(request, fault)} if asks else {"fault": told(request, fault)}
        page = {"known": known.document, "number": number[:20], "vouchers": vouchers[:20_000], **said}
        return render(request, "documents/last.html", page, status=409 if asks else 400)
    vouchers = ", ".join(f"{name}/{year}={to}" for (name, year), to in series.items())[:2000]
    told_of = {"number": str(document), "vouchers": vouchers}
    detail = worded("audit_last_skipping", **told_of) if "sure" in request.POST else worded("audit_last", **told_of)
    member.note("last document confirmed", detail, connection.id)
    messages.success(request, _("The next document is number %(number)s.") % {"number": document + 1})
    return redirect("documents", connection.id)


def _form_of(last: LastNumbers) -> dict[str, str]:
    lines = [f"{series}/{year}={number}" for (series, year), number in sorted(last.vouchers.items())]
    return {"number": str(last.document or ""), "vouchers": "\n".join(lines)}


def _typed_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text)):
        raise Misconfigured(_("The last document's number is missing."), _("Type it in digits."))
    return int(text)


def _typed_series(text: str) -> dict[SeriesKey, int]:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_SERIES:
        raise Misconfigured(_("These are too many series."), _("Name %(most)s at most.") % {"most": MOST_SERIES})
    return dict(map(series_from, lines))
