"""OAuth within Odoo: a browser leaves for Pleo and comes back; tokens are renewed in the middle of an export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.connection import Tokens
from kontobro.store import codec
from kontobro.store.tables_store import TOKENS
from kontobro.store.vault import KeyRing, unseal
from pleo_sandbox.demo import DemoSandbox
from pleo_sandbox.oauth import OAuthClient
from pleo_sandbox.server import serve
from scripts.erp.demo import sandbox_by_codes
from scripts.erp.demo_odoo import standing
from scripts.erp.places import running, sql
from tests.addons.odoo.browser import Browser, consent, query_of, signed_in, words_of
from tests.addons.odoo.desk import Desk, wait_until
from tests.addons.odoo.house import AddonServer, configuration, key
from tests.addons.odoo.test_cron import WHOLE, is_finished
from tests.erp_real.odoo.house import Company

pytestmark = pytest.mark.addon


@dataclass(frozen=True)
class Town:
    """An Odoo, Pleo in a box that knows it as a client, and the bookkeeper's browser."""

    desk: Desk
    server: AddonServer
    sandbox: DemoSandbox
    pleo: str
    client: OAuthClient
    browser: Browser

    def wizard(self, **more: object) -> int:
        asked = {"way": "oauth", "environment": "sandbox", "url": self.pleo, "user_id": self.desk.user("accountant")}
        client = {"client_id": self.client.client_id, "client_secret": self.client.secret}
        return self.browser.wizard(**{**asked, **client, **more})

    def way_back(self, **more: object) -> str:
        """Leave, allow: the address that Pleo sends the browser to."""
        return consent(self.browser.leave(self.wizard(**more)), self.sandbox.company_id)

    def connect(self, **more: object) -> int:
        """The whole way; the connection's number."""
        landed = self.browser.visit(self.way_back(**more))
        assert landed.status_code == 303, landed.text
        return int(landed.headers["location"].rpartition("/")[2])

    def connections(self) -> list[dict[str, Any]]:
        return list(self.desk.api.rows("kontobro.connection", [], ["key", "auth", "status", "settings", "user_id"]))

    def told(self) -> str:
        return self.server.log.read_text()[-3000:]


@pytest.fixture
def server(home: Path, database: str, tmp_path: Path) -> Iterator[AddonServer]:
    with running(AddonServer(configuration(home, cron_threads=1), database, tmp_path / "server.log")) as server:
        yield server


@pytest.fixture
def town(server: AddonServer, database: str) -> Iterator[Town]:
    desk = Desk(Company(server.url, database))
    desk.become_manager()
    sandbox = sandbox_by_codes()
    client = sandbox.register_client([f"{server.url}/kontobro/pleo/callback"], name="Our Odoo")
    with serve(sandbox) as url:
        browser = signed_in(desk, "bookkeeper")
        yield Town(desk, server, sandbox, url, client, browser)
        browser.http.close()


def stored(town: Town, home: Path, postgres: int, database: str) -> Tokens:
    """The tokens as Odoo keeps them, opened with its key."""
    (row,) = town.connections()
    sealed = sql(postgres, "select sealed from kontobro_secret where name = 'pleo.tokens'", database)
    told = unseal(KeyRing(None, key(home).encode()).ciphers(), row["key"], TOKENS, sealed)
    assert isinstance(told, dict)
    return codec.tokens_from(told)


def test_the_demos_job_with_a_token_that_expires_on_the_way(
    town: Town, home: Path, postgres: int, database: str
) -> None:
    number = town.connect()
    settings = town.desk.furnish_demo()
    town.desk.apply(number, settings)
    before = stored(town, home, postgres, database)
    town.desk.press(number, "action_export_now")
    count = "select count(*) from account_move where kontobro_reference is not null"
    wait_until(lambda: int(sql(postgres, count, database)) > 0, town.told)
    town.sandbox.move_clock(timedelta(minutes=16))
    with pytest.raises(Exception, match="expired"):
        town.sandbox.access.by_access_token(before.access)
    wait_until(lambda: is_finished(town.desk), town.told)
    assert standing(town.desk.api) == WHOLE
    after = stored(town, home, postgres, database)
    assert town.sandbox.access.by_access_token(after.access).company_id == town.sandbox.company_id
    assert after.refresh != before.refresh
    assert after.client_secret == town.client.secret
    (row,) = town.connections()
    assert (row["auth"], row["status"]) == ("oauth", "connected")
    log = town.server.log.read_text()
    for secret in (before.access, after.access, after.refresh or "", town.client.secret):
        assert secret not in log
