"""Validation of what a client sends, as strict as the contract's schemas and stricter where Pleo is silent.

Unknown query parameters and unknown body fields are refused: a misspelt name must not pass unseen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from pleo_sandbox.company.jobs import ItemFailure, ItemResult, ItemStatus, JobEvent, JobFailure
from pleo_sandbox.errors import PleoError, bad_body, bad_parameter
from pleo_sandbox.model import Json

Query = Mapping[str, list[str]]
S = TypeVar("S", bound=StrEnum)
T = TypeVar("T")

UUID_PATTERN = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
Uuid = Annotated[str, Meta(pattern=UUID_PATTERN)]
Text = Annotated[str, Meta(pattern=r"\S")]
"""A text that is not blank."""
AwareDatetime = Annotated[datetime, Meta(tz=True)]
InstallationStatus = Literal["ACTIVATED", "INACTIVE", "AUTHORIZED", "PENDING_INTEGRATION", "ERROR"]


class Body(Struct, rename="camel", forbid_unknown_fields=True):
    """A request body."""


class Options(Body):
    vendor_based_bookkeeping: bool | None = None


class CreateExportJob(Body):
    accounting_entry_ids: list[Uuid]
    company_id: Uuid
    employee_id: Uuid | None = None
    is_interactive: bool | None = None
    options: Options | None = None


class CreateExportJobEvent(Body):
    job_id: Uuid
    event: JobEvent
    failure_reason: str | UnsetType = UNSET
    failure_reason_type: JobFailure | UnsetType = UNSET


class HowToExportJobEvent(Body):
    """The same as Pleo's how-to page prints it (api.md B2)."""

    export_job_id: Uuid
    event: JobEvent
    failure_reason: str | UnsetType = UNSET
    failure_reason_type: JobFailure | UnsetType = UNSET

    @property
    def job_id(self) -> str:
        return self.export_job_id


class UpdateExportJobItem(Body):
    accounting_entry_id: Uuid
    status: ItemStatus
    exported_at: AwareDatetime | UnsetType = UNSET
    external_id: str | UnsetType = UNSET
    external_url: str | UnsetType = UNSET
    failure_reason: str | UnsetType = UNSET
    failure_reason_type: ItemFailure | UnsetType = UNSET

    def result(self) -> ItemResult:
        return ItemResult(
            self.status,
            given(self.exported_at),
            given(self.external_id),
            given(self.external_url),
            given(self.failure_reason),
            given(self.failure_reason_type),
        )


class SearchExportJobItems(Body):
    accounting_entry_ids: list[Uuid]
    status: ItemStatus | UnsetType = UNSET


class SearchEntries(Body):
    """The filters of accounting entries that are here; Pleo has more (api.md J), which are refused as unknown."""

    include_deleted: bool
    export_status: list[Literal["CREATED", "QUEUED", "EXPORTING", "EXPORTED"]] | UnsetType = UNSET
    bookkeeping_date_start: AwareDatetime | UnsetType = UNSET
    bookkeeping_date_end: AwareDatetime | UnsetType = UNSET


class CreateInstallation(Body):
    status: InstallationStatus | UnsetType = UNSET
    metadata: Json | UnsetType = UNSET


class UpdateInstallation(Body):
    status: InstallationStatus
    error_code: Literal["NOT_ENTITLED", "AUTH_ERROR"] | UnsetType = UNSET
    metadata: Json | UnsetType = UNSET


def given(value: T | UnsetType) -> T | None:
    return None if isinstance(value, UnsetType) else value


def body(content: bytes, content_type: str | None, wanted: type[T]) -> T:
    """The request body as `wanted`. Raises PleoError 415 unless it is JSON in UTF-8, 400 unless it fits."""
    check_media_type(content_type)
    try:
        return msgspec.json.decode(content, type=wanted)
    except msgspec.ValidationError as error:
        raise bad_body(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PleoError(400, "JSON_MAPPING_EXCEPTION", f"the body is not JSON: {error}") from None
    except RecursionError:
        raise PleoError(400, "JSON_MAPPING_EXCEPTION", "the body is nested too deeply") from None


def check_media_type(content_type: str | None) -> None:
    media_type, _, parameters = (content_type or "").partition(";")
    charset = re.fullmatch(r'\s*(?:charset\s*=\s*"?utf-8"?\s*;?\s*)?', parameters, re.IGNORECASE)
    if media_type.strip().lower() != "application/json" or charset is None:
        message = f"Content-Type {content_type!r} is not supported: send application/json;charset=UTF-8"
        raise PleoError(415, "UNSUPPORTED_MEDIA_TYPE", message)


def known_only(query: Query, names: frozenset[str]) -> None:
    for name in query:
        if name not in names:
            raise bad_parameter(name, query[name][0], f"no such parameter here: {sorted(names)}")


def single(query: Query, name: str) -> str | None:
    values = query.get(name, [])
    if len(values) > 1:
        raise bad_parameter(name, ", ".join(values), "give it only once")
    return values[0] if values else None


def uuid(name: str, text: str) -> str:
    """A uuid in Pleo's spelling (lower case). Raises PleoError 400."""
    if not re.fullmatch(UUID_PATTERN, text, re.ASCII):
        raise bad_parameter(name, text, "a UUID is required")
    return text.lower()


def query_uuid(query: Query, name: str) -> str | None:
    text = single(query, name)
    return None if text is None else uuid(name, text)


def required_uuid(query: Query, name: str) -> str:
    value = query_uuid(query, name)
    if value is None:
        raise bad_parameter(name, None, "it is required")
    return value


def query_uuids(query: Query, name: str) -> frozenset[str]:
    return frozenset(uuid(name, text) for text in query.get(name, []))


def flag(query: Query, name: str) -> bool:
    """A boolean, false when it is not given. Raises PleoError 400."""
    text = single(query, name)
    if text not in (None, "true", "false"):
        raise bad_parameter(name, text, "true or false")
    return text == "true"


def no_twins(name: str, values: Iterable[str] | None) -> None:
    """For `__post_init__` of a body whose list may not repeat itself."""
    known = list(values or ())
    if len(set(known)) != len(known):
        raise ValueError(f"{name}: a value is given twice")


def folded(values: Iterable[str] | UnsetType | None) -> frozenset[str]:
    """Uuids in Pleo's spelling; none where none were given."""
    return frozenset() if values is None or isinstance(values, UnsetType) else frozenset(map(str.lower, values))


def choice(name: str, text: str, kind: type[S]) -> S:
    try:
        return kind(text)
    except ValueError:
        raise bad_parameter(name, text, f"one of {[str(value) for value in kind]}") from None


def choices(query: Query, name: str, kind: type[S]) -> frozenset[S]:
    return frozenset(choice(name, text, kind) for text in query.get(name, []))
