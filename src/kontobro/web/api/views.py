"""The endpoints: companies with their states, last jobs, problems by cause, month ends. `openapi.json` describes them.

Figures and states only: no person, payee, receipt or text of an expense is answered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from kontobro.core.errors import Misconfigured
from kontobro.core.model.history import JobRow
from kontobro.store.read.pages import Health
from kontobro.web.api.access import BadQuery, answers
from kontobro.web.models import ConnectionOwner, Organisation
from kontobro.web.month.closing import month_named
from kontobro.web.month.firm import MonthOfCompany, months_of
from kontobro.web.organisation.companies import CAUSES, Listed, companies_of
from kontobro.web.process import process

PAGE: Final = 100
LAST_JOBS: Final = 50
MOST_PAGES: Final = 100_000


@csrf_exempt
@require_safe
def document(request: HttpRequest) -> HttpResponse:
    """What the API is, for people's tools. Tells nothing of anybody."""
    return HttpResponse(_document(), content_type="application/json")


@cache
def _document() -> bytes:
    return Path(__file__).with_name("openapi.json").read_bytes()


@answers
def companies(request: HttpRequest, organisation: Organisation) -> dict[str, Any]:
    """The organisation's companies by name, some a page."""
    number = _number(request, "page", 1)
    status = request.GET.get("status", "")
    if status not in ("", "connected", "reconnect", "disconnected"):
        raise BadQuery("status is connected, reconnect or disconnected.")
    listed = [one for one in companies_of(organisation) if status in ("", one.company.status)]
    pages = Paginator(listed, PAGE)
    shown = list(pages.page(number)) if number <= pages.num_pages else []
    return {"companies": _companies(shown), "page": number, "pages": pages.num_pages, "total": len(listed)}


@answers
def company(request: HttpRequest, organisation: Organisation, connection: str) -> dict[str, Any]:
    """One company."""
    _require(organisation, connection)
    found = [one for one in companies_of(organisation, [connection]) if one.company.id == connection]
    if not found:
        raise Http404
    return _companies(found)[0]


@answers
def jobs(request: HttpRequest, organisation: Organisation, connection: str) -> dict[str, Any]:
    """A company's last export jobs, newest first."""
    _require(organisation, connection)
    return {"jobs": [_job(one) for one in process.app.store.jobs(connection, limit=LAST_JOBS)]}


@answers
def problems(request: HttpRequest, organisation: Organisation, connection: str) -> dict[str, Any]:
    """What stops a company's expenses, by cause, those that stop most first."""
    _require(organisation, connection)
    found = process.overview.problems([connection])
    rows = [
        {"code": one.code, "field": one.field, "expenses": one.count, "newest_at": _instant(one.newest)}
        for one in found
    ]
    return {"problems": rows}


@answers
def month(request: HttpRequest, organisation: Organisation, month: str) -> dict[str, Any]:
    """The month-end state of each company that has one."""
    try:
        first = month_named(month, process.app.clock.now().date())
    except Misconfigured:
        raise Http404 from None
    rows = months_of(organisation, first, {})
    return {"month": month, "companies": [_month(one) for one in rows]}


def _require(organisation: Organisation, connection_id: str) -> None:
    """Another organisation's company is not there."""
    if not ConnectionOwner.objects.filter(organisation=organisation, connection_id=connection_id).exists():
        raise Http404


def _number(request: HttpRequest, name: str, otherwise: int) -> int:
    text = request.GET.get(name)
    if text is None:
        return otherwise
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
    if not 1 <= number <= MOST_PAGES:
        raise BadQuery(f"{name} is a number from 1 to {MOST_PAGES}.")
    return number


def _companies(listed: Sequence[Listed]) -> list[dict[str, Any]]:
    health = {one.connection_id: one for one in process.overview.health([one.company.id for one in listed])}
    return [_company(one, health.get(one.company.id)) for one in listed]


def _company(one: Listed, health: Health | None) -> dict[str, Any]:
    waits: Mapping[str, int] = one.waits
    last = health.last_job if health else None
    return {
        "id": one.company.id,
        "name": one.company.pleo_name,
        "pleo_company": one.company.company_name,
        "status": one.company.status,
        "accounting_system": one.company.erp,
        "environment": one.company.environment,
        "waits": {cause: waits.get(cause, 0) for cause in CAUSES},
        "last_job": _job(last) if last else None,
    }


def _job(row: JobRow) -> dict[str, Any]:
    return {
        "id": row.job_id,
        "status": row.status,
        "expenses": row.items,
        "started_at": _instant(row.started_at),
        "finished_at": _instant(row.finished_at),
    }


def _month(one: MonthOfCompany) -> dict[str, Any]:
    return {
        "company_id": one.listed.company.id,
        "name": one.listed.company.pleo_name,
        "state": one.state,
        "closed_at": _instant(one.kept.closed_at) if one.kept else None,
        "booked": one.counts.booked,
        "failed": one.counts.failed,
        "waiting": one.counts.waiting,
        "blocks": [block.code for block in one.blocks],
    }


def _instant(at: dt.datetime | None) -> str | None:
    return at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None
