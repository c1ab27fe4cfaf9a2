"""A company in hledger, and a bookkeeper who reads it with hledger itself, not with the connector."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from kontobro_hledger.connector import HledgerConnector, from_options

from kontobro.testing.connector.books import Books
from kontobro.testing.connector.entries import Chart
from kontobro.testing.connector.shown import Shown, ShownLine

CHART = Chart()
ACCOUNTS = [
    CHART.expense,
    CHART.input_tax,
    CHART.output_tax,
    CHART.payable,
    CHART.last_account,
    *CHART.wallets.values(),
]
MASTERS = f"""
company = {{ id = "fjord", name = "Fjord & Bro ApS", currency = "DKK", time_zone = "Europe/Copenhagen" }}
accounts = [
    {{ id = "{CHART.inactive_account}", code = "4999", name = "Old", active = false }},
    {
    ", ".join(
        f'{{ id = "{one}", code = "{4000 + n}", name = "", currencies = {["EUR"] if one.endswith("EUR") else []} }}'
        for n, one in enumerate(ACCOUNTS)
    )
},
]
vendors = [{{ code = "V100", name = "Staples" }}, {{ code = "V900", name = "Blocked Ltd", active = false }}]
dimensions = [{{ code = "COST", name = "Cost centre" }}, {{ code = "PROJECT", name = "Project" }}]
dimension_values = [
    {{ dimension_id = "COST", code = "100", name = "Sales" }},
    {{ dimension_id = "COST", code = "200", name = "Workshop", active = false }},
    {{ dimension_id = "PROJECT", code = "P1", name = "Bridge" }},
]
periods = [
    {{ id = "q1", start = 2026-01-01, end = 2026-03-31, state = "closed" }},
    {{ id = "open", start = 2026-04-01, end = 2026-12-31, state = "open" }},
]

[[tax_codes]]
code = "I25"
name = "Input VAT 25 %"
rate = 0.25
type = "inclusive"
ingoing_account = "{CHART.input_tax}"

[[tax_codes]]
code = "I20"
name = "Input VAT 20 %"
rate = 0.20
type = "inclusive"
ingoing_account = "{CHART.input_tax}"
active = false

[[tax_codes]]
code = "R25"
name = "Services from abroad"
rate = 0.25
type = "reverse"
ingoing_account = "{CHART.input_tax}"
outgoing_account = "{CHART.output_tax}"
"""
MAIN = "commodity 1.000,00 KWD\ncommodity 1.000,00 DKK\ninclude pleo.journal\n"
"""A bookkeeper's own journal, with amounts as they are written in Denmark."""


class Bookkeeper:
    """A person with hledger and an editor."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "pleo.journal"

    def hledger(self, *words: str) -> str:
        command = ["hledger", "-f", str(self.folder / "main.journal"), *words]
        return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout

    def transactions(self, reference: str) -> list[Any]:
        every = json.loads(self.hledger("print", "-O", "json"), parse_float=Decimal)
        return [one for one in every if ["kontobro", reference] in one["ttags"]]

    def count(self, reference: str) -> int:
        return len(self.transactions(reference))

    def count_all(self) -> int:
        return len(json.loads(self.hledger("print", "-O", "json")))

    def shows(self, reference: str) -> Shown:
        one = self.transactions(reference)[-1]
        tags = dict(one["ttags"])
        payee, text = one["tdescription"].split("|")
        return Shown(
            kind="journal",
            date=date.fromisoformat(one["tdate"]),
            document_date=day_of(tags.get("document-date")),
            due_date=day_of(tags.get("due-date")),
            currency=one["tpostings"][0]["pamount"][0]["acommodity"],
            lines=[shown_line(posting) for posting in one["tpostings"]],
            payee=unquote(payee.strip()),
            text=unquote(text.strip()),
            number=unquote(one["tcode"]),
            vendor=tags.get("vendor"),
        )

    def receipts(self, reference: str) -> Sequence[str]:
        files = (self.folder / "receipts" / reference.replace("/", "%2F")).iterdir()
        return [file.stem.split("-")[1] for file in sorted(files, key=lambda file: int(file.name.split("-")[0]))]

    def void(self, reference: str) -> None:
        """An entry with the opposite amounts, which says what it voids."""
        one = self.transactions(reference)[-1]
        lines = [shown_line(posting) for posting in one["tpostings"]]
        currency = one["tpostings"][0]["pamount"][0]["acommodity"]
        with self.journal.open("a") as file:
            file.write(f"\n{one['tdate']} * Voided\n    ; voids:{reference}\n")
            file.writelines(f"    {line.account}  {-line.amount} {currency}\n" for line in lines)

    def delete(self, reference: str) -> None:
        blocks = re.split(r"(?m)^(?=\d{4}-)", self.journal.read_text())
        self.journal.write_text("".join(one for one in blocks if f"; kontobro:{reference}\n" not in one))


def day_of(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def shown_line(posting: Any) -> ShownLine:
    ((mantissa, places),) = (
        (one["aquantity"]["decimalMantissa"], one["aquantity"]["decimalPlaces"]) for one in posting["pamount"]
    )
    tags = dict(posting["ptags"])
    return ShownLine(
        account=posting["paccount"],
        amount=Decimal(f"{int(mantissa)}e-{places}"),
        dimensions=frozenset((tag[4:], value) for tag, value in tags.items() if tag.startswith("dim-")),
        tax_code=tags.get("tax-code"),
        vendor=tags.get("line-vendor"),
    )


def company_in(folder: Path) -> dict[str, str]:
    """A company's files, and the options that open it."""
    (folder / "main.journal").write_text(MAIN)
    (folder / "pleo.journal").touch()
    (folder / "masters.toml").write_text(MASTERS)
    return {"journal": str(folder / "pleo.journal"), "masters": str(folder / "masters.toml")}


def books_in(folder: Path) -> Books:
    """A company of its own, also for `make prove` in Kontobro's repository."""
    connect = partial(from_options, company_in(folder))
    return Books(connector=connect(), bookkeeper=Bookkeeper(folder), chart=CHART, elsewhere=connect)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The company's folder. Skips, and says how to get it, where there is no hledger."""
    if shutil.which("hledger") is None:
        pytest.skip("HLEDGER IS NOT HERE: ITS CONNECTOR IS NOT TESTED. apt-get install hledger")
    return tmp_path


@pytest.fixture
def options(folder: Path) -> dict[str, str]:
    return company_in(folder)


@pytest.fixture
def connector(options: dict[str, str]) -> HledgerConnector:
    return from_options(options)


@pytest.fixture
def bookkeeper(folder: Path, options: dict[str, str]) -> Bookkeeper:
    return Bookkeeper(folder)


@pytest.fixture
def books(folder: Path) -> Books:
    return books_in(folder)
