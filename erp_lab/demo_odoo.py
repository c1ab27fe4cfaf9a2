"""`make demo ERP=odoo`: the demo's Pleo company exported into a real Odoo on loopback, which is then asked what exists.

Exits 75 where Odoo is not installed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from erp_lab.demo import Place, demo
from erp_lab.places import cloned, running, start_postgres
from kontobro.core.model.masterdata import Account, TaxCode, Vendor
from kontobro.core.model.masters import Masters
from kontobro.erp.odoo.api import Api
from tests.erp_real.odoo.installation import ABSENT, TEMPLATE, Company, OdooServer, installed, key_of


@dataclass(frozen=True, slots=True)
class OdooPlace:
    """A clone of the template in a running Odoo."""

    company: Company
    erp: str = "odoo"

    @property
    def options(self) -> dict[str, str]:
        return {"url": self.company.url, "database": self.company.database, "company": "1"}

    @property
    def secrets(self) -> dict[str, str]:
        return {"api_key": key_of("accountant")}

    def furnish(self, masters: Masters) -> None:
        furnish(self.company.api(), masters)

    def entry_counts(self) -> dict[str, int]:
        return entry_counts(self.company.api())


@contextmanager
def opened(log: Path) -> Iterator[Place]:
    with cloned(start_postgres(), TEMPLATE) as database, running(OdooServer(log)) as server:
        yield OdooPlace(Company(server.url, database))


def entry_counts(api: Api) -> dict[str, int]:
    """What Odoo itself says: entries of ours, references that exist twice, drafts, receipts."""
    ours = [["invoice_origin", "=like", "kontobro.%"]]
    moves = list(api.rows("account.move", ours, ["invoice_origin", "state"], names=False))
    papers = [["res_model", "=", "account.move"], ["res_id", "in", [move["id"] for move in moves]]]
    return {
        "entries": len(moves),
        "duplicates": len(moves) - len({move["invoice_origin"] for move in moves}),
        "drafts": Counter(move["state"] for move in moves)["draft"],
        "receipts": len(list(api.rows("ir.attachment", papers, ["name"]))),
    }


# --------------------------------------------------------------------------------- the demo's company in Odoo

INVENTED = {"no_vat_validation": True}
"""The demo's tax numbers are invented: Odoo would refuse their check digits."""


def furnish(api: Api, masters: Masters) -> None:
    """Make what the demo's expenses name; what the Danish chart has under the same code becomes the demo's."""
    currencies = active_currencies(api, {c for one in masters.accounts.by_id.values() for c in one.currencies})
    accounts = put(api, "account.account", "code", [account_of(one, currencies) for one in accounts_of(masters)])
    by_id = {one.id: accounts[one.code] for one in accounts_of(masters)}
    put(api, "account.tax", "name", [tax_of(one, by_id) for one in masters.tax_codes.by_id.values()])
    put(api, "account.journal", "code", [{"code": "PLEO", "name": "Pleo", "type": "general"}])
    partners = [vendor_of(one, by_id) for one in masters.vendors.by_id.values()]
    partners += [{"ref": one.code, "name": one.name} for one in masters.employees.by_id.values()]
    put(api, "res.partner", "ref", partners)
    dimensions(api, masters)
    api.write("res.company", "write", ids=[1], vals={"fiscalyear_lock_date": "2026-08-31"})


def accounts_of(masters: Masters) -> list[Account]:
    return list(masters.accounts.by_id.values())


def put(api: Api, model: str, key: str, wanted: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Create each record, or change the one that has its key; ids by key."""
    found = {row[key]: row["id"] for row in api.rows(model, [], [key], active_test=False) if row[key]}
    for values in wanted:
        if values[key] in found:
            api.write(model, "write", ids=[found[values[key]]], vals=values, context=INVENTED)
        else:
            (found[values[key]],) = api.write(model, "create", vals_list=[values], context=INVENTED)
    return found


def active_currencies(api: Api, codes: set[str]) -> dict[str, int]:
    rows = api.rows("res.currency", [["name", "in", sorted(codes | {"SEK"})]], ["name"], active_test=False)
    found = {str(row["name"]): int(row["id"]) for row in rows}
    api.write("res.currency", "write", ids=sorted(found.values()), vals={"active": True})
    rate = {"currency_id": found["SEK"], "name": "2026-01-01", "company_id": 1, "company_rate": 1.5}
    api.write("res.currency.rate", "create", vals_list=[rate])
    return found


KINDS = {"244": "liability_payable", "2": "liability_current", "30": "equity", "35": "income", "1": "asset_current"}
"""An account's type by how its code begins, the first that fits; all others are expenses."""


def account_of(account: Account, currencies: Mapping[str, int]) -> dict[str, Any]:
    kind = next((kind for start, kind in KINDS.items() if account.code.startswith(start)), "expense")
    only = account.currencies[0] if len(account.currencies) == 1 else "DKK"
    return {
        "code": account.code,
        "name": account.name,
        "account_type": kind,
        "reconcile": kind == "liability_payable",
        "currency_id": False if only == "DKK" else currencies[only],
        "active": account.active,
    }


AS_ODOO_COMPUTES = {"IREP": "5.2632"}
"""A quarter of the VAT of a meal is a twentieth of its price: so much of the net, from which Odoo computes."""


def tax_of(tax: TaxCode, accounts: Mapping[str, int]) -> dict[str, Any]:
    ingoing = accounts.get(tax.ingoing_account or "")
    parts: list[dict[str, Any]] = [{"repartition_type": "base", "factor_percent": 100}]
    parts.append({"repartition_type": "tax", "factor_percent": 100, "account_id": ingoing})
    if tax.type == "reverse":
        outgoing = accounts[tax.outgoing_account or ""]
        parts.append({"repartition_type": "tax", "factor_percent": -100, "account_id": outgoing})
    lines = [[0, 0, {name: value for name, value in part.items() if value is not None}] for part in parts]
    return {
        "name": tax.code,
        "description": tax.name,
        "type_tax_use": "purchase",
        "amount_type": "percent",
        "amount": AS_ODOO_COMPUTES.get(tax.code, str(tax.rate * 100)),
        "invoice_repartition_line_ids": lines,
        "refund_repartition_line_ids": lines,
    }


def vendor_of(vendor: Vendor, accounts: Mapping[str, int]) -> dict[str, Any]:
    values = {"ref": vendor.code, "name": vendor.name, "is_company": True, "supplier_rank": 1, "active": vendor.active}
    payable = accounts.get(vendor.account or "")
    more = {
        "company_registry": vendor.registration_number,
        "vat": vendor.tax_registration_number,
        "property_account_payable_id": payable,
    }
    return values | {name: value for name, value in more.items() if value}


def dimensions(api: Api, masters: Masters) -> None:
    """Odoo's plans have no code: their names become the demo's codes."""
    names = {"Cost centre": "COST", "Project": "PROJECT"}
    for row in list(api.rows("account.analytic.plan", [["name", "in", list(names)]], ["name"])):
        api.write("account.analytic.plan", "write", ids=[row["id"]], vals={"name": names[row["name"]]})
    plans = put(api, "account.analytic.plan", "name", [{"name": one.code} for one in masters.dimensions.by_id.values()])
    for dimension, index in masters.dimension_values.items():
        plan = plans[masters.dimensions.by_id[dimension].code]
        values = [{"code": v.code, "name": v.name, "plan_id": plan, "active": v.active} for v in index.by_id.values()]
        put(api, "account.analytic.account", "code", values)


if __name__ == "__main__":
    sys.exit(demo(None if installed() else ABSENT, opened))
