"""The demo's company in a Tryton with the module: its Pleo on loopback, connected and set up through the screens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Any

from erp_lab.demo import sandbox_by_codes
from erp_lab.demo_tryton import entry_counts, furnish
from kontobro.core.model.settings import Settings
from kontobro.core.settings.toml import settings_to
from kontobro.erp.registry import load_connector
from kontobro.export.job.masters import load_masters
from pleo_sandbox.server import DemoSandbox, serve
from tests.addons.tryton.installation import Person


@dataclass(frozen=True)
class TrytonHarness:
    admin: Person
    bookkeeper: Person
    sandbox: DemoSandbox
    url: str

    def connect(self, **changes: Any) -> None:
        """By the wizard, as a person would."""
        (user,) = self.admin.rows("res.user", "login", domain=[["login", "=", "accountant"]])
        form = {
            "company": 1,
            "book_as": user["id"],
            "environment": "sandbox",
            "url": self.url,
            "api_key": self.sandbox.api_key,
            "level": "1",
        }
        self.bookkeeper.wizard("kontobro.connect", ("connect", {"start": form | changes}))

    @property
    def connection(self) -> dict[str, Any]:
        ours = [["company", "=", 1]]
        (row,) = self.bookkeeper.rows("kontobro.connection", "status", "last_fault", "last_run", "name", domain=ours)
        return row

    def set_up(self, **changes: Any) -> None:
        """By the settings' form: what it shows first, with what the demo's company chose."""
        form = {**self.shown(), **self._chosen(), **changes}
        on = ("kontobro.connection", self.connection["id"])
        self.bookkeeper.wizard("kontobro.settings", ("save", {"start": form}), on=on)

    def shown(self) -> dict[str, Any]:
        """What the settings' form shows now."""
        on = ("kontobro.connection", self.connection["id"])
        (shown,) = self.bookkeeper.wizard("kontobro.settings", on=on)
        return {name: value for name, value in shown["view"]["defaults"].items() if not name.endswith(".")}

    @property
    def usual(self) -> Mapping[str, Any]:
        """Settings that no one changed."""
        return settings_to(Settings())

    def _chosen(self) -> Mapping[str, Any]:
        account, find = "account.account", self.admin.id_of
        wallets = {"DKK": "1081", "EUR": "1082", "SEK": "1083"}
        rows = [
            {"currency": find("currency.currency", code), "account": find(account, number)}
            for code, number in wallets.items()
        ]
        root = find("analytic_account.account", "PROJECT")
        return {
            "out_of_pocket": find(account, "2890"),
            "contra": find(account, "1089"),
            "external_reimbursement": find(account, "2895"),
            "accounts_payable": find(account, "2440"),
            "journal": find("account.journal", "PLEO"),
            "posting": "posted",
            "time_zone": "Europe/Copenhagen",
            "wallets": rows,
            "dimensions": [{"group": "PROJ", "root": root, "send": False}],
            "rows": [{"type": "cashback", "line_account": find(account, "7580")}],
        }

    def outcomes(self) -> Mapping[str, int]:
        rows = self.bookkeeper.rows("kontobro.booking", "outcome", "reference")
        told: dict[str, int] = {}
        for row in rows:
            told[row["outcome"] or "open"] = told.get(row["outcome"] or "open", 0) + 1
        return told

    def entry_counts(self) -> Mapping[str, int]:
        """What Tryton itself says."""
        return entry_counts(self.admin.api)


@contextmanager
def a_harness(admin: Person, bookkeeper: Person, sandbox: DemoSandbox | None = None) -> Iterator[TrytonHarness]:
    """The company furnished; its Pleo, where no one says otherwise, has an export open."""
    with as_file(files("kontobro.erp.beancount") / "demo") as demo:
        source = load_connector("beancount", {"ledger": str(demo / "ledger.beancount")})
        furnish(admin.api, load_masters(source, source.check()))
    sandbox = sandbox or sandbox_by_codes()
    with serve(sandbox) as url:
        yield TrytonHarness(admin, bookkeeper, sandbox, url)
