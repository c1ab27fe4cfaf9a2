"""Pleo's small answers: jobs, control records, update errors, identity, installation; and page envelopes.

Unknown fields are ignored, enums stay open strings (`pleo/api.md` B0). A shape that is not the contract's is
BadAnswer, in one sentence that names the field and never the content.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

import httpx2
import msgspec

from kontobro.core.errors import BadAnswer
from kontobro.core.model.export import ExportJob, Identity, Installation, JobItem, ReportError
from kontobro.core.words import told
from kontobro.pleo.http.endpoints import Endpoint

T = TypeVar("T")
Instant = Annotated[dt.datetime, msgspec.Meta(tz=True)]


class Camel(msgspec.Struct, rename="camel", gc=False):
    """Base of all wire shapes."""


class Cursor(Camel):
    has_next_page: bool
    end_cursor: str | None = None
    total: int | None = None


class Entry(Camel):
    """An accounting entry, as far as a count of what was not exported needs it."""

    company_id: str
    export_status: str
    status: str
    bookkeeping_date: Instant | None = None
    deleted_at: Instant | None = None


class Single(Camel, Generic[T]):
    """A single object in Pleo's envelope."""

    data: T


class Page(Camel):
    """One page, its entries still as they came."""

    data: list[msgspec.Raw]
    pagination: Cursor


class Job(Camel):
    id: str
    company_id: str
    status: str
    created_at: Instant
    expires_in: int
    number_of_items: Any = None
    vendor_based: bool = msgspec.field(default=False, name="vendorBasedBookkeeping")
    interactive: bool = msgspec.field(default=True, name="isInteractive")
    started_at: Instant | None = None
    last_updated_at: Instant | None = None
    completed_at: Instant | None = None
    expired_at: Instant | None = None
    failure_reason: str | None = None
    failure_type: str | None = msgspec.field(default=None, name="failureReasonType")

    def to_core(self) -> ExportJob:
        return ExportJob(**msgspec.structs.asdict(self) | {"number_of_items": whole(self.number_of_items) or 0})


class ControlItem(Camel):
    accounting_entry_id: str
    status: str
    external_id: str | None = None
    external_url: str | None = None

    def to_core(self) -> JobItem:
        return JobItem(self.accounting_entry_id, self.status, self.external_id, self.external_url)


class UpdateError(Camel):
    accounting_entry_id: str
    type: str
    message: str = ""

    def to_core(self) -> ReportError:
        return ReportError(self.accounting_entry_id, self.type, self.message)


class UpdateAnswer(Camel):
    errors: list[UpdateError]


class Client(Camel):
    """Who the credential is. The one field in capitals is Pleo's spelling."""

    auth_method: str
    scope: str = ""
    application_name: str | None = None
    subject_urn: str | None = msgspec.field(default=None, name="subjectURN")

    def to_core(self) -> Identity:
        return Identity(self.auth_method, frozenset(self.scope.split()), self.subject_urn, self.application_name)


class InstallationAnswer(Camel):
    id: str
    status: str
    resource: str = ""
    error_code: str | None = None
    metadata: dict[str, Any] | None = None

    def to_core(self) -> Installation:
        return Installation(self.id, self.status, self.resource, self.error_code, self.metadata or {})


class JobData(Camel):
    data: Job


class ClientData(Camel):
    data: Client


class CompanyName(Camel):
    name: str


class CompanyData(Camel):
    data: CompanyName


def whole(number: Any) -> int | None:
    """A count of Pleo's that is a hint, whole; None for what is none."""
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal):
        return None
    return int(number) if 0 <= number < 2**63 else None


def read(response: httpx2.Response, endpoint: Endpoint, shape: type[T]) -> T:
    """The answer in that shape. Raises BadAnswer."""
    require_json(response, endpoint)
    try:
        return msgspec.json.decode(response.content, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable(endpoint, error) from error


def read_entry(raw: msgspec.Raw, endpoint: Endpoint, shape: type[T]) -> T:
    """One entry of a page whose entries all have to be good. Raises BadAnswer."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable(endpoint, error) from error


def require_json(response: httpx2.Response, endpoint: Endpoint) -> None:
    """Raises BadAnswer for HTML and the like, before any of it is read."""
    media_type = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/json":
        if not media_type.isascii() or not media_type:
            raise BadAnswer(*told("pleo_answer_without_type", call=endpoint.name))
        raise BadAnswer(*told("pleo_answer_not_json", call=endpoint.name, sent=media_type[:40]))


def unreadable(endpoint: Endpoint, error: Exception) -> BadAnswer:
    """msgspec's messages name types and field paths, never values."""
    fault = str(error) if isinstance(error, msgspec.MsgspecError) else type(error).__name__
    return BadAnswer(*told("pleo_answer_wrong", call=endpoint.name, why=fault))
