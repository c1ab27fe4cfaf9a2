"""Tax codes at Pleo (v0): a search, and one call for each change (`pleo/api.md` D)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from kontobro.core.errors import Problem
from kontobro.core.model.findings import problem
from kontobro.core.plan.make import Desired, Existing
from kontobro.pleo.http import endpoints
from kontobro.pleo.http.calls import Calls
from kontobro.pleo.http.endpoints import Endpoint
from kontobro.pleo.target.records import Answer, Records, Request, WireRecord
from kontobro.pleo.target.spelling import code_of, fields_of, joined, name_of, rate_of

NOUN, KEY = "tax code", "code"
SUPPORTED = ("inclusive", "reverse")
"""Pleo's list has `exclusive` too, and its documents say that it is not supported (`pleo/api.md` D)."""


class WireTaxCode(WireRecord, kw_only=True):
    name: str
    rate: Decimal
    type: str
    archived: bool
    code: str | None = None
    ingoing_tax_account: str | None = None
    outgoing_tax_account: str | None = None

    def to_core(self) -> Existing:
        return Existing(
            id=self.id,
            code=code_of(self.code),
            name=name_of(self.name),
            archived=self.archived,
            fields=fields_of(
                rate=rate_of(self.rate),
                type=self.type,
                ingoing_account=self.ingoing_tax_account,
                outgoing_account=self.outgoing_tax_account,
            ),
        )


class TaxCodes:
    def __init__(self, calls: Calls, company_id: str) -> None:
        self._records = Records(calls, company_id, WireTaxCode, WireTaxCode.to_core)

    def read(self) -> list[Existing]:
        """`archived` left out of the search means both."""
        params = {"company_id": self._records.company_id}
        return list(self._records.listed(endpoints.TAX_CODES, params=params, body={}))

    def create(self, records: Sequence[Desired], parents: Mapping[str, str]) -> list[Answer]:
        return [
            self._write(endpoints.CREATE_TAX_CODE, self._body(wanted.code, wanted.name, dict(wanted.fields)))
            for wanted in records
        ]

    def update(self, changes: Sequence[tuple[Existing, Desired]]) -> list[Answer]:
        return [
            self._write(
                endpoints.UPDATE_TAX_CODE,
                self._body(wanted.code, wanted.name, joined(existing.fields, wanted.fields), has=_type_of(existing)),
                existing.id,
            )
            for existing, wanted in changes
        ]

    def archive(self, records: Sequence[Existing]) -> list[Answer]:
        bodies = [
            (found.id, self._body(found.code, found.name, dict(found.fields), True, _type_of(found)))
            for found in records
        ]
        return [self._write(endpoints.UPDATE_TAX_CODE, body, id) for id, body in bodies]

    def _write(self, endpoint: Endpoint, body: dict[str, Any] | Problem, id: str = "") -> Answer:
        if isinstance(body, Problem):
            return body
        request = Request(NOUN, KEY, body, id)
        return self._records.change(endpoint, request) if id else self._records.create(endpoint, request)

    def _body(
        self, code: str, name: str, given: Mapping[str, str], archived: bool = False, has: str | None = None
    ) -> dict[str, Any] | Problem:
        """What both writes take. A type or a rate that Pleo can't have is a problem, and is never sent, unless Pleo
        `has` the code with that type already."""
        tax_type, rate = given.get("type", ""), fraction(given.get("rate", ""))
        if tax_type not in (*SUPPORTED, has):
            return _unsupported(code, tax_type)
        if rate is None:
            return _no_rate(code, given.get("rate", ""))
        return {
            "companyId": self._records.company_id,
            "archived": archived,
            "name": name_of(name),
            "rate": rate,
            "type": tax_type,
            "code": code_of(code) or None,
            "ingoingTaxAccount": given.get("ingoing_account"),
            "outgoingTaxAccount": given.get("outgoing_account"),
        }


def _type_of(existing: Existing) -> str | None:
    return dict(existing.fields).get("type")


def fraction(text: str) -> Decimal | None:
    """The exact rate, or None for what is not a number."""
    try:
        rate = Decimal(text)
    except InvalidOperation:
        return None
    return rate if rate.is_finite() else None


def _unsupported(code: str, tax_type: str) -> Problem:
    return problem("tax_type_unsupported.sync", "type", tax_type, tax_code=code)


def _no_rate(code: str, rate: str) -> Problem:
    return problem("tax_rate_invalid", "rate", rate, tax_code=code)
