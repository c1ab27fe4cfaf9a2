"""A vendor made in Pleo, created in Odoo by our addon: its plan shown, approved, done once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from erp_lab.demo import sandbox_by_codes
from erp_lab.places import running
from pleo_sandbox.server import serve
from tests.addons.odoo.administrator import Administrator
from tests.addons.odoo.installation import AddonServer, configuration
from tests.erp_real.odoo.installation import Company, OdooBookkeeper

pytestmark = pytest.mark.addon

PAINTER = "Malermester Holm"
"""Whom an employee made in the demo's Pleo, and the books don't know."""


def planned(admin: Administrator, number: int) -> tuple[list[int], list[dict[str, Any]]]:
    """The plan as it is shown: its ids and its lines."""
    ((_, _, plans),) = admin.press(number, "action_plan_sync")["domain"]
    (plan,) = admin.api.read("kontobro.sync.plan", "read", ids=plans, fields=["line_ids"])
    domain = [["id", "in", plan["line_ids"]]]
    return plans, list(admin.api.rows("kontobro.sync.plan.line", domain, ["action", "name"]))


def approve(admin: Administrator, plans: list[int]) -> str:
    return str(admin.api.write("kontobro.sync.plan", "action_approve", ids=plans)["params"]["message"])


def test_a_vendor_made_in_pleo_is_created_once(home: Path, database: str, tmp_path: Path) -> None:
    with running(AddonServer(configuration(home), database, tmp_path / "server.log")) as server:
        admin = Administrator(Company(server.url, database))
        admin.become_manager()
        settings = {**admin.furnish_demo(), "sync": ["vendors"]}
        sandbox = sandbox_by_codes()
        with serve(sandbox) as url:
            number = admin.connect(url, sandbox.api_key, settings)
            assert admin.connection(number, "create_vendors")["create_vendors"] is True
            plans, lines = planned(admin, number)
            assert [line["name"] for line in lines if line["action"] == "write"] == [PAINTER]
            assert "Contact: Creation" in approve(admin, plans)
            OdooBookkeeper(admin.company).allow_contacts()
            plans, lines = planned(admin, number)
            assert [(line["action"], line["name"]) for line in lines] == [("write", PAINTER)]
            assert "1 updated" in approve(admin, plans)
            (partner,) = admin.api.rows("res.partner", [["name", "=", PAINTER]], ["company_registry", "company_id"])
            assert (partner["company_registry"], partner["company_id"][0]) == ("40918273", 1)
            assert planned(admin, number)[1] == []
            (at_pleo,) = [it for it in sandbox.vendors.of(sandbox.company_id) if it.facts["name"] == PAINTER]
            assert (at_pleo.facts["state"], at_pleo.facts["externalId"]) == ("ACTIVE", str(partner["id"]))
            assert "code" not in at_pleo.facts
