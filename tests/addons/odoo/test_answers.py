"""What Pleo's documents leave open, told to the addon by a file in Odoo's own data folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from erp_lab.demo_odoo import entry_counts
from erp_lab.places import running
from kontobro.erp.kit.http import Refused
from pleo_sandbox.server import demo_sandbox, serve
from tests.addons.answers import BROKEN, HEEDED, LEFT, SOME, a_few, write_answers
from tests.addons.odoo.administrator import Administrator, wait_until
from tests.addons.odoo.installation import AddonServer, configuration
from tests.addons.odoo.test_cron import is_finished
from tests.erp_real.odoo.installation import Company

EXPENSE, WALLET = "2450", "6240"
"""Of the Danish chart."""

pytestmark = pytest.mark.addon


def with_own_data(folder: Path) -> Path:
    """A configuration whose data folder no other server reads."""
    conf = configuration(folder, cron_threads=1)
    (folder / "data").mkdir()
    conf.write_text(re.sub(r"(?m)^data_dir = .*$", f"data_dir = {folder / 'data'}", conf.read_text()))
    return conf


def test_an_answer_in_the_file_is_heeded_and_a_broken_file_is_told(database: str, tmp_path: Path) -> None:
    sandbox = demo_sandbox()
    sandbox.set_rules(HEEDED)
    with (
        running(AddonServer(with_own_data(tmp_path), database, tmp_path / "server.log")) as server,
        serve(sandbox) as url,
    ):
        admin = Administrator(Company(server.url, database))
        admin.become_manager()
        number = admin.connect(url, sandbox.api_key, {"wallet": WALLET, "posting": "posted", "journal": "MISC"})
        a_few(sandbox, EXPENSE, WALLET)
        for content, told in BROKEN.items():
            write_answers(tmp_path / "data", content)
            with pytest.raises(Refused, match=told):
                admin.press(number, "action_check")
        admin.press(number, "action_export_now")
        wait_until(lambda: bool(admin.connection(number, "last_fault")["last_fault"]), server.log.read_text)
        assert re.search(told, admin.connection(number, "last_fault")["last_fault"])
        assert (str(sandbox.jobs[-1].status), entry_counts(admin.api)["entries"]) == ("pending", 0)

        write_answers(tmp_path / "data", HEEDED)
        assert "All checks passed" in admin.press(number, "action_check")["params"]["message"]
        admin.press(number, "action_export_now")
        wait_until(lambda: is_finished(admin), lambda: server.log.read_text()[-3000:])
        told = [row["told"] for row in admin.api.rows("kontobro.booking", [], ["told"])]
        assert [str(job.status) for job in sandbox.jobs] == ["completed"], told
        assert entry_counts(admin.api)["entries"] == SOME
        assert admin.connection(number, "last_fault")["last_fault"] is False

        sandbox.revoke_token(sandbox.api_key)
        told = admin.press(number, "action_disconnect")["params"]
        assert (told["type"], told["next"]["tag"]) == ("warning", "soft_reload")
        assert LEFT in told["message"]
        assert admin.connection(number, "status")["status"] == "disconnected"
