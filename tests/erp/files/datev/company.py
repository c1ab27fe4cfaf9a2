"""A client of a tax adviser, with keys, automatic accounts and new vendors, and how its files are read."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from kontobro.erp.files.datev.target import DatevTarget, from_options
from kontobro.testing.connector.entries import Chart
from kontobro.testing.document.papers import Papers, ReadVoucher
from tests.erp.files.datev.reader import Reader, Tax, read_files

MASTERS = """
[company]
name = "Müller & Söhne GmbH"
currency = "{currency}"

[extra]
accounts = ["automatic"]
tax_codes = ["datev_key", "datev_sachverhalt", "datev_funktionsergaenzung"]
vendors = ["new"]
"""
ACCOUNTS = {
    "6815": "", "6640": "", "6837": "", "0420": "", "5400": "I25", "5425": "yes", "1406": "", "1407": "", "3806": "",
    "1810": "", "1811": "", "1812": "", "1813": "", "1370": "", "3720": "", "6999": "", "123": "",
}  # fmt: skip
TAX_CODES = """
[[tax_codes]]
code = "I25"
name = "25 %"
rate = 0.25
type = "inclusive"
ingoing_account = "1406"
datev_key = "9"

[[tax_codes]]
code = "I07"
name = "7 %, no key"
rate = 0.07
type = "inclusive"
ingoing_account = "1406"

[[tax_codes]]
code = "R25"
name = "Reverse charge"
rate = 0.25
type = "reverse"
ingoing_account = "1406"
outgoing_account = "3806"
datev_key = "94"
datev_sachverhalt = "1"
datev_funktionsergaenzung = "25"
"""
OTHERS = """
[[dimension_values]]
dimension_id = "COST"
code = "100"
name = "Sales"

[[dimension_values]]
dimension_id = "PROJECT"
code = "P1"
name = "One"

[[dimension_values]]
dimension_id = "CAR"
code = "M-AB 12"
name = "A car"

[[vendors]]
code = "V100"
name = "Druckerei GmbH"
account = "70001"

[[vendors]]
code = "70002"
name = "Łódź Papier"
tax_registration_number = "PL 525-244-57-67"
country = "PL"
new = "yes"
"""

CHART = Chart(
    expense="6815",
    input_tax="1406",
    output_tax="3806",
    payable="70001",
    wallets={"DKK": "1810", "EUR": "1811", "JPY": "1812", "KWD": "1813"},
    vendor="V100",
    last_account="123",
)
OPTIONS = {
    "consultant": "29098",
    "client": "55003",
    "account_length": "4",
    "chart": "04",
    "kost1": "COST",
    "rates": "EUR=0.134, JPY=20.5, KWD=0.0451, 2026-11:EUR=0.125",
}
READER = Reader(
    keys={"9": Tax(Decimal(25), "1406"), "94": Tax(Decimal(25), "1406", "3806")},
    automatic={"5400": Tax(Decimal(25), "1406"), "5425": Tax(Decimal(19), "1401")},
    kost=("COST", ""),
)


def masters_file(folder: Path, currency: str = "DKK", more: str = "") -> Path:
    accounts = "".join(
        f'\n[[accounts]]\ncode = "{code}"\nname = "{code}"\n' + (f'automatic = "{automatic}"\n' if automatic else "")
        for code, automatic in ACCOUNTS.items()
    )
    path = folder / "masters.toml"
    path.write_text(MASTERS.format(currency=currency) + accounts + TAX_CODES + OTHERS + more, "utf-8")
    return path


def a_target(folder: Path, currency: str = "DKK", more: str = "", **options: str) -> DatevTarget:
    return from_options({**OPTIONS, "masters": str(masters_file(folder, currency, more)), **options})


def some_papers(folder: Path, chart: Chart = CHART, **options: Any) -> Papers:
    def make() -> DatevTarget:
        return a_target(folder, **options)

    return Papers(target=make(), read=read, chart=chart, again=make)


def read(files: Mapping[str, bytes]) -> list[ReadVoucher]:
    return [
        ReadVoucher(
            date=entry.date,
            amounts=entry.amounts,
            reference=entry.reference,
            currency=entry.currency,
            dimensions=entry.dimensions,
        )
        for entry in read_files(READER, files)
    ]
