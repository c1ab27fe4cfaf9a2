"""A real Odoo on loopback, its users, and the person who works in it."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2

from erp_lab.places import Server, answers, erp_home, free_port
from kontobro.core.model.journal import Reference
from kontobro.erp.odoo.api import Api, open_http
from kontobro.erp.odoo.connector import OdooConnector
from kontobro.testing.connector.entries import Chart
from kontobro.testing.connector.shown import Kind, Shown, ShownLine

TEMPLATE = "kontobro_odoo_template"
ABSENT = "Odoo is not installed here: `make erp-odoo` fetches it (Debian, package registries, two minutes)"


def installed() -> bool:
    return (erp_home() / "odoo" / "template.made").is_file()


class OdooServer(Server):
    """A real server over all clones of the template in the private PostgreSQL; `url` is its address."""

    def __init__(self, log: Path) -> None:
        home = erp_home() / "odoo"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [str(home / "venv/bin/python"), "-W", "ignore", str(home / "root/usr/bin/odoo")]
        command += ["-c", str(home / "odoo.conf"), "--http-port", str(port), "--log-level", "warn"]
        super().__init__(command, home, log, lambda: answers(f"{self.url}/web/health"))


def key_of(user: str) -> str:
    """The API key of one of the template's users: accountant, bookkeeper or stranger."""
    return (erp_home() / "odoo" / "keys" / user).read_text()


@dataclass(frozen=True)
class Company:
    """One database with its company."""

    url: str
    database: str

    def api(self, user: str = "bookkeeper") -> Api:
        return Api(open_http(self.url, self.database, key_of(user)), 1)

    def connector(self, user: str = "accountant") -> OdooConnector:
        return connect(self.url, self.database, user)

    def chart(self) -> Chart:
        """The template's company in the words of the contract suite: ids of Odoo."""
        api = self.api()
        accounts = {row["code"]: str(row["id"]) for row in api.rows("account.account", [], ["code"])}
        taxes = {row["name"]: str(row["id"]) for row in api.rows("account.tax", [], ["name"])}
        values = {
            row["code"]: (str(row["root_plan_id"][0]), str(row["id"]))
            for row in api.rows("account.analytic.account", [], ["code", "root_plan_id"])
        }
        (vendor,) = api.rows("res.partner", [["ref", "=", "V100"]], ["name"])
        inactive = ["active", "=", False]
        (account,) = api.rows("account.account", [["name", "=", "No longer used"], inactive], ["name"])
        (blocked,) = api.rows("res.partner", [["ref", "=", "V900"], inactive], ["name"])
        (value,) = api.rows("account.analytic.account", [["code", "=", "900"], inactive], ["code"])
        (tax, *_) = api.rows("account.tax", [["type_tax_use", "=", "purchase"], inactive], ["name"])
        return Chart(
            expense=accounts["2450"],
            input_tax=accounts["7740"],
            payable=accounts["7440"],
            wallets={code: accounts[f"649{n}"] for n, code in enumerate(("DKK", "EUR", "JPY", "KWD", "USD"))},
            vendor=str(vendor["id"]),
            tax_code=taxes["K_DK_FuldFradrag"],
            reverse_code=taxes["K_EU_Ydelser_FuldFradrag"],
            output_tax=accounts["7720"],
            dimensions=(values["100"], values["P1"]),
            last_account=accounts["99999"],
            inactive_account=str(account["id"]),
            inactive_vendor=str(blocked["id"]),
            inactive_value=str(value["id"]),
            inactive_tax_code=str(tax["id"]),
            only_in=(accounts["6491"], "EUR"),
            largest="999999999999.99",
            rate=Decimal("0.13534"),
        )


def connect(url: str, database: str, user: str = "accountant", seconds: float | None = None) -> OdooConnector:
    """A connector of this process's own; it gives up on an answer after `seconds`."""
    http = open_http(url, database, key_of(user))
    if seconds:
        http.timeout = httpx2.Timeout(seconds, connect=10)
    return OdooConnector(Api(http, 1), url)


def _kind_of(move_type: str, narration: str) -> Kind:
    """A payment is an entry in Odoo; what it settles is told in its note."""
    if move_type != "entry":
        return "credit_note" if move_type == "in_refund" else "bill"
    if "returned=yes" in narration:
        return "returned"
    return "payment" if " settles=" in narration or " number=" in narration else "journal"


