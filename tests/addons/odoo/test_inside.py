"""The contract suites within a real Odoo's own process: connector and store."""

from __future__ import annotations

from pathlib import Path

import pytest

from erp_lab.places import ROOT
from tests.addons.odoo.installation import configuration, environment, python, run

pytestmark = pytest.mark.addon


@pytest.mark.parametrize("suite", ["test_connector.py", "test_store.py"])
@pytest.mark.timeout(900)
def test_the_contract_holds_within_odoo(template: str, home: Path, suite: str) -> None:
    here = ROOT / "tests/addons/odoo/inside"
    command = [python(), "-W", "ignore", str(here / "run.py"), str(configuration(home)), str(here / suite)]
    variables = {**environment(), "KONTOBRO_TEMPLATE": template}
    ran = run(command, variables)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-6000:]
    assert " passed" in ran.stdout
