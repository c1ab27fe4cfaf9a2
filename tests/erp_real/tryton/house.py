"""A real Tryton on loopback, its users, and the person who works in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2

from erp_lab.places import Server, erp_home, free_port
from kontobro.core.model.journal import Reference
from kontobro.erp.tryton.api import Api, open_http
from kontobro.erp.tryton.connector import TrytonConnector
from kontobro.erp.tryton.entries import marks_of
from kontobro.testing.connector.entries import Chart

TEMPLATE = "kontobro_tryton_template"
ABSENT = "Tryton is not installed here: `make erp-tryton` fetches it (PyPI, a minute and a half each series)"

NEWEST, OLDEST = "8.2", "7.0"
"""The series that are tried: all of it on the newest, the connector's contract on the oldest."""


def home_of(series: str = NEWEST) -> Path:
    return erp_home() / ("tryton" if series == NEWEST else f"tryton-{series}")


def template_of(series: str) -> str:
    return TEMPLATE if series == NEWEST else f"{TEMPLATE}_{series.replace('.', '_')}"


def installed(series: str = NEWEST) -> bool:
    return (home_of(series) / "template.made").is_file()


class TrytonServer(Server):
    """A real server over one clone of the template in the private PostgreSQL; `url` is its address.

    One each: a database that is younger than its server is unknown to Tryton for minutes, and a login to one that it
    has not loaded breaks it until it is restarted (8.2.1).
    """

    def __init__(self, database: str, log: Path, series: str = NEWEST) -> None:
        home = home_of(series)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        listen = f"TRYTOND_WEB__LISTEN=127.0.0.1:{port}"
        command = ["env", listen, str(home / "venv/bin/trytond"), "-c", str(home / "trytond.conf")]
        command += ["-d", database]
        super().__init__(command, home, log, self._is_ready)

    def _is_ready(self) -> bool:
        try:
            return bool(Api(open_http(self.url), "", "", "").version())
        except Exception:  # noqa: BLE001 - whatever it is, the server is not ready
            return False


def password_of(user: str) -> str:
    """The password of one of the template's users: accountant, bookkeeper or stranger."""
    return (home_of() / "keys" / user).read_text()


@dataclass(frozen=True)
class Company:
    """One database with its company."""

    url: str
    database: str

    def api(self, user: str = "bookkeeper") -> Api:
        return Api(open_http(self.url), self.database, user, password_of(user), 1)

    def connector(self, user: str = "accountant") -> TrytonConnector:
        return connect(self.url, self.database, user)

    def chart(self) -> Chart:
        """The template's company in the words of the contract suite: ids of Tryton."""
        api = self.api()
        accounts = {row["code"]: str(row["id"]) for row in api.rows("account.account", [], ["code"])}
        taxes = {row["name"]: str(row["id"]) for row in api.rows("account.tax", [], ["name"])}
        values = {
            row["code"]: (str(row["root"]), str(row["id"]))
            for row in api.rows("analytic_account.account", [["type", "=", "normal"]], ["code", "root"])
        }
        (vendor,) = api.rows("party.party", [["code", "=", "V100"]], ["name"])
        return Chart(
            expense=accounts["5.1.3"],
            input_tax=accounts["6.3.6"],
            payable=accounts["2.1.1"],
            wallets={code: accounts[f"649{n}"] for n, code in enumerate(("DKK", "EUR", "USD", "JPY", "KWD"))},
            vendor=str(vendor["id"]),
            tax_code=taxes["I25"],
            reverse_code=taxes["IV25"],
            output_tax=accounts["6.3.4"],
            dimensions=(values["100"], values["P1"]),
            last_account=accounts["99999"],
            rate=Decimal("0.13534"),
        )


def connect(
    url: str, database: str, user: str = "accountant", seconds: float | None = None, settle_after: int = 2
) -> TrytonConnector:
    """A connector of this process's own; it gives up on an answer after `seconds`."""
    http = open_http(url)
    api = Api(http, database, user, password_of(user), 1)
    api.read("model.res.user.get_preferences", True)  # logged in before the patience runs
    if seconds:
        http.timeout = httpx2.Timeout(seconds, connect=10)
    return TrytonConnector(api, f"{url}/#/{database}/model", settle_after)


