"""`make demo ERP=tryton`: the demo's Pleo company exported into a real Tryton on loopback, which is then asked.

Exits 75 where Tryton is not installed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from erp_lab.demo import Place, demo
from erp_lab.places import cloned, running, start_postgres
from kontobro.core.model.masterdata import Account, TaxCode, Vendor
from kontobro.core.model.masters import Masters
from kontobro.erp.kit.receipts import RECEIPT_MARK
from kontobro.erp.tryton.api import Api
from tests.erp_real.tryton.installation import ABSENT, TEMPLATE, Company, TrytonServer, installed, password_of


@dataclass(frozen=True, slots=True)
class TrytonPlace:
    """A clone of the template in a running Tryton."""

    company: Company
    erp: str = "tryton"

    @property
    def options(self) -> dict[str, str]:
        where = {"url": self.company.url, "database": self.company.database}
        return where | {"user": "accountant", "company": "1", "settle_after": "2"}

    @property
    def secrets(self) -> dict[str, str]:
        return {"password": password_of("accountant")}

    def furnish(self, masters: Masters) -> None:
        furnish(self.company.api("admin"), masters)

    def entry_counts(self) -> dict[str, int]:
        return entry_counts(self.company.api("admin"))


@contextmanager
def opened(log: Path) -> Iterator[Place]:
    with cloned(start_postgres(), TEMPLATE) as database, running(TrytonServer(database, log)) as server:
        yield TrytonPlace(Company(server.url, database))


def entry_counts(api: Api) -> dict[str, int]:
    """What Tryton itself says: entries of ours, references that exist twice, drafts, receipts."""
    ours = [["description", "like", "kontobro%:%"]]
    lines = list(api.rows("account.move.line", ours, ["description", "move.state"]))
    papers = [["description", "like", f"{RECEIPT_MARK}%"]]
    return {
        "entries": len(lines),
        "duplicates": len(lines) - len({line["description"] for line in lines}),
        "drafts": Counter(line["move."]["state"] for line in lines)["draft"],
        "receipts": len(list(api.rows("ir.attachment", papers, ["name"]))),
    }


# ------------------------------------------------------------------------------- the demo's company in Tryton

FIRST_OPEN = date(2026, 9, 1)
"""August has been reported to the tax authority."""


def furnish(api: Api, masters: Masters) -> None:
    """Make what the demo's expenses name; what the template has under the same code becomes the demo's."""
    codes = {code for one in masters.accounts.by_id.values() for code in one.currencies} | {"SEK"}
    currencies = put(api, "currency.currency", "code", [currency_of(code) for code in sorted(codes - {"DKK", "EUR"})])
    kinds = kinds_of(api)
    accounts = put(
        api, "account.account", "code", [account_of(one, kinds, currencies) for one in masters.accounts.by_id.values()]
    )
    by_id = {one.id: accounts[one.code] for one in masters.accounts.by_id.values()}
    (group,) = api.rows("account.tax.group", [["code", "=", "P"]], ["name"])
    put(api, "account.tax", "name", [tax_of(one, by_id, group["id"]) for one in masters.tax_codes.by_id.values()])
    put(api, "account.journal", "code", [{"code": "PLEO", "name": "Pleo", "type": "general"}])
    put(api, "party.party", "code", [vendor_of(one, by_id) for one in masters.vendors.by_id.values()])
    people(api, masters)
    dimensions(api, masters)
    close_periods(api)


def put(api: Api, model: str, key: str, wanted: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Create each record, or change the one that has its key; ids by key."""
    domain = [] if model in NEVER_INACTIVE else [["active", "in", [True, False]]]
    found = {row[key]: row["id"] for row in api.rows(model, domain, [key]) if row[key]}
    for values in wanted:
        if values[key] in found:
            changes = {name: value for name, value in values.items() if name != key and not isinstance(value, list)}
            api.write(f"model.{model}.write", [found[values[key]]], changes)
        else:
            (found[values[key]],) = api.write(f"model.{model}.create", [dict(values)])
    return found


NEVER_INACTIVE = frozenset({"account.account", "account.journal"})


def currency_of(code: str) -> dict[str, Any]:
    rate = {"date": date(2026, 1, 1), "rate": Decimal("1.5")}
    digits = {"digits": 2, "rounding": Decimal("0.01")}
    return {"code": code, "name": code, "symbol": code, "rates": [["create", [rate]]], **digits}


