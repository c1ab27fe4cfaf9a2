"""The plan of one kind of master data: shown in pages, searched, approved by its digest; what of it is offered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kontobro.core.errors import KontobroError, Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.model.settings import SyncKind
from kontobro.core.plan.choice import TYPES, choice_of, rule_from
from kontobro.core.settings.catalogue import catalogue
from kontobro.core.settings.toml import settings_from, settings_to
from kontobro.core.words import Name, setting_in, worded
from kontobro.sync.run import KINDS, plan_sync
from kontobro.sync.shown import ChangeRow, Shown, shown_of
from kontobro.web.connection.master_file import changed_of
from kontobro.web.language import language_now
from kontobro.web.process import change, process
from kontobro.web.site.aside import aside
from kontobro.web.site.remedies import labelled
from kontobro.web.telling import told_in
from kontobro.web.tenancy import Member, of_connection

PAGE: Final = 100
"""Records a page."""
FIRST: Final = 10
"""Records where all kinds are on one page."""
KEPT: Final = 900
"""Seconds that a plan is kept for paging and searching in it: reading both sides again takes that of 5,000 records."""
DIGEST: Final = re.compile(r"[a-z-]{1,20}-[0-9a-f]{16}")


@require_safe
@of_connection()
@aside
def plan(request: HttpRequest, member: Member, connection: Connection, kind: str) -> HttpResponse:
    """What would change of this kind, and the button for exactly that: a page, or a part of the one of all kinds."""
    chosen = kind_of(connection, kind)
    fault, found = None, None
    try:
        found = _kept(connection, chosen, request.GET.get("plan", "")) or _planned(connection, chosen)
    except KontobroError as error:
        fault = error
    part = bool(getattr(request, "htmx", False))
    may_approve = member.may("bookkeeper") and connection.status == "connected"
    shown = {
        "kind": chosen,
        "plan": found,
        "fault": fault,
        "changed": changed_of(connection, chosen),
        "part": part,
        "may_approve": may_approve,
        "switch": setting_in(catalogue()["create_vendors"].label, language_now()),
        "types": TYPES,
        "choice": choice_of(connection.settings.sync_choice, chosen).texts,
        **(_listed(found, request.GET, FIRST if part else PAGE, may_approve=may_approve) if found else {}),
    }
    return render(request, "connection/plan.html" if part else "connection/plan_page.html", shown)


def _may_be_left_out(row: ChangeRow) -> bool:
    """As `site/changes.html` offers it."""
    return bool(row.key) and row.action != "archive" and row.kind != "tag_groups"


def _listed(found: Shown, query: QueryDict, most: int, *, may_approve: bool) -> Mapping[str, object]:
    """The rows of one page of what is searched for, and the filters as the address has them."""
    words, action = query.get("q", "").strip()[:100], query.get("action", "")
    rows = [row for row in found.rows if (not words or row.has(words)) and (not action or row.action == action)]
    page = Paginator(rows, most).get_page(query.get("page"))
    return {
        "page": page,
        "leavable": may_approve and any(_may_be_left_out(row) for row in page),
        "filters": {"q": words, "action": action, "plan": found.digest},
    }


def _planned(connection: Connection, kind: SyncKind) -> Shown:
    """Read both sides and compare them. A plan of several pages is kept for a while."""
    with process.app.visit() as app:
        found = shown_of(kind, plan_sync(connection, kind, app.sync_ports_for(connection)), connection.settings)
    if len(found.rows) > PAGE:
        cache.set(_key(connection, found.digest), found, KEPT)
    return found


def _kept(connection: Connection, kind: SyncKind, digest: str) -> Shown | None:
    """The plan of that digest, if it is still kept, and made by the choice of now."""
    found: Shown | None = cache.get(_key(connection, digest)) if DIGEST.fullmatch(digest) else None
    if found is None or found.kind != kind:
        return None
    return found if found.choice == choice_of(connection.settings.sync_choice, kind).texts else None


def _key(connection: Connection, digest: str) -> str:
    return f"plan.{connection.id}.{digest}"


@require_POST
@of_connection("bookkeeper")
def approve(request: HttpRequest, member: Member, connection: Connection, kind: str) -> HttpResponse:
    """Ask the worker to carry out the plan of this digest: it plans again and refuses when it differs by then."""
    chosen = kind_of(connection, kind)
    digest = request.POST.get("digest", "")
    if not digest:
        raise Misconfigured(_("No plan was selected."), _("Approve a plan that is shown on the Master data page."))
    member.note("plan approved", worded("audit_plan", kind=Name(chosen), digest=digest), connection.id)
    process.runner.sync(connection.id, (chosen,), digest=digest)
    messages.success(request, _("The sync is queued. Its state is shown below."))
    return redirect("sync", connection.id)


@require_POST
@of_connection("bookkeeper")
def choose(request: HttpRequest, member: Member, connection: Connection, kind: str) -> HttpResponse:
    """Change the rules of what is offered of a kind. Nothing changes in Pleo before a plan with them is carried out."""
    chosen = kind_of(connection, kind)
    stored = process.app.store.connection(connection.id) or connection
    asked = _rules_asked(chosen, request.POST)
    if bad := [text for text in asked if rule_from(text) is None]:
        messages.error(request, _("This is not a rule that can be kept: %(rule)s.") % {"rule": bad[0][:100]})
        return redirect("sync_plan", connection.id, chosen)
    gone = set(request.POST.getlist("remove"))
    rules = [text for text in stored.settings.sync_choice if text not in gone]
    rules += [text for text in dict.fromkeys(asked) if text not in rules]
    settings, problems = settings_from({**settings_to(stored.settings), "sync_choice": rules})
    if problems:
        said = told_in(labelled(problems[0]), language_now(), request.reader_locale)  # type: ignore[attr-defined]
        raise Misconfigured(said.message, said.remedy)
    if settings == stored.settings:
        messages.info(request, _("Nothing was changed: choose or enter what to offer."))
        return redirect("sync_plan", connection.id, chosen)
    change(process.app.store, connection.id, settings=settings)
    member.note("offered in Pleo changed", _changes(stored.settings.sync_choice, rules), connection.id)
    told = _("Saved for this and every later sync. The plan shows what comes of it.")
    messages.success(request, told if len(rules) else _("Everything is offered in Pleo again."))
    return redirect("sync_plan", connection.id, chosen)


def _rules_asked(kind: SyncKind, form: QueryDict) -> list[str]:
    """The rules that a form asks for: of each of its fields that is filled."""
    verb = "only" if form.get("how") == "only" else "without"
    found = [f"{kind} {verb} type={type_}" for type_ in form.getlist("type")]
    low, high = (form.get(end, "").strip() for end in ("from", "to"))
    if low or high:
        found.append(f"{kind} {verb} {low or high}..{high or low}")
    found += [f"{kind} {verb} {by}={value}" for by in ("name", "code") if (value := form.get(by, "").strip())]
    return [*found, *(f"{kind} without code={code}" for code in form.getlist("leave"))]


def _changes(before: Sequence[str], after: Sequence[str]) -> str:
    """For the audit trail: which rules came and went."""
    came = [f"+ {rule}" for rule in after if rule not in before]
    went = [f"- {rule}" for rule in before if rule not in after]
    return ", ".join([*came, *went])[:500]


def kind_of(connection: Connection, kind: str) -> SyncKind:
    for known in KINDS:
        if known == kind and known in connection.settings.sync:
            return known
    raise Misconfigured(_("This kind of master data is not synced."), _("Raise the connection's level to sync it."))
