"""A real Tryton on loopback, its users, and the person who works in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2

from erp_lab.places import Server, erp_home, free_port
from kontobro.core.model.journal import Reference
from kontobro.erp.tryton.api import Api, open_http
from kontobro.erp.tryton.calls import Calls
from kontobro.erp.tryton.connector import TrytonConnector
from kontobro.erp.tryton.entries import marks_of
from kontobro.testing.connector.entries import Chart
from kontobro.testing.connector.shown import Kind, Shown, ShownLine

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
        inactive = ["active", "=", False]
        (blocked,) = api.rows("party.party", [["code", "=", "V900"], inactive], ["name"])
        (value,) = api.rows("analytic_account.account", [["code", "=", "900"], inactive], ["code"])
        (tax,) = api.rows("account.tax", [["name", "=", "I20"], inactive], ["name"])
        return Chart(
            expense=accounts["5.1.3"],
            input_tax=accounts["6.3.6"],
            payable=accounts["2.1.1"],
            wallets={code: accounts[f"649{n}"] for n, code in enumerate(("DKK", "EUR", "USD", "JPY", "KWD"))},
            vendor=str(vendor["id"]),
            tax_code=taxes["I25"],
            reverse_code=taxes["IV25"],
            output_tax=accounts["6.3.4"],
            reverse_output=accounts["6.3.6"],
            dimensions=(values["100"], values["P1"]),
            last_account=accounts["99999"],
            inactive_account=accounts["98999"],
            inactive_vendor=str(blocked["id"]),
            inactive_value=str(value["id"]),
            inactive_tax_code=str(tax["id"]),
            only_in=(accounts["6491"], "EUR"),
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


def _kind_of(told: Sequence[str], is_owed_to_us: bool) -> Kind:
    """What the lines of a move tell that it is."""
    if any(text.startswith("kontobro bill:") for text in told):
        return "credit_note" if is_owed_to_us else "bill"
    settling = [text for text in told if text.startswith("kontobro settles ")]
    if settling:
        return "returned" if settling[0].endswith(" returned") else "payment"
    return "journal"


class TrytonBookkeeper:
    """A person in Tryton itself, with the rights to cancel and to close periods."""

    def __init__(self, company: Company) -> None:
        self.api: Calls = company.api("bookkeeper")

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

    def count_all(self) -> int:
        """Moves that no invoice made, and invoices."""
        moves = list(self.api.rows("account.move", [["origin", "=", None]], ["state"]))
        invoices = list(self.api.rows("account.invoice", [["state", "!=", "cancelled"]], ["state"]))
        return len(moves) + len(invoices)

    def shows(self, reference: Reference) -> Shown:
        fields = "reference comment party invoice_date".split()
        invoices = [one for one in self.invoices(reference, *fields) if one["state"] != "cancelled"]
        fields = "account debit credit party description maturity_date".split()
        rows = self.lines(reference, *fields, "tax_lines.type", "tax_lines.tax", "analytic_lines.account")
        told = [row["description"] or "" for row in rows]
        owed = next((row for row in rows if row["account"] == self.payable), {})
        if invoices:
            (invoice,) = invoices
            seen, vendor, document = invoice["comment"] or "", invoice["party"], invoice["invoice_date"]
            number = invoice["reference"]
        else:
            (move,) = self.moves(reference, "description")
            seen, vendor = " ".join([move["description"] or "", *told]), owed.get("party")
            written = re.search(r", of ([0-9-]{10})", seen)
            number, document = seen, date.fromisoformat(written[1]) if written else None
        moves = self.moves(reference, "date") or self._moves_of(invoices)
        return Shown(
            kind=_kind_of(told, bool(owed) and owed["debit"] > owed["credit"]),
            date=moves[0]["date"],
            currency="DKK",
            lines=[self._shown_line(row) for row in rows],
            payee=seen,
            text=seen,
            number=number,
            vendor=str(vendor) if vendor else None,
            document_date=document,
            due_date=owed.get("maturity_date"),
        )

    @cached_property
    def payable(self) -> int:
        """The account for what is owed to vendors."""
        (row,) = self.api.rows("account.account", [["code", "=", "2.1.1"]], ["code"])
        return int(row["id"])

    @cached_property
    def _taxes(self) -> dict[int, str]:
        """Each tax by the one that a person chooses: its own, or the one that it is a part of."""
        return {row["id"]: str(row["parent"] or row["id"]) for row in self.api.rows("account.tax", [], ["parent"])}

    @cached_property
    def _roots(self) -> dict[int, str]:
        return {row["id"]: str(row["root"]) for row in self.api.rows("analytic_account.account", [], ["root"])}

    def _moves_of(self, invoices: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        names = [f"account.invoice,{invoice['id']}" for invoice in invoices]
        return list(self.api.rows("account.move", [["origin", "in", names]], ["date"]))

    def _shown_line(self, row: dict[str, Any]) -> ShownLine:
        codes = {self._taxes[one["tax"]] for one in row["tax_lines."] if one["type"] == "base"}
        values = [one["account"] for one in row["analytic_lines."]]
        return ShownLine(
            account=str(row["account"]),
            amount=row["debit"] - row["credit"],
            dimensions=frozenset((self._roots[value], str(value)) for value in values),
            tax_code=",".join(sorted(codes)) or None,
            vendor=str(row["party"]) if row["party"] else None,
        )

    def receipts(self, reference: Reference) -> Sequence[str]:
        names = [f"account.move,{move['id']}" for move in self.moves(reference)]
        (name,) = names + [f"account.invoice,{invoice['id']}" for invoice in self.invoices(reference)]
        domain = [["resource", "=", name]]
        return [row["description"][-64:] for row in self.api.rows("ir.attachment", domain, ["description"])]

    def void(self, reference: Reference) -> None:
        """Cancel an invoice; a move by Tryton's own wizard, and post the cancellation; undo what it settled."""
        self._unreconcile(reference)
        if invoices := [invoice["id"] for invoice in self.invoices(reference)]:
            self.api.write("model.account.invoice.cancel", invoices)
        if ids := [move["id"] for move in self.moves(reference)]:
            self._cancel_moves(ids)

    def _unreconcile(self, reference: Reference) -> None:
        moves = self.moves(reference) or self._moves_of(self.invoices(reference))
        domain = [["move", "in", [move["id"] for move in moves]], ["reconciliation", "!=", None]]
        if lines := [row["id"] for row in self.api.rows("account.move.line", domain, ["account"])]:
            self.wizard("account.move.unreconcile_lines", "unreconcile", "account.move.line", lines, {})

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
