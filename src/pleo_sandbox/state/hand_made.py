"""How a company's own master data gets into the sandbox: as it is, no rule asked."""

from __future__ import annotations

from typing import Protocol

from pleo_sandbox.company.accounts import Accounts
from pleo_sandbox.company.shelf import Record, Shelf
from pleo_sandbox.company.tags import Tags
from pleo_sandbox.company.vendors import Vendors
from pleo_sandbox.model import Json, SandboxCompany


class Shelves(Protocol):
    """Where the records go: a sandbox's."""

    tags: Tags
    tax_codes: Shelf
    accounts: Accounts
    vendors: Vendors


_GROUP: Json = {"archived": False, "metadata": {}}
_TAX_CODE: Json = {
    "archived": False,
    "code": None,
    "ingoingTaxAccount": None,
    "outgoingTaxAccount": None,
    "accountingIntegrationSystem": None,
}
_ACCOUNT: Json = {"archived": False, "code": None, "metadata": None, "taxCodeExternalId": None}


def take_in(sandbox: Shelves, company: SandboxCompany) -> None:
    made = company.hand_made
    for group in made.tag_groups:
        _take_in_group(sandbox, company.id, group)
    for tax_code in made.tax_codes:
        _add(sandbox.tax_codes, company.id, _TAX_CODE | tax_code)
    for account in made.accounts:
        _add(sandbox.accounts, company.id, _ACCOUNT | account)
    for vendor in made.vendors:
        add_vendor(sandbox, company.id, vendor)


def add_vendor(sandbox: Shelves, company_id: str, facts: Json) -> Record:
    return _add(sandbox.vendors, company_id, {"state": "ACTIVE"} | facts)


def _add(shelf: Shelf, company_id: str, given: Json) -> Record:
    facts = {name: value for name, value in given.items() if name != "id"}
    return shelf.add(company_id, {"companyId": company_id} | facts, given.get("id"))


def _take_in_group(sandbox: Shelves, company_id: str, given: Json) -> None:
    facts = {name: value for name, value in given.items() if name not in ("tags", "dimensions")}
    group = _add(sandbox.tags.groups, company_id, _GROUP | facts)
    for dimension in given.get("dimensions", ()):
        sandbox.tags.add_dimension(group, {"visible": True} | _without_id(dimension), dimension.get("id"))
    for tag in given.get("tags", ()):
        sandbox.tags.put_in(group, {"archived": False} | _without_id(tag), tag.get("id"))


def _without_id(given: Json) -> Json:
    return {name: value for name, value in given.items() if name != "id"}
