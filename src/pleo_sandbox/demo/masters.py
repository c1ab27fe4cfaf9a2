"""What people at Fjord & Bro made in Pleo by hand before any integration came.

Some of it has the codes that the books have and can be adopted; some is no one's but theirs, and must stay; some is
there twice or archived, as it is where people work. Everything else an integration has to bring.
"""

from __future__ import annotations

from pleo_sandbox.demo.cast import ACCOUNTS, CONTRA, TAXES, Account, account_json, demo_id, vendor_json
from pleo_sandbox.model import HandMade, Json


def hand_made() -> HandMade:
    """The same each time, each list a new one."""
    return HandMade(_tag_groups(), _tax_codes(), _accounts(), _vendors())


# tags


def _group(code: str, name: str, *tags: Json, archived: bool = False) -> Json:
    return {"id": demo_id("tag group", code), "code": code, "name": name, "archived": archived, "tags": list(tags)}


def _tag(written: str, name: str, *, archived: bool = False, twin: bool = False) -> Json:
    """A tag, written as in the expenses; its `twin` has the same code but for its case, and an id of its own."""
    code = written.partition("/")[2]
    shown = code.lower() if twin else code
    return {"id": demo_id("twin" if twin else "tag", written), "code": shown, "name": name, "archived": archived}


def _tag_groups() -> list[Json]:
    return [
        _group(
            "COST",
            "Afdeling",
            _tag("COST/100", "Sales"),
            _tag("COST/100", "Salg", archived=True, twin=True),
            _tag("COST/200", "Udvikling"),
            _tag("COST/300", "Finance and administration", archived=True),
            _tag("COST/950", "Festudvalget"),
        ),
        _group("PROJ", "Projekt", _tag("PROJ/P-ODENSE", "Footbridge in Odense harbour")),
        _group("region", "Region", _tag("REGION/DK", "Denmark"), _tag("REGION/DK", "Danmark", twin=True)),
        _group("EVENT", "Begivenhed", _tag("EVENT/FRIDAY", "Fredagsbar")),
        _group("SEASON", "Sæson", _tag("SEASON/S24", "Sommer 2024", archived=True), archived=True),
    ]


# tax codes


def _tax_code(code: str, name: str | None = None, *, archived: bool = False) -> Json:
    tax = TAXES[code]
    return {
        "id": demo_id("tax", code),
        "code": code,
        "name": name or tax.name,
        "rate": tax.rate,
        "type": tax.type,
        "ingoingTaxAccount": tax.ingoing,
        "outgoingTaxAccount": tax.outgoing,
        "archived": archived,
    }


def _tax_codes() -> list[Json]:
    return [_tax_code("I25"), _tax_code("RS25", "Omvendt betalingspligt", archived=True), _tax_code("I99")]


# accounts


def _account(account: Account, external_id: str | None = None, *, archived: bool = False) -> Json:
    shown = account_json(account)
    return {
        "id": shown["id"],
        "externalId": external_id or account.identifier or account.code,
        "code": account.code,
        "name": account.name,
        "archived": archived,
    }


def _accounts() -> list[Json]:
    """Office supplies are from a list that someone loaded: its external id is not the books'."""
    return [
        *(_account(account) for account in CONTRA.values()),
        _account(ACCOUNTS["4010"]),
        _account(ACCOUNTS["7504"], "konto-7504"),
        _account(ACCOUNTS["7520"], archived=True),
        _account(ACCOUNTS["7599"]),
        _account(Account("Telefax", "7598", "Expenses:Telefax")),
    ]


# vendors


def _vendor(key: str, state: str = "ACTIVE") -> Json:
    return vendor_json(key) | {"state": state}


def _vendors() -> list[Json]:
    """Employees made Hanse, which the books know by its tax number, and the painter, whom they don't know."""
    painter = {
        "id": demo_id("vendor", "painter"),
        "name": "Malermester Holm",
        "defaultCurrency": "DKK",
        "country": "DK",
        "registrationNumber": "40918273",
        "state": "DRAFT",
    }
    return [
        _vendor("paper"),
        _vendor("landlord"),
        _vendor("energy", "ARCHIVED"),
        _vendor("stranger"),
        _vendor("hanse", "DRAFT"),
        painter,
    ]
