"""Account numbers that are ids of Tryton's: booked by code or by what we gave to Pleo, else refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.erp_real.overlap import System, nothing_is_booked_on_an_id
from tests.erp_real.tryton.installation import Company, TrytonBookkeeper, password_of
from tests.erp_real.tryton.test_killed import CHART, SETTINGS

pytestmark = pytest.mark.tryton


def test_nothing_is_booked_on_an_id(tmp_path: Path, company: Company, bookkeeper: TrytonBookkeeper) -> None:
    api = bookkeeper.api
    rows = api.rows("account.account", [["code", "in", ["6490", "99999"]]], ["code", "type", "parent", "company"])
    like = {row.pop("code"): {name: row[name] for name in ("type", "parent", "company")} for row in rows}

    def add(code: str, model: str = "99999") -> str:
        vals = like[model] | {"code": code, "name": f"Account {code}"}
        (made,) = api.write("model.account.account.create", [vals])
        return str(made)

    def renumber(id: str, code: str) -> None:
        api.write("model.account.account.write", [int(id)], {"code": code})

    def accounts_of(reference: str) -> set[str]:
        moves = [move["id"] for move in bookkeeper.moves(reference)]
        return {str(row["account"]) for row in api.rows("account.move.line", [["move", "in", moves]], ["account"])}

    for code in CHART:
        add(code, "99999" if code == "7504" else "6490")
    chart = company.chart()
    root, value = chart.dimensions[0]
    (axis,) = api.rows("analytic_account.account", [["id", "=", int(root)]], ["code"])
    options = {"url": company.url, "database": company.database, "user": "accountant", "settle_after": "1"}
    secrets = {"password": password_of("accountant")}
    system = System("tryton", options, secrets, SETTINGS, company.connector(), add, renumber, accounts_of)
    assert chart.tax_code is not None
    nothing_is_booked_on_an_id(tmp_path, system, chart.tax_code, (axis["code"], value))
