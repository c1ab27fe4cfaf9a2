"""Account numbers that are ids of Odoo's: booked by code or by what we gave to Pleo, else refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontobro.core.model.settings import Settings
from tests.erp_real.odoo.installation import Company, OdooBookkeeper, key_of
from tests.erp_real.odoo.test_killed import SETTINGS, add_accounts
from tests.erp_real.overlap import System, nothing_is_booked_on_an_id

pytestmark = pytest.mark.odoo


def test_nothing_is_booked_on_an_id(tmp_path: Path, company: Company, bookkeeper: OdooBookkeeper) -> None:
    add_accounts(bookkeeper)
    api = bookkeeper.api

    def add(code: str) -> str:
        vals = {"code": code, "name": f"Account {code}", "account_type": "expense"}
        (made,) = api.write("account.account", "create", vals_list=[vals])
        return str(made)

    def renumber(id: str, code: str) -> None:
        api.write("account.account", "write", ids=[int(id)], vals={"code": code})

    def accounts_of(reference: str) -> set[str]:
        if not bookkeeper.moves(reference):
            return set()
        return {str(line["account_id"]) for line in bookkeeper.lines(reference, "account_id")}

    chart = company.chart()
    (plan,) = api.rows("account.analytic.plan", [["id", "=", int(chart.dimensions[0][0])]], ["name"])
    options = {"url": company.url, "database": company.database, "company": "1"}
    settings: Settings = SETTINGS
    system = System(
        "odoo", options, {"api_key": key_of("accountant")}, settings, company.connector(), add, renumber, accounts_of
    )
    assert chart.tax_code is not None
    nothing_is_booked_on_an_id(tmp_path, system, chart.tax_code, (plan["name"], chart.dimensions[0][1]))
