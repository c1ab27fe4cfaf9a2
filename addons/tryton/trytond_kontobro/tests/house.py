"""Tryton in this process, as the tests of the module use it: its database, its people, and what they see there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from trytond.pool import Pool
from trytond.transaction import Transaction

from kontobro.core.model.journal import Reference
from kontobro.erp.tryton.connector import TrytonConnector
from kontobro.erp.tryton.entries import marks_of
from kontobro.testing.connector.entries import Chart

from ..inside.transport import InProcess

DATABASE = os.environ["KONTOBRO_TRYTON_DATABASE"]
COMPANY = 1


@cache
def awake() -> None:
    """Load the modules of the database, once a process."""
    pool = Pool(DATABASE)
    with Transaction().start(DATABASE, 0, readonly=True):
        pool.init()


@cache
def user(login: str) -> int:
    awake()
    with Transaction().start(DATABASE, 0, readonly=True):
        (found,) = Pool().get("res.user").search([("login", "=", login)])
        return int(found.id)


def calls(login: str) -> InProcess:
    return InProcess(DATABASE, user(login), COMPANY)


def connector(login: str = "accountant") -> TrytonConnector:
    return TrytonConnector(calls(login), "http://tryton.example/#/db/model", enforced=True)


def chart() -> Chart:
    """The template's company in the words of the contract suite: ids of Tryton."""
    api = calls("bookkeeper")
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


class Bookkeeper:
    """A person in Tryton itself, with the rights to cancel."""

    def __init__(self) -> None:
        self.api = calls("bookkeeper")

    def moves(self, reference: Reference, *fields: str) -> list[dict[str, Any]]:
        """The moves under a reference that cancel no other, and belong to no invoice."""
        domain = [["lines.description", "in", list(marks_of(reference))], ["origin", "=", None]]
        return list(self.api.rows("account.move", domain, ["state", *fields]))

    def invoices(self, reference: Reference) -> list[dict[str, Any]]:
        domain = [["description", "in", list(marks_of(reference))]]
        return list(self.api.rows("account.invoice", domain, ["state"]))

    def count(self, reference: Reference) -> int:
        alive = [invoice for invoice in self.invoices(reference) if invoice["state"] != "cancelled"]
        return len(self.moves(reference)) + len(alive)

    def receipts(self, reference: Reference) -> Sequence[str]:
        names = [f"account.move,{move['id']}" for move in self.moves(reference)]
        (name,) = names + [f"account.invoice,{invoice['id']}" for invoice in self.invoices(reference)]
        rows = self.api.rows("ir.attachment", [["resource", "=", name]], ["description"])
        return [row["description"][-64:] for row in rows]

    def void(self, reference: Reference) -> None:
        if invoices := [invoice["id"] for invoice in self.invoices(reference)]:
            self.api.write("model.account.invoice.cancel", invoices)
        if ids := [move["id"] for move in self.moves(reference)]:
            self._cancel_moves(ids)

    def _cancel_moves(self, ids: Sequence[int]) -> None:
        values = {"default": {"description": "", "reversal": False}}
        active = {"active_model": "account.move", "active_ids": list(ids), "active_id": ids[0]}
        number, *_ = self.api.write("wizard.account.move.cancel.create", **active)
        self.api.write("wizard.account.move.cancel.execute", number, values, "cancel", **active)
        drafts = self.api.rows("account.move", [["origin", "in", [f"account.move,{id}" for id in ids]]], ["state"])
        if left := [row["id"] for row in drafts if row["state"] == "draft"]:
            self.api.write("model.account.move.post", left)

    def delete(self, reference: Reference) -> None:
        for model, found in (("move", self.moves(reference)), ("invoice", self.invoices(reference))):
            if found:
                self.api.write(f"model.account.{model}.delete", [row["id"] for row in found])

    def in_base(self, reference: Reference) -> Mapping[str, Decimal]:
        """The sums of an entry's accounts in the company's currency."""
        names = [f"account.invoice,{invoice['id']}" for invoice in self.invoices(reference)]
        moves = self.moves(reference) or list(self.api.rows("account.move", [["origin", "in", names]], ["state"]))
        lines = self.api.rows("account.move.line", [["move", "=", moves[0]["id"]]], ["account", "debit", "credit"])
        sums: dict[str, Decimal] = {}
        for line in lines:
            account = str(line["account"])
            sums[account] = sums.get(account, Decimal(0)) + line["debit"] - line["credit"]
        return sums
