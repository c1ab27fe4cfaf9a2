"""Vendors v1 (api.md E). The CSV import is hidden from Pleo's public documents and left out."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from pleo_sandbox.company.shelf import Keep, Record
from pleo_sandbox.company.strictness import check_names
from pleo_sandbox.errors import bad_body, forbidden
from pleo_sandbox.http import checks
from pleo_sandbox.http.checks import Body, Text, Uuid
from pleo_sandbox.http.routing import Call, Operation
from pleo_sandbox.model import Json
from pleo_sandbox.wire import empty, reply

VendorState = Literal["DRAFT", "ACTIVE", "ARCHIVED"]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
Wanted = Annotated[list[str], Meta(max_length=100)]


class VendorBody(Body, kw_only=True):
    """What create and update have in common. What is left out the vendor does not have: null is refused."""

    company_id: Uuid
    name: Text
    default_currency: Currency
    code: str | UnsetType = UNSET
    country: str | UnsetType = UNSET
    registration_number: str | UnsetType = UNSET
    tax_registration_number: str | UnsetType = UNSET


class CreateVendor(VendorBody, kw_only=True):
    external_id: str | UnsetType = UNSET


class UpdateVendor(VendorBody, kw_only=True):
    external_id: str
    state: VendorState


class ActivateVendor(Body):
    external_id: str
    code: str | UnsetType = UNSET


class SearchVendors(Body):
    accounting_systems: Wanted = msgspec.field(default_factory=list)
    codes: Wanted = msgspec.field(default_factory=list)
    countries: Wanted = msgspec.field(default_factory=list)
    external_ids: Wanted = msgspec.field(default_factory=list)
    ids: Annotated[list[Uuid], Meta(max_length=100)] = msgspec.field(default_factory=list)
    name: str = ""
    states: Annotated[list[VendorState], Meta(max_length=4)] = msgspec.field(default_factory=list)
    tax_registration_numbers: Wanted = msgspec.field(default_factory=list)

    def keep(self) -> Keep | None:
        """None when nothing is asked. An empty list asks for nothing."""
        lists: tuple[tuple[str, list[str]], ...] = (
            ("accountingSystem", self.accounting_systems),
            ("code", self.codes),
            ("country", self.countries),
            ("externalId", self.external_ids),
            ("state", [*self.states]),
            ("taxRegistrationNumber", self.tax_registration_numbers),
        )
        wanted = [(name, frozenset(values)) for name, values in lists if values]
        ids, text = checks.folded(self.ids), self.name.casefold()
        if not (wanted or ids or text):
            return None

        def kept(vendor: Record) -> bool:
            for (
                name,
                values,
            ) in wanted:  # no generator: this runs for every vendor, and one would cost three times as much
                if vendor.facts.get(name) not in values:
                    return False
            return (not ids or vendor.id in ids) and (not text or text in vendor.facts["name"].casefold())

        return kept


def create(call: Call) -> Response:
    """With an externalId the vendor is in the accounting system already: active. Without it is a draft."""
    call.only()
    body = call.body(CreateVendor)
    company_id = call.company(body.company_id.lower())
    facts = msgspec.to_builtins(body) | {"companyId": company_id}
    check_names(call.sandbox.rules, facts)
    call.sandbox.vendors.check_free(company_id, facts)
    facts["state"] = "ACTIVE" if facts.get("externalId") else "DRAFT"
    return reply({"data": call.sandbox.vendors.add(company_id, facts).as_json()}, 201)


def _vendor(call: Call) -> Record:
    call.only()
    return call.find(call.sandbox.vendors, "id")


def get(call: Call) -> Response:
    return reply({"data": _vendor(call).as_json()})


def update(call: Call) -> Response:
    body = call.body(UpdateVendor)
    vendor = _vendor(call)
    if body.company_id.lower() != vendor.company_id:
        raise forbidden(f"vendor {vendor.id} is another company's")
    facts = msgspec.to_builtins(body) | {"companyId": vendor.company_id}
    check_names(call.sandbox.rules, facts)
    call.sandbox.vendors.check_free(vendor.company_id, facts, but=vendor)
    return reply({"data": call.sandbox.vendors.change(vendor, _with_system(vendor, facts)).as_json()})


def _with_system(vendor: Record, facts: Json) -> Json:
    """The accounting system is Pleo's own note: no body names it."""
    known = vendor.facts.get("accountingSystem")
    return facts if known is None else facts | {"accountingSystem": known}


def activate(call: Call) -> Response:
    """A draft that the accounting system has now, or an archived one that came back. Pleo lists no 409 here."""
    body = call.body(ActivateVendor)
    vendor = _vendor(call)
    if not body.external_id:
        raise bad_body("externalId: an empty one says nothing")
    sent = msgspec.to_builtins(body)
    call.sandbox.vendors.check_free(vendor.company_id, sent, but=vendor, status=400)
    call.sandbox.vendors.set_state(vendor, "ACTIVE", sent)
    return empty(204)


def archive(call: Call) -> Response:
    call.sandbox.vendors.set_state(_vendor(call), "ARCHIVED", {})
    return empty(204)


def search(call: Call) -> Response:
    call.only("company_id", paged=True)
    wanted = call.window()
    company_id = call.named_company()
    return reply(call.sandbox.vendors.page(company_id, wanted, call.body_or_nothing(SearchVendors).keep()))


_ONE = "/v1/vendors/{id}"
OPERATIONS = (
    Operation("POST", "/v1/vendors", create, "vendors:write"),
    Operation("GET", _ONE, get, "vendors:read"),
    Operation("PUT", _ONE, update, "vendors:write"),
    Operation("POST", _ONE + ":activate", activate, "vendors:write"),
    Operation("POST", _ONE + ":archive", archive, "vendors:write"),
    Operation("POST", "/v1/vendors:search", search, "vendors:read"),
)
