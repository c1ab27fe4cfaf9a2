"""Reads and writes that all kinds of master data share: whole lists, and refusals of one record as its problem."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, Generic, TypeVar

import httpx2
import msgspec

from kontobro.core.errors import BadAnswer, Problem, shown
from kontobro.core.model.findings import problem
from kontobro.core.plan.make import Existing
from kontobro.core.words import Phrase
from kontobro.pleo.http.answers import Camel, Single, read, read_entry
from kontobro.pleo.http.calls import Calls, Params, uncertain
from kontobro.pleo.http.endpoints import Endpoint
from kontobro.pleo.http.faults import RefusedByPleo
from kontobro.pleo.http.paging import listed

LONGEST_TEXT: Final = 255
"""What Pleo states of name, code and external id of an account (`pleo/api.md` F), and nowhere of another record's."""
TAX_CODE: Final = "taxCodeExternalId"
"""Of an account: kept as Pleo has it, for accounting systems are not asked for it."""

T = TypeVar("T")
Answer = Existing | Problem

_OF_ONE_RECORD: Final = frozenset({400, 404, 409, 410, 413, 422})
"""Refusals that speak of what was sent. Others (405, 415) mean that we and Pleo speak different languages."""


class WireRecord(Camel, kw_only=True):
    """What every record of Pleo has."""

    id: str


W = TypeVar("W", bound=WireRecord)


@dataclass(frozen=True, slots=True)
class Request:
    """A write of one record. `key` is the field of the body by which Pleo tells records of the kind apart."""

    noun: str
    key: str
    body: Mapping[str, Any]
    id: str = ""
    params: Params | None = None

    @property
    def named(self) -> str:
        return f"{self.noun} {self.value(self.key)}".strip()

    @property
    def archives(self) -> bool:
        """Whether it archives the record: the accounting system has it no more, or it is not offered."""
        return self.body.get("archived") is True

    @property
    def kind(self) -> Phrase:
        return Phrase(f"kind_{self.noun.replace(' ', '_')}")

    def value(self, field: str) -> str:
        found = self.body.get(field)
        return "" if found is None else shown(found)


class Records(Generic[W]):
    """Pleo's records of one wire shape, of one company. `to_core` makes the planner's of one."""

    def __init__(self, calls: Calls, company_id: str, shape: type[W], to_core: Callable[[W], Existing]) -> None:
        self.calls, self.company_id, self._shape, self._to_core = calls, company_id, shape, to_core
        # mypy takes no type that is known at run time only.
        self._single: Any = Single[shape]  # type: ignore[valid-type]

    def listed(self, endpoint: Endpoint, *, params: Params | None = None, body: object = None) -> Iterator[Existing]:
        """Every record on all pages, each once. Raises BadAnswer for a page or a record that can't be read."""
        seen: set[str] = set()
        for page in listed(self.calls, endpoint, params=params, body=body):
            for raw in page:
                record = read_entry(raw, endpoint, self._shape)
                if record.id not in seen:
                    seen.add(record.id)
                    yield self._to_core(record)

    def one(self, endpoint: Endpoint, id: str) -> Existing:
        return self._answer(self.calls.again(endpoint, id=id), endpoint)

    def create(self, endpoint: Endpoint, request: Request) -> Answer:
        """Sent once, unless Pleo can't have seen it. Raises Uncertain for an answer that is lost or can't be read."""
        response = refusal_as_problem(
            request,
            lambda: self.calls.create(endpoint, id=request.id, params=request.params, body=request.body),
        )
        if isinstance(response, Problem):
            return response
        try:
            return self._answer(response, endpoint)
        except BadAnswer as fault:
            raise uncertain(endpoint, fault) from fault

    def change(self, endpoint: Endpoint, request: Request) -> Answer:
        """Sent again after a lost answer: it says what the record is to be."""
        response = refusal_as_problem(request, lambda: self.calls.again(endpoint, id=request.id, body=request.body))
        return response if isinstance(response, Problem) else self._answer(response, endpoint)

    def _answer(self, response: httpx2.Response, endpoint: Endpoint) -> Existing:
        answer: Single[W] = read(response, endpoint, self._single)
        return self._to_core(answer.data)


class Kept:
    """What a record carries beside our fields, so that a full replace by PUT does not wipe it: its metadata.

    Remembered from reading; a record that was not read here is asked for.
    """

    def __init__(self, ask: Callable[[str], object]) -> None:
        self._ask = ask
        self._metadata: dict[str, msgspec.Raw | None] = {}

    def remember(self, id: str, metadata: msgspec.Raw) -> None:
        content = bytes(metadata)
        self._metadata[id] = msgspec.Raw(content) if content not in (b"", b"null", b"{}") else None

    def metadata(self, id: str) -> msgspec.Raw | None:
        """None where there is none. Raises Refused when Pleo does not know the record."""
        if id not in self._metadata:
            self._ask(id)
        return self._metadata.get(id)


def refusal_as_problem(request: Request, attempt: Callable[[], T]) -> T | Problem:
    """What the attempt gives, or the refusal of this one record as a problem."""
    try:
        return attempt()
    except RefusedByPleo as fault:
        return refusal(fault, request)


def refusal(fault: RefusedByPleo, request: Request) -> Problem:
    """Raises the fault again when it does not speak of the record."""
    if fault.status not in _OF_ONE_RECORD:
        raise fault
    if fault.status == 409:
        return exists(request, fault.said)
    if fault.status in (404, 410):
        return gone(request, fault.said)
    return refused(request, _field_in(fault.said, request), fault.said)


def exists(request: Request, said: str = "") -> Problem:
    return problem("exists", request.key, request.value(request.key), kind=request.kind, said=said)


def gone(request: Request, said: str = "") -> Problem:
    return problem("gone_at_pleo", "id", request.id, kind=request.kind, name=request.value(request.key), said=said)


def refused(request: Request, field: str, said: str) -> Problem:
    """With where it can be fixed: what the accounting system lacks or does not send, in Pleo alone."""
    return problem(
        "refused_by_pleo.archive"
        if request.archives
        else "refused_by_pleo.tax_code"
        if field == TAX_CODE
        else "refused_by_pleo",
        field,
        request.value(field),
        kind=request.kind,
        name=request.value(request.key),
        said=said,
    )


def _field_in(said: str, request: Request) -> str:
    """The first field of the body that Pleo's message names, longer names first; else one with a text that is longer
    than Pleo takes, else the one that identifies the record."""
    names = sorted(request.body, key=len, reverse=True)
    named = (name for name in names if re.search(rf"\b{name}\b", said, re.IGNORECASE))
    texts = {name: text for name in names if isinstance(text := request.body[name], str)}
    long = (name for name, text in texts.items() if len(text) > LONGEST_TEXT)
    return next(chain(named, long), request.key)
