"""Who and what the demo company has: accounts, tax codes, tags, vendors, people, shops. Facts only."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from fractions import Fraction

from pleo_sandbox.model import Json

NAME = "Fjord & Bro ApS"
CURRENCY = "DKK"
COUNTRY = "DK"
REGISTRATION_NUMBER = "41920375"

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://fjord-bro.example/demo")


def demo_id(kind: str, name: str) -> str:
    """The same uuid for the same thing on every run."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}"))


COMPANY_ID = demo_id("company", NAME)
ORGANIZATION_ID = demo_id("organization", NAME)


@dataclass(frozen=True, slots=True)
class Account:
    """A category's account as Pleo sends it: a code, the accounting system's own identifier, or both."""

    code: str | None
    identifier: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax code. `share` is the tax as a part of the line amount, which is not the rate where tax is inclusive."""

    name: str
    type: str
    rate: float
    share: Fraction
    ingoing: str | None = None
    outgoing: str | None = None


@dataclass(frozen=True, slots=True)
class Vendor:
    name: str
    country: str
    currency: str
    code: str | None = None
    external_id: str | None = None
    registration_number: str | None = None
    tax_number: str | None = None


@dataclass(frozen=True, slots=True)
class Employee:
    name: str
    team: str


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant as the card network names it; `code` is the merchant's number there, `category` its MCC."""

    name: str
    country: str
    category: str | None = None
    code: str | None = None
    account: str | None = None
    tax_identifier: str | None = None


ACCOUNTS = {
    "4010": Account("4010", "Expenses:Goods", "Goods for resale"),
    "7502": Account("7502", "Expenses:Software", "Software and subscriptions"),
    "7504": Account("7504", None, "Office supplies"),
    "7506": Account("7506", "Expenses:Small-Equipment", "Small equipment"),
    "7508": Account("7508", "Expenses:Telephone-Internet", "Telephone and internet"),
    "7510": Account("7510", None, "Postage and freight"),
    "7520": Account("7520", "Expenses:Rent", "Rent"),
    "7522": Account("7522", "Expenses:Cleaning", "Cleaning"),
    "7524": Account("7524", "Expenses:Electricity-Heating", "Electricity and heating"),
    "7530": Account("7530", "Expenses:Advertising", "Advertising"),
    "7534": Account("7534", None, "Entertaining customers"),
    "7536": Account("7536", "Expenses:Staff-Meals", "Staff meals"),
    "7540": Account("7540", "Expenses:Travel:Transport", "Trains, flights and taxis"),
    "7542": Account("7542", "Expenses:Travel:Hotels", "Hotels"),
    "7544": Account("7544", "Expenses:Travel:Mileage", "Mileage"),
    "7546": Account("7546", "Expenses:Travel:Per-Diem", "Per diem"),
    "7548": Account("7548", None, "Fuel and parking"),
    "7550": Account("7550", "Expenses:Training", "Courses and conferences"),
    "7560": Account("7560", "Expenses:Professional-Fees", "Accountant and lawyer"),
    "7570": Account("7570", "Expenses:Insurance", "Insurance"),
    "7580": Account("7580", "Expenses:Card-Fees", "Card and bank fees"),
    "7582": Account(None, "Expenses:Interest", "Interest"),
    "7599": Account("7599", "Expenses:Balloons", "Balloons and bunting"),
}
"""By account number. 7599 is known to Pleo only: the item that uses it has to be mended."""

CONTRA = {
    "DKK": Account("1081", "Assets:Pleo:DKK", "Pleo wallet DKK"),
    "EUR": Account("1082", None, "Pleo wallet EUR"),
    "SEK": Account(None, "Assets:Pleo:SEK", "Pleo wallet SEK"),
}

TAXES = {
    "I25": Tax("Input VAT 25 %", "inclusive", 0.25, Fraction(1, 5), ingoing="Assets:VAT:Input"),
    "IREP": Tax(
        "Entertainment, a quarter of the VAT", "inclusive", 0.0625, Fraction(1, 20), ingoing="Assets:VAT:Input"
    ),
    "I0": Tax("Zero-rated", "inclusive", 0.0, Fraction(0)),
    "RS25": Tax(
        "Services from abroad, reverse charge",
        "reverse",
        0.25,
        Fraction(1, 4),
        ingoing="Assets:VAT:Input",
        outgoing="Liabilities:VAT:Reverse-Services",
    ),
    "RG25": Tax(
        "Goods from the EU, reverse charge",
        "reverse",
        0.25,
        Fraction(1, 4),
        ingoing="Assets:VAT:Input",
        outgoing="Liabilities:VAT:Reverse-Goods",
    ),
    "I99": Tax("A tax code that is not set up", "inclusive", 0.25, Fraction(1, 5)),
}
"""By tax code. I99 is known to Pleo only: the item that uses it has to be mended."""