class TrytonBookkeeper:
    """A person in Tryton itself, with the rights to cancel and to close periods."""

    def __init__(self, company: Company) -> None:
        self.api = company.api("bookkeeper")

    def moves(self, reference: Reference, *fields: str) -> list[dict[str, Any]]:
        """The moves under a reference that cancel no other, and belong to no invoice."""
        domain = [["lines.description", "in", list(marks_of(reference))], ["origin", "=", None]]
        return list(self.api.rows("account.move", domain, ["state", *fields]))

    def invoices(self, reference: Reference, *fields: str) -> list[dict[str, Any]]:
        domain = [["description", "in", list(marks_of(reference))]]
        return list(self.api.rows("account.invoice", domain, ["state", *fields]))

    def count(self, reference: Reference) -> int:
        alive = [invoice for invoice in self.invoices(reference) if invoice["state"] != "cancelled"]
        return len(self.moves(reference)) + len(alive)

    def receipts(self, reference: Reference) -> Sequence[str]:
        names = [f"account.move,{move['id']}" for move in self.moves(reference)]
        (name,) = names + [f"account.invoice,{invoice['id']}" for invoice in self.invoices(reference)]
        domain = [["resource", "=", name]]
        return [row["description"][-64:] for row in self.api.rows("ir.attachment", domain, ["description"])]

    def void(self, reference: Reference) -> None:
        """Cancel an invoice; a move by Tryton's own wizard, and post the cancellation."""
        if invoices := [invoice["id"] for invoice in self.invoices(reference)]:
            self.api.write("model.account.invoice.cancel", invoices)
        if ids := [move["id"] for move in self.moves(reference)]:
            self._cancel_moves(ids)

    def _cancel_moves(self, ids: Sequence[int]) -> None:
        self.wizard(
            "account.move.cancel", "cancel", "account.move", ids, {"default": {"description": "", "reversal": False}}
        )
        drafts = self.api.rows("account.move", [["origin", "in", [f"account.move,{i}" for i in ids]]], ["state"])
        if left := [row["id"] for row in drafts if row["state"] == "draft"]:
            self.api.write("model.account.move.post", left)

    def delete(self, reference: Reference) -> None:
        for model, found in (("move", self.moves(reference)), ("invoice", self.invoices(reference))):
            if found:
                self.api.write(f"model.account.{model}.delete", [row["id"] for row in found])

    def period(self, name: str, verb: str) -> None:
        """Close, reopen or lock a period by its name."""
        ids = [row["id"] for row in self.api.rows("account.period", [["name", "=", name]], ["name"])]
        self.api.write(f"model.account.period.{verb}", ids)

    def in_base(self, reference: Reference) -> dict[str, Decimal]:
        """The sums of an entry's accounts in the company's currency."""
        sums: dict[str, Decimal] = {}
        for line in self.lines(reference, "account", "debit", "credit"):
            account = str(line["account"])
            sums[account] = sums.get(account, Decimal(0)) + line["debit"] - line["credit"]
        return sums

    def lines(self, reference: Reference, *fields: str) -> list[dict[str, Any]]:
        names = [f"account.invoice,{invoice['id']}" for invoice in self.invoices(reference)]
        moves = self.moves(reference) or list(self.api.rows("account.move", [["origin", "in", names]], ["state"]))
        return list(self.api.rows("account.move.line", [["move", "=", moves[0]["id"]]], fields))

    def wizard(self, name: str, state: str, model: str, ids: Sequence[int], values: dict[str, Any]) -> None:
        number, *_ = self.api.write(f"wizard.{name}.create", active_model=model, active_ids=list(ids), active_id=ids[0])
        context = {"active_model": model, "active_ids": list(ids), "active_id": ids[0]}
        self.api.write(f"wizard.{name}.execute", number, values, state, **context)
