"""The addon's tests in Odoo's own framework, run by Odoo on an upgrade of the addon."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.addons.odoo.installation import configuration, odoo

pytestmark = pytest.mark.addon


@pytest.mark.timeout(600)
def test_odoos_own_tests_pass(database: str, home: Path) -> None:
    tags = ["--test-enable", "--test-tags", "/kontobro_odoo"]
    told = odoo(configuration(home), "-d", database, "-u", "kontobro_odoo", *tags, "--stop-after-init")
    counted = re.search(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests", told)
    assert counted, told[-3000:]
    assert counted.groups()[:2] == ("0", "0")
    assert int(counted[3]) > 15
