"""Vendors at Pleo (v1): ours are active at once, Pleo's own are drafts until they are activated (`pleo/api.md` E)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from kontobro.core.errors import Problem
from kontobro.core.model.findings import problem
from kontobro.core.plan.make import Desired, Existing, Fields
from kontobro.pleo.http import endpoints
from kontobro.pleo.http.calls import Calls
from kontobro.pleo.http.endpoints import Endpoint
from kontobro.pleo.http.faults import RefusedByPleo
from kontobro.pleo.target.records import Answer, Records, Request, WireRecord, refusal, refusal_as_problem
from kontobro.pleo.target.spelling import code_of, fields_of, joined, name_of

NOUN, KEY = "vendor", "externalId"
DRAFT, ACTIVE, ARCHIVED = "DRAFT", "ACTIVE", "ARCHIVED"
_WIRE_NAMES: Final = {
    "currency": "defaultCurrency",
    "country": "country",
    "registration_number": "registrationNumber",
    "tax_registration_number": "taxRegistrationNumber",
}


class WireVendor(WireRecord, kw_only=True):
    name: str
    default_currency: str
    state: str
    code: str | None = None
    external_id: str | None = None
    country: str | None = None
    registration_number: str | None = None
    tax_registration_number: str | None = None

    def to_core(self) -> Existing:
        return Existing(
            id=self.id,
            code=code_of(self.code),
            name=name_of(self.name),
            archived=self.state == ARCHIVED,
            external_id=self.external_id or None,
            fields=fields_of(
                currency=self.default_currency,
                country=self.country,
                registration_number=self.registration_number,
                tax_registration_number=self.tax_registration_number,
            ),
            draft=self.state == DRAFT,
        )


class Vendors:
    def __init__(self, calls: Calls, company_id: str) -> None:
        self._records = Records(calls, company_id, WireVendor, WireVendor.to_core)

    def read(self) -> list[Existing]:
        params = {"company_id": self._records.company_id}
        body = {"states": [DRAFT, ACTIVE, ARCHIVED]}
        return list(self._records.listed(endpoints.VENDORS, params=params, body=body))

    def create(self, records: Sequence[Desired], parents: Mapping[str, str]) -> list[Answer]:
        return [self._create(wanted) for wanted in records]

    def update(self, changes: Sequence[tuple[Existing, Desired]]) -> list[Answer]:
        return [self._update(existing, wanted) for existing, wanted in changes]

    def archive(self, records: Sequence[Existing]) -> list[Answer]:
        return [self._archive(found) for found in records]

    def _create(self, wanted: Desired) -> Answer:
        body = self._body(wanted, ())
        if "defaultCurrency" not in body:
            return _no_currency(wanted)
        return self._records.create(endpoints.CREATE_VENDOR, Request(NOUN, KEY, body))

    def _update(self, existing: Existing, wanted: Desired) -> Answer:
        """A draft is activated first: from then on it is known by its external id, whatever happens to the rest."""
        if existing.draft:
            activated = self._activate(existing, wanted)
            if isinstance(activated, Problem) or _is_equal(activated, wanted):
                return activated
            existing = activated
        body = {**self._body(wanted, existing.fields), "state": ACTIVE}
        return self._records.change(endpoints.UPDATE_VENDOR, Request(NOUN, KEY, body, existing.id))

    def _activate(self, draft: Existing, wanted: Desired) -> Answer:
        body = {KEY: wanted.id, **_present(code=code_of(wanted.code))}
        code = code_of(wanted.code) or draft.code
        result = replace(draft, draft=False, archived=False, external_id=wanted.id, code=code)
        return self._turn(endpoints.ACTIVATE_VENDOR, Request(NOUN, KEY, body, draft.id), result)

    def _archive(self, found: Existing) -> Answer:
        request = Request(NOUN, "code", {"code": found.code, "name": found.name, "archived": True}, found.id)
        return self._turn(endpoints.ARCHIVE_VENDOR, request, replace(found, archived=True, draft=False), sends=False)

    def _turn(self, endpoint: Endpoint, request: Request, result: Existing, *, sends: bool = True) -> Answer:
        """A change of state, whose answer (204) tells nothing.

        Sent again after a lost answer, Pleo may refuse what it did already: a refused one is read before it counts.
        """
        try:
            self._records.calls.again(endpoint, id=request.id, body=request.body if sends else None)
        except RefusedByPleo as fault:
            problem = refusal(fault, request)
            found = refusal_as_problem(request, lambda: self._records.one(endpoints.VENDOR, request.id))
            return problem if isinstance(found, Problem) else _settled(found, result) or problem
        return result

    def _body(self, wanted: Desired, held: Fields) -> dict[str, Any]:
        """What a write takes. What the accounting system does not know of a vendor stays as Pleo has it (`held`)."""
        known = joined(held, wanted.fields)
        return {
            "companyId": self._records.company_id,
            "name": name_of(wanted.name),
            KEY: wanted.id,
            **_present(code=code_of(wanted.code)),
            **{wire: known[name] for name, wire in _WIRE_NAMES.items() if known.get(name)},
        }


def _is_equal(existing: Existing, wanted: Desired) -> bool:
    """Whether Pleo has all that the accounting system knows of the vendor, but for its code."""
    held = dict(existing.fields)
    return existing.name == name_of(wanted.name) and all(held.get(name) == value for name, value in wanted.fields)


def _settled(found: Existing, wanted: Existing) -> Existing | None:
    """The vendor as Pleo has it, when it is in the state and under the id that were wanted."""
    same = (found.archived, found.draft, found.external_id) == (wanted.archived, wanted.draft, wanted.external_id)
    return found if same else None


def _present(**fields: str) -> dict[str, str]:
    """The fields that are there: none of a vendor's may be null."""
    return {name: value for name, value in fields.items() if value}


def _no_currency(wanted: Desired) -> Problem:
    return problem("vendor_currency_missing", "defaultCurrency", wanted.code, vendor=wanted.code or wanted.name)