KINDS = {"244": "payable", "2": "liability", "30": "equity", "35": "revenue", "1": "cash"}
"""An account's type by how its code begins, the first that fits; all others are expenses."""

LIKE = {"payable": "7795", "cash": "6490", "liability": "6.3.4", "expense": "99999"}
"""Accounts of the template that have the type."""


def kinds_of(api: Api) -> dict[str, int]:
    """Tryton's account types."""
    rows = {row["code"]: row["type"] for row in api.rows("account.account", [["type", "!=", None]], ["code", "type"])}
    kinds = {kind: int(rows[code]) for kind, code in LIKE.items()}
    types = list(api.rows("account.account.type", [], ["name", "revenue", "statement"]))
    kinds["revenue"] = next(row["id"] for row in types if row["revenue"])
    kinds["equity"] = next(row["id"] for row in types if row["name"].startswith("Equity"))
    return kinds


def account_of(account: Account, kinds: Mapping[str, int], currencies: Mapping[str, int]) -> dict[str, Any]:
    """An account; Tryton gives no second currency to what is owed."""
    kind = next((kind for start, kind in KINDS.items() if account.code.startswith(start)), "expense")
    only = account.currencies[0] if len(account.currencies) == 1 else "DKK"
    owed = kind == "payable"
    return {
        "company": 1,
        "code": account.code,
        "name": account.name,
        "type": kinds[kind],
        "reconcile": owed,
        "party_required": owed,
        "second_currency": None if owed or only == "DKK" else currencies[only],
        "closed": not account.active,
    }


def tax_of(tax: TaxCode, accounts: Mapping[str, int], group: int) -> dict[str, Any]:
    """A tax of one rate; reverse charge is one of two parts."""
    values = {"name": tax.code, "description": tax.name, "group": group, "company": 1, "active": tax.active}
    ingoing = part_of(tax.rate, accounts.get(tax.ingoing_account or "") or accounts["Assets:VAT:Input"])
    if tax.type != "reverse":
        return values | ingoing
    outgoing = part_of(-tax.rate, accounts[tax.outgoing_account or ""])
    sides = [values | part | {"name": f"{tax.code} {side}"} for side, part in (("in", ingoing), ("out", outgoing))]
    return values | {"type": "none", "childs": [["create", sides]]}


def part_of(rate: Decimal, account: int) -> dict[str, Any]:
    return {"type": "percentage", "rate": rate, "invoice_account": account, "credit_note_account": account}


def vendor_of(vendor: Vendor, accounts: Mapping[str, int]) -> dict[str, Any]:
    """A party. The Danish tax numbers are invented: Tryton refuses their check digits."""
    values: dict[str, Any] = {
        "code": vendor.code,
        "name": vendor.name,
        "active": vendor.active,
        "addresses": [["create", [{}]]],
    }
    if payable := accounts.get(vendor.account or ""):
        values["account_payable"] = payable
    number = vendor.tax_registration_number or "DK"
    if not number.startswith("DK"):
        values["identifiers"] = [["create", [{"type": f"{number[:2].lower()}_vat", "code": number}]]]
    return values


def people(api: Api, masters: Masters) -> None:
    named = [{"code": one.code, "name": one.name} for one in masters.employees.by_id.values()]
    parties = put(api, "party.party", "code", named)
    there = {row["party"] for row in api.rows("company.employee", [], ["party"])}
    new = [{"company": 1, "party": parties[one["code"]]} for one in named if parties[one["code"]] not in there]
    api.write("model.company.employee.create", new)


def dimensions(api: Api, masters: Masters) -> None:
    axis = "analytic_account.account"
    known = [
        {"code": one.code, "name": one.name, "type": "root", "company": 1} for one in masters.dimensions.by_id.values()
    ]
    roots = put(api, axis, "code", known)
    for dimension, index in masters.dimension_values.items():
        root = roots[masters.dimensions.by_id[dimension].code]
        like = {"type": "normal", "root": root, "parent": root, "company": 1}
        put(
            api,
            axis,
            "code",
            [like | {"code": one.code, "name": one.name} for one in index.by_id.values() if one.active],
        )


def close_periods(api: Api) -> None:
    domain = [["end_date", "<", FIRST_OPEN], ["state", "=", "open"]]
    api.write("model.account.period.close", [row["id"] for row in api.rows("account.period", domain, ["name"])])


if __name__ == "__main__":
    sys.exit(demo(None if installed() else ABSENT, opened))
