"""The bookings of one company as a list: all of them, or those of one job; on the page and as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, cast, get_args

from django import forms
from django.core.paginator import Page
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from kontobro.core.model.connection import Connection
from kontobro.core.model.history import BookingRow
from kontobro.core.tieout.signs import incoming_types, pleo_amount
from kontobro.store.read.lists import BookingList
from kontobro.store.read.pages import BookingFilter, BookingSort, Order, Total
from kontobro.web.exports.cells import problem_cells
from kontobro.web.exports.entries import state_of
from kontobro.web.lists.fields import FilterForm, amounts_in, filled, months_before, query_of
from kontobro.web.lists.files import BOTH, Row, both_of, file_of
from kontobro.web.lists.heads import Worded
from kontobro.web.lists.leaf import Rows, leaf_of
from kontobro.web.process import process
from kontobro.web.templatetags.kontobro import plain, state_word
from kontobro.web.tenancy import Member, of_connection

MONTHS = 12
"""Whole months before this one that the list shows where no day is named."""

ADDED_AT_ONCE = 5_000
"""Entries whose totals a page adds up itself; those of more it fetches when it is shown."""

STATES = [
    ("", gettext_lazy("All")),
    ("failed", gettext_lazy("Needs attention")),
    ("uncertain", gettext_lazy("Unconfirmed")),
    ("draft", gettext_lazy("Draft")),
    ("booked", gettext_lazy("Booked")),
    ("unfinished", gettext_lazy("In progress")),
]

COLUMNS = (
    *BOTH,
    "date",
    "payee",
    "type",
    "kind",
    "currency",
    "amount",
    "account",
    "state",
    "problem",
    "what to do",
    "receipts",
    "job",
    "entry ID",
    "accounting system ID",
    "Pleo link",
    "accounting system link",
)


class BookingForm(FilterForm):
    """What the list can be asked for. `code`, `field` and `value` are one cause of problems."""

    state = forms.ChoiceField(label=gettext_lazy("State"), required=False, choices=STATES)
    currency = forms.CharField(label=gettext_lazy("Currency"), required=False, max_length=3)
    undated = forms.BooleanField(label=gettext_lazy("Without a date"), required=False, widget=forms.HiddenInput())
    job = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput())
    code = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput())
    field = forms.CharField(required=False, max_length=1000, widget=forms.HiddenInput())
    value = forms.CharField(required=False, max_length=1000, strip=False, widget=forms.HiddenInput())

    field_order = ("q", "state", "currency", "first", "last")


class JobItemsForm(BookingForm):
    """The same within one job: its days are few."""

    first = last = None  # type: ignore[assignment]  # Django's way to take a field away


@dataclass(frozen=True)
class Shown:
    """A booking as a row of the list. `amount` has Pleo's sign."""

    row: BookingRow
    amount: Decimal | None
    state: str
    to_check: bool


@dataclass(frozen=True)
class Listed:
    """A page of the list, and what all pages of it come to; None where adding that up takes longer than a page may."""

    form: FilterForm
    page: Page[Any]
    totals: Sequence[Total] | None
    source: BookingList
    query: str


def listed(request: HttpRequest, connection: Connection, form: FilterForm, job_id: str = "") -> Listed:
    source = source_of(request, connection, form, job_id)
    count = source.count()
    totals = source.totals() if count <= ADDED_AT_ONCE else None
    incoming = incoming_types(connection.settings)
    rows = Rows(count, lambda first, last: [shown_booking(one.booking, incoming) for one in source.page(first, last)])
    query = query_of(request, job=job_id, first="") if job_id else query_of(request)
    return Listed(form, leaf_of(request, rows), totals, source, query)


def source_of(request: HttpRequest, connection: Connection, form: FilterForm, job_id: str = "") -> BookingList:
    by, descending = form.order
    known = by in get_args(BookingSort)
    order = Order(cast(BookingSort, by), descending) if known else Order("news" if job_id else "date")
    incoming = incoming_types(connection.settings)
    return process.overview.booking_list(connection.id, _filter(request, form, job_id), order, incoming)


def _filter(request: HttpRequest, form: FilterForm, job_id: str) -> BookingFilter:
    search, state = form.value_of("q", ""), form.value_of("state", "")
    code = form.value_of("code", "")
    return BookingFilter(
        job_id=job_id or form.value_of("job", ""),
        outcome=state if state in ("failed", "uncertain", "booked") else "booked" if state == "draft" else None,
        posting="draft" if state == "draft" else "",
        unfinished=state == "unfinished",
        search=search,
        amounts=tuple(amounts_in(search, request.reader_locale)),  # type: ignore[attr-defined]
        problem=(code, form.value_of("field", ""), form.value_of("value", "")) if code else None,
        currency=form.value_of("currency", "").upper(),
        since=form.value_of("first"),
        until=form.value_of("last"),
        undated=bool(form.value_of("undated", False)),
    )


def shown_booking(row: BookingRow, incoming: frozenset[str]) -> Shown:
    return Shown(row, pleo_amount(row, incoming), state_of(row), bool(row.problems) or row.state == "uncertain")


def form_of(request: HttpRequest) -> FilterForm:
    return filled(BookingForm, request, months_before(process.app.clock.now().date(), MONTHS))


@require_safe
@of_connection()
def bookings(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """The list of one company."""
    form = form_of(request)
    found = listed(request, connection, form)
    dated = form.value_of("first") or form.value_of("last")
    shown = {
        "listed": found,
        "form": form,
        "query": found.query,
        "usual": "-date",
        "since": form.value_of("first") if "first" not in request.GET else None,
        "undated": found.source.undated() if dated and not form.value_of("undated") else 0,
    }
    return render(request, "exports/bookings.html", shown, status=200 if form.is_valid() else 400)


@require_safe
@of_connection()
def totals(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """A part of the page: the totals of a long list."""
    found = source_of(request, connection, form_of(request)).totals()
    return render(request, "exports/totals.html", {"totals": found})


@require_safe
@of_connection()
def bookings_file(
    request: HttpRequest, member: Member, connection: Connection, form: str
) -> StreamingHttpResponse | FileResponse:
    """All rows of the filter as a file. The same address as the page's, so the same rows."""
    source, incoming = source_of(request, connection, form_of(request)), incoming_types(connection.settings)
    both = both_of(connection)

    def rows() -> Iterator[Row]:
        return ((*both, *_cells(request, one.booking, incoming)) for one in source.each())

    return file_of(member, form, "bookings", COLUMNS, rows)


def _cells(request: HttpRequest, row: BookingRow, incoming: frozenset[str]) -> Row:
    state = state_of(row)
    return [
        _day(row.date),
        row.payee,
        Worded(row.item_type, partial(plain, row.item_type)),
        Worded(row.kind, partial(plain, row.kind)),
        row.currency,
        pleo_amount(row, incoming),
        row.account,
        Worded(state, partial(state_word, state)),
        *problem_cells(request, row.problems),
        row.receipts,
        row.job_id,
        row.reference,
        row.erp_id,
        row.pleo_url,
        row.erp_url,
    ]


def _day(text: str) -> date | str:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text
