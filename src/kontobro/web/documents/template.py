"""The page of a connection's template: written with a live preview, saved for the next export, taken back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import TEMPLATE_TEXT, Connection
from kontobro.core.words import Noted, worded
from kontobro.erp.files.template import READY
from kontobro.erp.files.template.layout import parsed, read_layout
from kontobro.erp.files.template.own.changes import changes_of
from kontobro.erp.files.template.own.texts import (
    DEFAULT,
    chosen_text,
    ready_text,
    text_before,
    text_in_use,
    with_template,
)
from kontobro.web.documents.reach import store_of
from kontobro.web.documents.template_shown import faults_in, shown_of
from kontobro.web.process import change, process
from kontobro.web.telling import told
from kontobro.web.tenancy import Member, changes_noted, of_connection

BY_TEMPLATE: Final = ("csv", "xlsx")
"""Targets whose files a template describes."""

LONGEST: Final = 200_000
"""Characters of a template."""

BEFORE: Final = "before"
"""What the page calls the template before the one in use; no ready-made one has this name."""


@require_safe
@of_connection("bookkeeper")
def template(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """The template in use, the one before it, or one that comes with Kontobro, to be changed."""
    _require(connection)
    chosen, before = request.GET.get("from", ""), text_before(connection.erp_options)
    if chosen == BEFORE and before:
        text = before
    else:
        text = ready_text(chosen) if chosen in READY else _text_in_use(connection)
    return _page(request, connection, text, chosen=chosen)


@require_POST
@of_connection("bookkeeper")
def preview(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """The rows of a template that is being written, or all that is wrong with it; with `download` the file itself."""
    _require(connection)
    text = _typed(request)
    if "download" in request.POST:
        member.note("template downloaded", "", connection.id)
        return _as_file(text, "template.toml")
    if request.headers.get("HX-Request"):
        return render(request, "documents/template_preview.html", shown_of(connection, text))
    return _page(request, connection, text, base=request.POST.get("base", ""))


@require_POST
@of_connection("bookkeeper")
def save(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Keep the template with the connection, if it can be used and no one saved another in the meantime."""
    _require(connection)
    text, now = _typed(request), _text_in_use(connection)
    if faults := faults_in(connection, text):
        shown: dict[str, Any] = {"faults": faults, "refused": True}
        return _page(request, connection, text, base=request.POST.get("base", ""), status=400, **shown)
    if request.POST.get("base") != _digest(now):
        return _page(request, connection, text, status=409, other=_in_words(request, changes_of(now, text)))
    if text == now and connection.erp_options.get(TEMPLATE_TEXT) == text:
        messages.info(request, _("Nothing was changed."))
    else:
        _keep(request, member, connection, text, "template changed")
    return redirect("template", connection.id)


@require_POST
@of_connection("bookkeeper")
def restore(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Use the template before this one again; doing it twice changes nothing."""
    _require(connection)
    before = text_before(connection.erp_options)
    if not before:
        messages.info(request, _("There is no previous template."))
    elif faults := faults_in(connection, before):
        return _page(request, connection, before, chosen=BEFORE, status=400, faults=faults, refused=True)
    else:
        _keep(request, member, connection, before, "template restored")
    return redirect("template", connection.id)


@require_safe
@of_connection("bookkeeper")
def previous(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """The template before this one, as a file."""
    _require(connection)
    text = text_before(connection.erp_options)
    if not text:
        raise Http404
    member.note("template downloaded", worded("audit_previous_template"), connection.id)
    return _as_file(text, "template-previous.toml")


def _require(connection: Connection) -> None:
    """Raises Http404 where no template describes the files."""
    store_of(connection)
    if connection.erp not in BY_TEMPLATE:
        raise Http404


def _typed(request: HttpRequest) -> str:
    """The template as it was typed. Raises Misconfigured for one that is too long: nothing is cut off."""
    text = request.POST.get("text", "").replace("\r\n", "\n")
    if len(text) > LONGEST:
        raise Misconfigured(_("The template is too long."), _("Write at most 200,000 characters."))
    return text


def _text_in_use(connection: Connection) -> str:
    """What the connection uses now. A file that can't be read, or may not be, is what its Test says; the page begins
    with another."""
    try:
        process.app.permit(connection)
    except Misconfigured:
        return ready_text(DEFAULT)
    return text_in_use(connection.erp_options) or ready_text(DEFAULT)


def _keep(request: HttpRequest, member: Member, connection: Connection, text: str, action: str) -> None:
    """Store it over what is stored by now, and say what changed and what still waits."""
    stored = process.app.store.connection(connection.id) or connection
    changes = changes_of(_text_in_use(stored), text)
    change(process.app.store, connection.id, erp_options=with_template(stored.erp_options, text))
    member.note(action, changes_noted([one.phrase for one in changes]), connection.id)
    messages.success(request, _("The template is saved. It is used from the next export on."))
    if waiting := _waiting(connection):
        messages.warning(request, _said(waiting))


def _in_words(request: HttpRequest, changes: Sequence[Noted]) -> list[str]:
    return [told(request, change) for change in changes]


def _waiting(connection: Connection) -> int:
    """Documents that are not in the accounting system yet, as far as anyone has said."""
    return sum(row.state != "released" for row in store_of(connection).open_documents(connection.id))


def _said(waiting: int) -> str:
    return ngettext(
        "%(count)d document is not marked as imported yet. It stays as it was sealed, with the template of that time.",
        "%(count)d documents are not marked as imported yet. They stay as they were sealed, with the template of that"
        " time.",
        waiting,
    ) % {"count": waiting}


def _page(
    request: HttpRequest,
    connection: Connection,
    text: str,
    *,
    chosen: str = "",
    base: str = "",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    now = _text_in_use(connection)
    page = {
        "text": text,
        "ready": _ready(),
        "chosen": chosen,
        "base": base or _digest(now),
        "in_use": _named(connection),
        "before": bool(text_before(connection.erp_options)),
        "waiting": _waiting(connection),
        **({} if "faults" in more else shown_of(connection, text)),
        **more,
    }
    return render(request, "documents/template.html", page, status=status)


def _digest(text: str) -> str:
    """Which template was in use when a page was opened."""
    return hashlib.sha256(text.encode()).hexdigest()


def _named(connection: Connection) -> str:
    """The template in use, by the name that it gives itself; empty where it can't be read."""
    try:
        process.app.permit(connection)
        return parsed(*chosen_text(connection.erp_options)).name
    except Misconfigured:
        return ""


@cache
def _ready() -> tuple[tuple[str, str, bool], ...]:
    """Each that comes with Kontobro: its name, what it is for, whether a consultant should see it first."""
    layouts = ((name, read_layout(ready_text(name), name)) for name in READY)
    return tuple((name, layout.name, layout.check_with_consultant) for name, layout in layouts)


def _as_file(text: str, name: str) -> HttpResponse:
    answer = HttpResponse(text, content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
