"""A person in an Odoo with our addon: connects, sets it up, waits for the cron."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Any

from erp_lab.demo_odoo import furnish
from kontobro.core.model.settings import Settings
from kontobro.core.settings import toml as settings_file
from kontobro.erp.odoo.api import Api
from kontobro.erp.registry import load_connector
from kontobro.export.job.masters import load_masters
from kontobro.store.secrets import codec
from tests.erp_real.odoo.installation import Company

PATIENCE = 240


@dataclass(frozen=True)
class Administrator:
    """The bookkeeper, who is an administrator; Kontobro books as the accountant."""

    company: Company

    @property
    def api(self) -> Api:
        return self.company.api("bookkeeper")

    def become_manager(self) -> None:
        """Give the bookkeeper our own groups."""
        group = self.named("kontobro_odoo", "group_manager")
        self.api.write("res.users", "write", ids=[self.user("bookkeeper")], vals={"group_ids": [[4, group]]})

    def second_company(self) -> int:
        """A company of another name and nothing in it, which the bookkeeper and the accountant may see."""
        (number,) = self.api.write("res.company", "create", vals_list=[{"name": "Silent ApS"}])
        people = [self.user("bookkeeper"), self.user("accountant")]
        self.api.write("res.users", "write", ids=people, vals={"company_ids": [[4, number]]})
        return int(number)

    def named(self, module: str, name: str) -> int:
        """The record of an external id."""
        (row,) = self.api.rows("ir.model.data", [["module", "=", module], ["name", "=", name]], ["res_id"])
        return int(row["res_id"])

    def user(self, login: str) -> int:
        (row,) = self.api.rows("res.users", [["login", "=", login]], ["login"])
        return int(row["id"])

    def furnish_demo(self) -> Mapping[str, object]:
        """Make what the demo's expenses name; its settings."""
        import tomllib

        with as_file(files("kontobro.erp.beancount") / "demo") as demo:
            source = load_connector("beancount", {"ledger": str(demo / "ledger.beancount")})
            furnish(self.api, load_masters(source, source.check()))
            return tomllib.loads((demo / "settings.toml").read_text("utf-8"))

    def connect(self, url: str, key: str, settings: Mapping[str, object] | Settings, company: int = 1) -> int:
        """Through the wizard, as the screen does it; then the settings. The connection's number."""
        user = self.user("accountant")
        asked = {"environment": "sandbox", "url": url, "api_key": key, "user_id": user, "company_id": company}
        wizard = self.api.write("kontobro.connect", "create", vals_list=[asked])
        opened = self.api.write("kontobro.connect", "action_connect", ids=wizard)
        number = int(opened["res_id"])
        self.apply(number, settings, company)
        return number

    def apply(self, number: int, settings: Mapping[str, object] | Settings, company: int = 1) -> None:
        """Store a connection's settings."""
        if not isinstance(settings, Settings):
            settings, problems = settings_file.settings_from(settings)
            assert not problems, problems
        stored = codec.settings_to(settings)
        its = {"allowed_company_ids": [company]}
        self.api.write("kontobro.connection", "write", ids=[number], vals={"settings": stored}, context=its)

    def press(self, number: int, button: str) -> Any:
        return self.api.write("kontobro.connection", button, ids=[number])

    def jobs(self) -> list[dict[str, Any]]:
        fields = ["job_id", "status", "items", "finished_at", "failure", "booked", "failed"]
        return list(self.api.rows("kontobro.job", [], fields))

    def connection(self, number: int, *fields: str) -> dict[str, Any]:
        (row,) = self.api.rows("kontobro.connection", [["id", "=", number]], fields)
        return row


def wait_until(
    there: Callable[[], bool], told: Callable[[], str] = str, seconds: float = PATIENCE, pause: float = 0.1
) -> None:
    """Bounded; fails with what `told` says."""
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, told()
        time.sleep(pause)