class OdooBookkeeper:
    """A person in Odoo itself, with the rights to void and to close periods."""

    def __init__(self, company: Company) -> None:
        self.api = company.api("bookkeeper")

    def moves(self, reference: Reference, *fields: str) -> list[dict[str, Any]]:
        domain = [["invoice_origin", "=", f"kontobro.{reference}"], ["reversed_entry_id", "=", False]]
        return list(self.api.rows("account.move", domain, ["state", *fields], names=False))

    def count(self, reference: Reference) -> int:
        return len(self.moves(reference))

    def count_all(self) -> int:
        return len(list(self.api.rows("account.move", [], ["state"], names=False)))

    def shows(self, reference: Reference) -> Shown:
        fields = "move_type date ref partner_id invoice_date invoice_date_due narration".split()
        (move,) = [one for one in self.moves(reference, *fields) if one["state"] != "cancel"]
        fields = "name account_id partner_id currency_id amount_currency tax_ids tax_repartition_line_id".split()
        rows = self.lines(reference, *fields, "analytic_distribution", "date_maturity", "account_type")
        bare = move["narration"] or ""
        seen = " ".join([move["ref"] or "", html.unescape(bare), *(row["name"] or "" for row in rows)])
        written = re.search(r"Invoice: .*? of ([0-9-]{10})", bare)
        is_bill = move["move_type"] != "entry"
        owed = next((row for row in rows if row["account_type"] == "liability_payable"), {})
        document, due = (
            (move["invoice_date"], move["invoice_date_due"])
            if is_bill
            else (written and written[1], owed.get("date_maturity"))
        )
        (currency,) = self.api.rows("res.currency", [["id", "=", rows[0]["currency_id"]]], ["name"], names=False)
        return Shown(
            kind=_kind_of(move["move_type"], bare),
            date=date.fromisoformat(move["date"]),
            currency=currency["name"],
            lines=[self._shown_line(row) for row in rows],
            payee=seen,
            text=seen,
            number=seen,
            vendor=str(move["partner_id"] or "") or None,
            document_date=date.fromisoformat(document) if document else None,
            due_date=date.fromisoformat(due) if due else None,
        )

    def _shown_line(self, row: dict[str, Any]) -> ShownLine:
        shared = row["analytic_distribution"] or {}
        assert all(Decimal(share) == 100 for share in shared.values())
        ids = [int(one) for key in shared for one in key.split(",")]
        values = self.api.rows("account.analytic.account", [["id", "in", ids]], ["root_plan_id"], names=False)
        taxes = [] if row["tax_repartition_line_id"] else row["tax_ids"]
        return ShownLine(
            account=str(row["account_id"]),
            amount=round(Decimal(row["amount_currency"]), 3),
            dimensions=frozenset((str(one["root_plan_id"]), str(one["id"])) for one in values) if ids else frozenset(),
            tax_code=",".join(map(str, taxes)) or None,
            vendor=str(row["partner_id"] or "") or None,
        )

    def receipts(self, reference: Reference) -> Sequence[str]:
        (move,) = self.moves(reference)
        domain = [["res_model", "=", "account.move"], ["res_id", "=", move["id"]]]
        return [row["description"][-64:] for row in self.api.rows("ir.attachment", domain, ["description"])]

    def void(self, reference: Reference) -> None:
        ids = [move["id"] for move in self.moves(reference)]
        self.api.write("account.move", "button_draft", ids=ids)
        self.api.write("account.move", "button_cancel", ids=ids)

    def delete(self, reference: Reference) -> None:
        self.api.write("account.move", "unlink", ids=[move["id"] for move in self.moves(reference)])

    def allow_contacts(self, user: str = "accountant") -> None:
        """Give a user Contact: Creation, which the template's users lack."""
        name = [["module", "=", "base"], ["name", "=", "group_partner_manager"]]
        (group,) = self.api.rows("ir.model.data", name, ["res_id"])
        (row,) = self.api.rows("res.users", [["login", "=", user]], ["login"])
        self.api.write("res.users", "write", ids=[row["id"]], vals={"group_ids": [[4, group["res_id"]]]})

    def lock(self, name: str, day: str | bool) -> None:
        """Set one of the company's lock dates."""
        self.api.write("res.company", "write", ids=[1], vals={f"{name}_lock_date": day})

    def in_base(self, reference: Reference) -> dict[str, Decimal]:
        """The sums of an entry's accounts in the company's currency."""
        sums: dict[str, Decimal] = {}
        for line in self.lines(reference, "account_id", "balance"):
            account = str(line["account_id"])
            sums[account] = sums.get(account, Decimal(0)) + Decimal(line["balance"])
        return sums

    def lines(self, reference: Reference, *fields: str) -> list[dict[str, Any]]:
        (move,) = self.moves(reference)
        return list(self.api.rows("account.move.line", [["move_id", "=", move["id"]]], fields, names=False))