VENDORS = {
    "paper": Vendor("Kontor & Papir A/S", "DK", "DKK", "V100", "V100", "26104455", "DK26104455"),
    "cloud": Vendor("Nordisk Sky ApS", "DK", "DKK", "V110", "V110", "38117720", "DK38117720"),
    "energy": Vendor("Fjordens Energi A/S", "DK", "DKK", "V120", "V120", "25778810"),
    "landlord": Vendor("Havnens Ejendomme A/S", "DK", "DKK", "V130", None, "17250033", "DK17250033"),
    "caterer": Vendor("Blåbær Catering ApS", "DK", "DKK", "V140", "V140"),
    "hanse": Vendor("Hanse Papier GmbH", "DE", "EUR", None, None, None, "DE811907980"),
    "freight": Vendor("Göteborg Frakt AB", "SE", "SEK", "V160", "V160", "5560360793", "SE556036079301"),
    "accountant": Vendor("Revisorhuset Østerbro", "DK", "DKK", "V170", "V170", "33256878", "DK33256878"),
    "insurer": Vendor("Tryghed Forsikring A/S", "DK", "DKK", "V180", "V180"),
    "pleo": Vendor("Pleo Technologies A/S", "DK", "DKK", "V190", "V190", "36538686", "DK36538686"),
    "travel": Vendor("Rejsebureauet Vest", "DK", "DKK", "V200", "V200"),
    "stranger": Vendor("Ukendt Leverandør I/S", "DK", "DKK", "V777", "V777"),
}
"""V777 is known to Pleo only: the item that names it has to be mended."""

EMPLOYEES = {
    "E1": Employee("Anna Berg", "Sales"),
    "E2": Employee("Mads Kjær", "Engineering"),
    "E3": Employee("Søren Østergaard", "Finance"),
    "E4": Employee("Freja Lund", "Sales"),
    "E5": Employee("Åse Nygård", "Operations"),
    "E6": Employee("Jonas Weber", "Engineering"),
    "E7": Employee("Liv Damgaard", "Operations"),
}

SHOPS = {
    "stationer": Shop("Papirhjørnet", "DK", "5943", "130047247"),
    "hardware": Shop("Elektronikbutikken Nord", "DK", "5732", "130055112"),
    "café": Shop("Café Mågen", "DK", "5812", "130061908"),
    "restaurant": Shop("Restaurant Broens Fod", "DK", "5812", "130061977"),
    "railway": Shop("Øresund Tog", "DK", "4112", "130070021"),
    "taxi": Shop("Havnetaxa", "DK", "4121", "130070140"),
    "hotel": Shop("Hotel Fyrtårnet", "DK", "7011", "130081133"),
    "petrol": Shop("Tank & Vask Kolding", "DK", "5541", "130090017"),
    "parking": Shop("Byparkering", "DK", "7523", "130090222"),
    "telephone": Shop("Telebæltet", "DK", "4814", "130102020"),
    "bakery": Shop("Surdej & Søn", "DK", "5462", "130061444"),
    "bookshop": Shop("Ved Broen Boghandel", "DK", "5942", "130044510"),
    "harbour café": Shop("Kafé Sjöstaden", "SE", "5812", "750061090"),
    "florist": Shop("Blomster-Bodil", "DK", "5992", "130043001"),
    "airline": Shop("Vikingefly", "SE", "4511", "750011200"),
    "fair": Shop("Nordic Build Expo AB", "SE", "8699", "750022417", tax_identifier="SE559012345601"),
    "stockholm": Shop("Hotell Sjöfarten", "SE", "7011", "750033001"),
    "berlin": Shop("Spree Software GmbH", "DE", "5734", "490012877", tax_identifier="DE298734511"),
    "irish": Shop("Shamrock Ads Ltd", "IE", "7311", "353000129", tax_identifier="IE6388047V"),
    "tokyo": Shop("Kissaten Hoshi", "JP", "5812", "810000411"),
    "reykjavik": Shop("Norðurljós Gisting", "IS", "7011", "354000815"),
    "kuwait": Shop("Gulf Bridge Engineering", "KW", "8911", "965000310"),
    "london": Shop("Thames Type Foundry", "GB", "2791", "440008131"),
    "builders": Shop("Bygma Broer", "DK", "5211", "130095500"),
    "cloud": Shop("Nordisk Sky ApS", "DK", "7372", None, account="4711-110", tax_identifier="DK38117720"),
    "paper": Shop("Kontor & Papir A/S", "DK", "5111", "V100", tax_identifier="DK26104455"),
}

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
