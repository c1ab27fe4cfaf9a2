"""The screens by proteus, Tryton's own client in Python: its records, lines, wizards and buttons, over XML-RPC."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.addons.tryton.harness import a_harness
from tests.addons.tryton.installation import MODULE, SECONDS, ModuleServer, Person, Place
from tests.addons.tryton.test_demo import FAILED
from tests.erp_real.tryton.installation import password_of

pytestmark = [pytest.mark.addon, pytest.mark.timeout(600)]


def test_a_walk_through_the_screens_by_proteus(
    place: Place, server: ModuleServer, database: str, admin: Person, bookkeeper: Person
) -> None:
    with a_harness(admin, bookkeeper) as harness:
        login = f"//bookkeeper:{password_of('bookkeeper')}@"
        where = {
            "KONTOBRO_TRYTON": f"{server.url.replace('//', login)}/{database}/rpc/",
            "KONTOBRO_PLEO": harness.url,
            "KONTOBRO_PLEO_KEY": harness.sandbox.api_key,
        }
        command = [str(place.bin / "python"), "-W", "ignore", str(MODULE / "tests" / "walk.py")]
        done = subprocess.run(
            command, env=place.environment(**where), capture_output=True, text=True, timeout=2 * SECONDS
        )
        assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout)
    assert "All checks passed" in seen["checked"]
    assert seen["job"] == ["completed_with_errors", 110, FAILED]
    assert "→" in seen["again"][0]
    assert "→" in seen["expense"][0]
    assert seen["again"][1].strip()
    assert seen["expense"][1] > 0
    assert seen["entry"][1] == "posted"
