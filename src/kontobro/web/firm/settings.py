"""Copying one company's settings to many: choose, see the differences of each, save where they fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.settings.catalogue import Entry
from kontobro.web.firm.copying import Copy, copied_settings, copy_to
from kontobro.web.firm.ticked import ticked
from kontobro.web.process import change, process
from kontobro.web.site.aside import aside
from kontobro.web.tenancy import Member, changes_noted, connection_ids, connections_of, of_organisation

MOST: Final = 50
"""Companies in one go: each accounting system is asked, twice."""


@require_http_methods(["GET", "POST"])
@of_organisation("bookkeeper")
def choose(request: HttpRequest, member: Member) -> HttpResponse:
    """Which settings, from which company, to which. The overview's ticks come as POST; else there are none."""
    wanted = {one.connection_id for one in ticked(request, member)} if request.method == "POST" else set()
    names = sorted(process.overview.names(connection_ids(member)).items(), key=lambda pair: pair[1].casefold())
    shown = {
        "companies": [(id, name, id in wanted) for id, name in names],
        "groups": _groups(),
        "most": MOST,
    }
    return render(request, "firm/choose.html", shown)


def _groups() -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in copied_settings().values():
        found.setdefault(entry.group, []).append(entry)
    return found


@require_http_methods(["GET", "POST"])
@of_organisation("bookkeeper")
def preview(request: HttpRequest, member: Member) -> HttpResponse:
    """The differences of each company; whoever opens the address again chooses again."""
    if request.method == "GET":
        return redirect("firm_settings", member.organisation.id)
    return differences(request, member)


@aside
def differences(request: HttpRequest, member: Member) -> HttpResponse:
    """A page that shows what would change, each company checked on its own. Saves nothing."""
    source, keys = _source(request, member), _keys(request)
    copies = [copy_to(source.settings, one, keys) for one in _targets(request, member, source)]
    shown: dict[str, Any] = {
        "source": source,
        "keys": keys,
        "copies": copies,
        "fitting": sum(one.fits for one in copies),
    }
    return render(request, "firm/preview.html", shown)


@require_POST
@of_organisation("bookkeeper")
@aside
def save(request: HttpRequest, member: Member) -> HttpResponse:
    """Save what was shown, where it still is what was shown and fits."""
    source, keys = _source(request, member), _keys(request)
    saved, left = 0, []
    for target in _targets(request, member, source):
        made = copy_to(source.settings, target, keys)
        if made.fits and made.digest == request.POST.get(f"digest-{target.id}"):
            _save(member, source, made)
            saved += 1
        else:
            left.append(target.pleo_name)
    text = ngettext(
        "The settings of %(count)d company were changed.", "The settings of %(count)d companies were changed.", saved
    )
    messages.success(request, text % {"count": saved})
    if left:
        text = _("Nothing was changed for these companies, whose settings no longer fit or have changed: %(names)s")
        messages.warning(request, text % {"names": ", ".join(left)})
    return redirect("overview", member.organisation.id)


def _save(member: Member, source: Connection, made: Copy) -> None:
    change(process.app.store, made.connection.id, settings=made.settings)
    detail = changes_noted([one.phrase for one in made.differences])
    member.note(f"settings copied from {source.pleo_name}", detail, made.connection.id)


def _source(request: HttpRequest, member: Member) -> Connection:
    wanted = request.POST.get("from", "")
    found = process.app.store.connection(wanted) if wanted in connection_ids(member) else None
    if found is None:
        raise Http404
    return found


def _keys(request: HttpRequest) -> Sequence[str]:
    """The settings that were ticked, in the order of the forms."""
    wanted = set(request.POST.getlist("setting"))
    found = [key for key in copied_settings() if key in wanted]
    if not found:
        raise Misconfigured(_("No setting is ticked."), _("Go back and tick the settings to copy."))
    return found


def _targets(request: HttpRequest, member: Member, source: Connection) -> Sequence[Connection]:
    """The ticked companies by name, without the one that is copied."""
    ids = {one.connection_id for one in ticked(request, member)} - {source.id}
    if len(ids) > MOST:
        raise Misconfigured(
            _("More than %(most)d companies are ticked.") % {"most": MOST}, _("Go back and tick fewer of them.")
        )
    return [one for one in connections_of(member) if one.id in ids]
