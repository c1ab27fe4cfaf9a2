"""Tryton in this process, as the tests of the module use it: its database, its people, and what they see there."""

from __future__ import annotations

import os
from decimal import Decimal
from functools import cache

from trytond.pool import Pool
from trytond.transaction import Transaction

from kontobro.erp.tryton.connector import TrytonConnector
from kontobro.testing.connector.entries import Chart
from tests.erp_real.tryton.installation import TrytonBookkeeper

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
        reverse_output=accounts["6.3.6"],
        dimensions=(values["100"], values["P1"]),
        last_account=accounts["99999"],
        inactive_account=None,
        inactive_vendor=None,
        inactive_value=None,
        inactive_tax_code=None,
        only_in=(accounts["6491"], "EUR"),
        rate=Decimal("0.13534"),
    )


class Bookkeeper(TrytonBookkeeper):
    """A person in Tryton itself, with the rights to cancel."""

    def __init__(self) -> None:
        self.api = calls("bookkeeper")
