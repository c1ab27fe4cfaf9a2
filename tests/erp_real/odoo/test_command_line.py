"""A person at a terminal: connects Pleo with a real Odoo, checks, exports, and finds the entry by its link."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kontobro.cli.app import app
from kontobro.cli.common.context import CliContext
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox
from tests.erp_real.odoo.installation import Company, OdooBookkeeper, key_of
from tests.erp_real.odoo.test_killed import add_accounts
from tests.support.pleo_company import entry_id, kill_company

pytestmark = pytest.mark.odoo

SETTINGS = """\
posting = "posted"
accounts_payable = "7440"
out_of_pocket = "2890"
contra = "1089"
wallet = "1081"
"""


def test_connect_check_export(tmp_path: Path, company: Company, bookkeeper: OdooBookkeeper) -> None:
    add_accounts(bookkeeper)
    sandbox = Sandbox(kill_company())
    key = sandbox.add_api_key(sandbox_company := kill_company().id)
    sandbox.press_export(sandbox_company, vendor_based=True)
    (tmp_path / "settings.toml").write_text(SETTINGS)

    def types(*words: str, user: str = "accountant") -> Result:
        environment = {"KONTOBRO_API_KEY": key, "KONTOBRO_ERP_API_KEY": key_of(user), "LANG": "C.UTF-8"}
        return CliRunner().invoke(app, ["--home", str(tmp_path / "home"), *words], obj=CliContext(), env=environment)

    with serve(sandbox) as url:
        connect = ["connect", "--erp", "odoo", "--environment", "sandbox", "--url", url, "--level", "1"]
        connect += ["--erp-option", f"url={company.url}", "--erp-option", f"database={company.database}"]
        refused = types(*connect, user="stranger")
        assert refused.exit_code == 3
        assert "account.group_account_invoice" in " ".join(refused.output.split())
        connected = types(*connect)
        assert connected.exit_code == 0, connected.output
        assert "is connected with Fjord & Bro ApS (odoo)" in connected.output
        assert types("settings", "import", str(tmp_path / "settings.toml")).exit_code == 0
        exported = types("export", "--json")
        assert exported.exit_code == 1, exported.output  # one expense is there to be fixed
        told = types("bookings", "--json")

    (move,) = bookkeeper.moves(entry_id(1))
    assert f"{company.url}/odoo/entries/{move['id']}" in json.dumps(json.loads(told.stdout))
    shown = refused.output + connected.output + exported.output + told.output
    assert not [user for user in ("accountant", "stranger") if key_of(user) in shown]
