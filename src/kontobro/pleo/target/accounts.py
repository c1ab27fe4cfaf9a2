"""The chart of accounts at Pleo (v1): created in batches, changed and archived one by one (`pleo/api.md` F)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import httpx2
import msgspec

from kontobro.core.batches import answers, parts
from kontobro.core.errors import BadAnswer, Problem, Uncertain, shown
from kontobro.core.plan.make import Desired, Existing
from kontobro.core.words import told
from kontobro.pleo.http import endpoints
from kontobro.pleo.http.answers import Camel, Single, read
from kontobro.pleo.http.calls import Calls, uncertain
from kontobro.pleo.http.faults import RefusedByPleo
from kontobro.pleo.target.records import (
    TAX_CODE,
    Answer,
    Kept,
    Records,
    Request,
    WireRecord,
    exists,
    refusal,
    refusal_as_problem,
    refused,
)
from kontobro.pleo.target.spelling import code_of, fields_of, joined, name_of

MOST_CREATES: Final = 1000
NOUN, KEY = "account", "externalId"
_EXISTS: Final = "EXTERNAL_ID_ALREADY_EXISTS"
_FIELDS: Final = {"EXTERNAL_ID": "externalId", "NAME": "name", "CODE": "code"}
"""How a reason of a failed account begins, and the field that it means."""


class WireAccount(WireRecord, kw_only=True):
    external_id: str
    name: str
    archived: bool
    code: str | None = None
    tax_code_external_id: str | None = None
    metadata: msgspec.Raw = msgspec.Raw()


class FailedRequest(Camel):
    external_id: str


class FailedAccount(Camel):
    request: FailedRequest
    reasons: list[str]


class BatchAnswer(Camel):
    created: list[WireAccount]
    failed: list[FailedAccount]


class Accounts:
    def __init__(self, calls: Calls, company_id: str) -> None:
        self._records = Records(calls, company_id, WireAccount, self._existing)
        self._kept = Kept(partial(self._records.one, endpoints.ACCOUNT))

    def read(self) -> list[Existing]:
        """Pleo lists both booleans as required; `archived` left out means both (`pleo/api.md` F)."""
        body = {
            "companyId": self._records.company_id,
            "excludeIfAssignedToCategory": False,
            "excludeIfAssignedToContraAccount": False,
        }
        return list(self._records.listed(endpoints.ACCOUNTS, body=body))

    def create(self, records: Sequence[Desired], parents: Mapping[str, str]) -> list[Answer]:
        items = [{KEY: wanted.id, **_body(wanted.code, wanted.name, dict(wanted.fields))} for wanted in records]
        given = [answer for part in parts(items, MOST_CREATES) for answer in answers(part, self._create, RefusedByPleo)]
        return [
            refusal(answer, Request(NOUN, KEY, item)) if isinstance(answer, RefusedByPleo) else answer
            for item, answer in zip(items, given, strict=True)
        ]

    def update(self, changes: Sequence[tuple[Existing, Desired]]) -> list[Answer]:
        return [
            self._put(existing.id, _body(wanted.code, wanted.name, joined(existing.fields, wanted.fields)))
            for existing, wanted in changes
        ]

    def archive(self, records: Sequence[Existing]) -> list[Answer]:
        """There is no endpoint for it: a PUT of the same with `archived`."""
        return [self._put(found.id, _body(found.code, found.name, dict(found.fields), True)) for found in records]

    def _create(self, items: Sequence[dict[str, Any]]) -> list[Answer]:
        """One batch. Raises Refused when Pleo refuses it whole."""
        body = {"companyId": self._records.company_id, "items": items}
        return self._answers(self._records.calls.create(endpoints.CREATE_ACCOUNTS, body=body), items)

    def _answers(self, response: httpx2.Response, items: Sequence[dict[str, Any]]) -> list[Answer]:
        """What became of each account, in order. Raises Uncertain when Pleo does not say it of each."""
        try:
            batch = read(response, endpoints.CREATE_ACCOUNTS, Single[BatchAnswer]).data
        except BadAnswer as fault:
            raise uncertain(endpoints.CREATE_ACCOUNTS, fault) from fault
        created = {wire.external_id: self._existing(wire) for wire in batch.created}
        reasons = {failed.request.external_id: failed.reasons for failed in batch.failed}
        return [created[item[KEY]] if item[KEY] in created else _failed(item, reasons.get(item[KEY])) for item in items]

    def _put(self, id: str, body: dict[str, Any]) -> Answer:
        request = Request(NOUN, "code", body, id)
        metadata = refusal_as_problem(request, lambda: self._kept.metadata(id))
        if isinstance(metadata, Problem):
            return metadata
        if metadata is not None:
            body["metadata"] = metadata
        return self._records.change(endpoints.UPDATE_ACCOUNT, request)

    def _existing(self, wire: WireAccount) -> Existing:
        self._kept.remember(wire.id, wire.metadata)
        return Existing(
            id=wire.id,
            code=code_of(wire.code),
            name=name_of(wire.name),
            archived=wire.archived,
            external_id=wire.external_id or None,
            fields=fields_of(tax_code=wire.tax_code_external_id),
        )


def _body(code: str, name: str, fields: Mapping[str, str], archived: bool = False) -> dict[str, Any]:
    """What both writes take. Absent is null: of a code, that the accounting system has none."""
    return {
        "archived": archived,
        "name": name_of(name),
        "code": code_of(code) or None,
        TAX_CODE: fields.get("tax_code"),
    }


def _failed(item: dict[str, Any], reasons: Sequence[str] | None) -> Problem:
    """`reasons` None: Pleo named the account neither among the created nor among the failed ones."""
    request = Request(NOUN, KEY, item)
    if reasons is None:
        raise Uncertain(*told("account_fate_unknown", what=request.named))
    said = f" ({shown(', '.join(reasons), 100)})" if reasons else ""
    if _EXISTS in reasons:
        return exists(request, said)
    field = next((name for start, name in _FIELDS.items() for why in reasons if why.startswith(start)), KEY)
    return refused(request, field, said)
