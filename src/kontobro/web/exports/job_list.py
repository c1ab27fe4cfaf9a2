"""Export jobs as a list: of one company or of all; on the page and as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, cast

from django import forms
from django.core.paginator import Page
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from kontobro.core.model.connection import Connection
from kontobro.store.read.lists import JobList
from kontobro.store.read.pages import ConnectionJob, JobFilter
from kontobro.web.lists.fields import FilterForm, OfCompanies, filled, query_of
from kontobro.web.lists.files import BOTH, Row, file_of
from kontobro.web.lists.heads import Worded
from kontobro.web.lists.leaf import Rows, leaf_of
from kontobro.web.process import process
from kontobro.web.templatetags.kontobro import state_word
from kontobro.web.tenancy import Member, connection_ids, of_connection, of_organisation

STATUSES = [
    ("", gettext_lazy("All")),
    ("completed", gettext_lazy("Completed")),
    ("completed_with_errors", gettext_lazy("Some expenses need attention")),
    ("failed", gettext_lazy("Failed")),
    ("in_progress", gettext_lazy("In progress")),
]

COLUMNS = ("started", "ended", *BOTH, "state", "expenses", "error", "job")


class JobForm(FilterForm):
    """What the list can be asked for."""

    state = forms.ChoiceField(label=gettext_lazy("State"), required=False, choices=STATUSES)
    field_order: Sequence[str] = ("q", "state", "first", "last")


class AllJobsForm(OfCompanies, JobForm):
    """The same for the jobs of several companies."""

    field_order = ("q", "company", "state", "first", "last")


@dataclass(frozen=True)
class ListedJobs:
    """A page of the list, with the companies' names."""

    form: JobForm
    page: Page[Any]
    names: Mapping[str, str]
    source: JobList

    @property
    def status(self) -> int:
        return 200 if self.form.is_valid() else 400


def listed_jobs(request: HttpRequest, ids: Sequence[str], *, of_all: bool = False) -> ListedJobs:
    names = process.overview.names(ids) if of_all else {}
    form = filled(AllJobsForm, request, companies=names) if of_all else filled(JobForm, request)
    source = _source(form, ids)
    page = leaf_of(request, Rows(source.count(), source.page))
    return ListedJobs(form, page, names, source)


def shown_jobs(request: HttpRequest, found: ListedJobs) -> dict[str, Any]:
    """What a template shows of it."""
    rows = [(one.connection_id, found.names.get(one.connection_id, ""), one.job) for one in found.page]
    return {
        "jobs": rows,
        "page": found.page,
        "form": found.form,
        "query": query_of(request),
        "usual": "-started",
        "count": found.page.paginator.count,
    }


def _source(form: JobForm, ids: Sequence[str]) -> JobList:
    by, descending = form.order
    only = JobFilter(
        search=form.value_of("q", ""),
        status=form.value_of("state", ""),
        since=form.value_of("first"),
        until=form.value_of("last"),
        by=cast(Literal["started", "items"], by) if by in ("started", "items") else "started",
        descending=descending if by in ("started", "items") else True,
    )
    return process.overview.job_list(form.chosen() if isinstance(form, AllJobsForm) else ids, only)


@require_safe
@of_organisation()
def all_file(request: HttpRequest, member: Member, form: str) -> StreamingHttpResponse | FileResponse:
    """The list of all companies' jobs as a file."""
    return _file(member, form, listed_jobs(request, connection_ids(member), of_all=True))


@require_safe
@of_connection()
def one_file(
    request: HttpRequest, member: Member, connection: Connection, form: str
) -> StreamingHttpResponse | FileResponse:
    """The list of one company's jobs as a file."""
    return _file(member, form, listed_jobs(request, [connection.id]))


def _file(member: Member, form: str, found: ListedJobs) -> StreamingHttpResponse | FileResponse:
    names = process.overview.both_names(found.source.connection_ids)
    return file_of(member, form, "jobs", COLUMNS, lambda: (_cells(one, names) for one in found.source.each()))


def _cells(one: ConnectionJob, names: Mapping[str, tuple[str, str]]) -> Row:
    job = one.job
    both = names.get(one.connection_id, ("", ""))
    return [
        job.started_at,
        job.finished_at,
        *both,
        Worded(job.status, partial(state_word, job.status)),
        job.items,
        job.failure,
        job.job_id,
    ]
