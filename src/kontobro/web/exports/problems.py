"""Problems grouped by their cause: one place to fix each; and every expense that they stop as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kontobro.core.errors import Problem
from kontobro.core.model.history import BookingRow
from kontobro.core.tieout.signs import pleo_amount
from kontobro.core.words import codes_of
from kontobro.store.read.pages import BookingFilter, ProblemGroup, ProblemPage, Search, Stopped
from kontobro.web.exports.cells import problem_cells
from kontobro.web.language import language_now
from kontobro.web.lists.fields import FilterForm, OfCompanies, filled, query_of
from kontobro.web.lists.files import BOTH, Row, file_of
from kontobro.web.lists.leaf import Rows, leaf_of
from kontobro.web.process import process
from kontobro.web.tenancy import Member, of_organisation, owned_ids

ITEMS = 5
"""Items of a cause that the page leads to; all of them are counted."""

CAUSES = 20
"""Causes a page."""

COLUMNS = (*BOTH, "date", "payee", "currency", "amount", "problem", "what to do", "value", "entry ID", "Pleo link")


class ProblemForm(OfCompanies, FilterForm):
    """What the list can be asked for."""

    first = last = None  # type: ignore[assignment]  # Django's way to take a field away


@require_safe
@of_organisation()
def problems(request: HttpRequest, member: Member) -> HttpResponse:
    """The causes, those that stop most first."""
    names = process.overview.names(owned_ids(member))
    form = filled(ProblemForm, request, companies=names)
    page, found = _page(request, form)
    shown = {
        "groups": [(group, _where(group, names)) for group in page],
        "page": page,
        "form": form,
        "query": query_of(request),
        "causes": found.causes,
        "items": found.items,
    }
    return render(request, "exports/problems.html", shown, status=200 if form.is_valid() else 400)


def _page(request: HttpRequest, form: ProblemForm) -> tuple[Page[Any], ProblemPage]:
    """The page that the address names, and what is in all of them; the first where there is none of that number."""
    search, ids = _search(form), form.chosen()

    def read(first: int) -> ProblemPage:
        part = slice(first, first + CAUSES)
        return process.overview.problem_page(ids, search, part, ITEMS)

    asked = request.GET.get("page", "")
    first = (int(asked) - 1) * CAUSES if asked.isascii() and asked.isdecimal() and int(asked[:7]) > 0 else 0
    found = read(first) if first < 10**9 else ProblemPage()
    if not found.groups and first:
        first, found = 0, read(0)
    rows = Rows(found.causes, lambda start, end: found.groups if start == first else read(start).groups)
    return leaf_of(request, rows, CAUSES), found


def _search(form: ProblemForm) -> Search:
    text = form.value_of("q", "").strip()
    return Search(text, codes_of(text, language_now()))


def _where(group: ProblemGroup, names: Mapping[str, str]) -> list[tuple[str, str, list[Stopped], str]]:
    """The connections whose items this stops, by id and name, with the newest items of each and the filter that finds
    all of them."""
    found: dict[str, list[Stopped]] = {}
    for one in group.items:
        found.setdefault(one.connection_id, []).append(one)
    every = urlencode({"code": group.code, "field": group.field, "value": group.value, "first": ""})
    return [(owner, names[owner], items, every) for owner, items in found.items() if owner in names]


@require_safe
@of_organisation()
def problems_file(request: HttpRequest, member: Member, form: str) -> StreamingHttpResponse | FileResponse:
    """Every expense that the causes of this filter stop, a row for each problem."""
    names = process.overview.names(owned_ids(member))
    asked = filled(ProblemForm, request, companies=names)
    search = _search(asked)
    both = process.overview.both_names(asked.chosen())
    return file_of(member, form, "problems", COLUMNS, lambda: _rows(request, both, search))


def _rows(request: HttpRequest, names: Mapping[str, tuple[str, str]], search: Search) -> Iterator[Row]:
    """Company after company, a few expenses at a time."""
    for owner in sorted(names, key=lambda one: names[one][0].casefold()):
        source = process.overview.booking_list(owner, BookingFilter(outcome="failed"))
        for one in source.each():
            for problem in one.booking.problems:
                if _is_meant(one.booking, problem, search):
                    yield _cells(request, names[owner], one.booking, problem)


def _is_meant(row: BookingRow, problem: Problem, search: Search) -> bool:
    """As the page's own search has it."""
    searched = (row.payee, problem.field, problem.value, problem.message)
    return problem.code in search.codes or any(search.text.lower() in text.lower() for text in searched)


def _cells(request: HttpRequest, both: tuple[str, str], row: BookingRow, problem: Problem) -> Row:
    return [
        *both,
        row.date,
        row.payee,
        row.currency,
        pleo_amount(row),
        *problem_cells(request, [problem]),
        problem.value,
        row.reference,
        row.pleo_url,
    ]
