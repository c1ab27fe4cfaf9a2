"""Who and what the demo company has (`data/cast.toml`), and how Pleo shows it."""

from __future__ import annotations

import uuid
from fractions import Fraction

from pleo_sandbox.demo.facts import Facts, read
from pleo_sandbox.model import Json

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://fjord-bro.example/demo")


def demo_id(kind: str, name: str) -> str:
    """The same uuid for the same thing on every run."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}"))


class Account(Facts, frozen=True):
    """A category's account as Pleo sends it: a code, the accounting system's own identifier, or both."""

    name: str
    code: str | None = None
    identifier: str | None = None


class Tax(Facts, frozen=True):
    """A tax code. `share` is the tax as a part of the line amount, which is not the rate where tax is inclusive."""

    name: str
    type: str
    rate: float
    share: Fraction
    ingoing: str | None = None
    outgoing: str | None = None


class Vendor(Facts, frozen=True):
    name: str
    country: str
    currency: str
    code: str | None = None
    external_id: str | None = None
    registration_number: str | None = None
    tax_number: str | None = None


class Employee(Facts, frozen=True):
    name: str
    team: str


class Shop(Facts, frozen=True):
    """A merchant as the card network names it; `code` is the merchant's number there, `category` its MCC."""

    name: str
    country: str
    category: str | None = None
    code: str | None = None
    account: str | None = None
    tax_identifier: str | None = None


class Invoice(Facts, frozen=True):
    """What an invoice says of itself; `bank` where the supplier's bank account is known."""

    day: str
    due: str | None = None
    paid: str | None = None
    status: str = "paid"
    bank: bool = False


class Company(Facts, frozen=True):
    name: str
    currency: str
    country: str
    registration_number: str


class Cast(Facts, frozen=True):
    company: Company
    accounts: dict[str, Account]
    contra: dict[str, Account]
    taxes: dict[str, Tax]
    vendors: dict[str, Vendor]
    employees: dict[str, Employee]
    shops: dict[str, Shop]
    invoices: dict[str, Invoice]


_CAST = read("cast", Cast)
COMPANY, ACCOUNTS, CONTRA, TAXES = _CAST.company, _CAST.accounts, _CAST.contra, _CAST.taxes
VENDORS, EMPLOYEES, SHOPS, INVOICES = _CAST.vendors, _CAST.employees, _CAST.shops, _CAST.invoices

COMPANY_ID = demo_id("company", COMPANY.name)
ORGANIZATION_ID = demo_id("organization", COMPANY.name)

DECIMALS = {"JPY": 0, "ISK": 0, "KWD": 3}
"""ISO 4217 decimals of the demo's currencies that have not two."""


def account_json(account: Account) -> Json:
    return {
        "id": demo_id("account", account.name),
        "name": account.name,
        "code": account.code,
        "identifier": account.identifier,
    }


def vendor_json(name: str) -> Json:
    """A vendor; the fields that it lacks are left out, because the contract does not allow null there."""
    vendor = VENDORS[name]
    known = {
        "code": vendor.code,
        "externalId": vendor.external_id,
        "registrationNumber": vendor.registration_number,
        "taxRegistrationNumber": vendor.tax_number,
    }
    always = {
        "id": demo_id("vendor", name),
        "name": vendor.name,
        "defaultCurrency": vendor.currency,
        "country": vendor.country,
    }
    return always | {field: value for field, value in known.items() if value is not None}


def employee_json(code: str) -> Json:
    return {"id": demo_id("employee", code), "name": EMPLOYEES[code].name, "code": code}


def team_json(employee: str) -> Json:
    team = EMPLOYEES[employee].team
    return {"id": demo_id("team", team), "name": team, "code": team[:3].upper()}


def supplier_json(shop: Shop) -> Json:
    return {
        "name": shop.name,
        "code": shop.code,
        "account": shop.account,
        "categoryCode": shop.category,
        "country": shop.country,
        "taxIdentifier": shop.tax_identifier,
    }


def money(value: int, currency: str) -> Json:
    return {"currency": currency, "value": value}
