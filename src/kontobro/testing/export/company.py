"""The demo company of the proof: five expenses over the chart of the company under test, in Pleo-in-a-box.

A journal entry with a receipt, a bill with its payment and two receipts, a payment that comes before its invoice, and
an expense without an account, which fails.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx2

from kontobro.core.model.masterdata import Account, Company, Vendor
from kontobro.core.model.settings import Settings
from kontobro.testing.connector.books import Books
from kontobro.testing.sandbox_process import SandboxProcess

Json = dict[str, Any]
PNG = b"\x89PNG\r\n\x1a\n"
EXPENSES = 5
FAILS = 5
"""The expense that has no account."""


@dataclass(frozen=True, slots=True)
class Codes:
    """What the expenses name, as the accounting system's own codes."""

    currency: str
    country: str
    expense: str
    wallet: str
    payable: str
    vendor: str
    day: str


@dataclass(frozen=True, slots=True)
class PleoCompany:
    """A company in Pleo-in-a-box with one export pressed. `entries`: the expenses' ids by their numbers, from 1."""

    sandbox: SandboxProcess
    id: str
    key: str = field(repr=False)
    job: str
    entries: Mapping[int, str]

    def states(self) -> dict[int, str]:
        """Pleo's status of each expense."""
        return {self._number(item): str(item["status"]).lower() for item in self._job()["items"]}

    def reasons(self) -> dict[int, str]:
        """What was reported to Pleo of each expense that failed."""
        failed = [item for item in self._job()["items"] if item["failureReason"]]
        return {self._number(item): str(item["failureReason"]) for item in failed}

    def status(self) -> str:
        """Pleo's status of the job."""
        return str(self._job()["status"]).lower()

    def _job(self) -> Json:
        job: Json = next(job for job in _state(self.sandbox)["jobs"] if job["id"] == self.job)
        return job

    def _number(self, item: Json) -> int:
        return next(number for number, entry in self.entries.items() if entry == item["accountingEntryId"])

    def wait_minutes(self, minutes: int) -> None:
        """Move Pleo's clock."""
        control(self.sandbox, "move_clock", seconds=60.0 * minutes)


def codes_of(books: Books) -> Codes:
    """The chart's accounts and vendor by the codes that Pleo would have of them."""
    company: Company = books.connector.check()
    accounts = {one.id: one.code or one.id for one in books.connector.read(Account)}
    vendors = {one.id: one.code or one.id for one in books.connector.read(Vendor)}
    chart, currency = books.chart, company.currency
    return Codes(
        currency,
        company.country or "DK",
        accounts.get(chart.expense, chart.expense),
        accounts.get(chart.wallets[currency], chart.wallets[currency]),
        accounts.get(chart.payable, chart.payable),
        vendors.get(chart.vendor, chart.vendor),
        chart.open_day.isoformat(),
    )


def settings_of(codes: Codes) -> Settings:
    """The settings that these expenses need."""
    return Settings(posting="posted", accounts_payable=codes.payable, wallets={codes.currency: codes.wallet})


def open_company(sandbox: SandboxProcess, codes: Codes) -> PleoCompany:
    """A company of its own, with its expenses queued and Export pressed."""
    company = str(
        control(sandbox, "add_company", name="Fjord & Bro ApS", currency=codes.currency, country=codes.country)
    )
    key = str(control(sandbox, "add_api_key", company_id=company))
    entries = {}
    for number, (item, receipts) in enumerate(expenses(codes), start=1):
        files = [_file(number, place) for place in range(receipts)]
        entries[number] = str(control(sandbox, "add_expense", company_id=company, item=item, files=files))
    ids = list(entries.values())
    control(sandbox, "press_export", company_id=company, ids=ids, vendor_based=True)
    (job,) = [job["id"] for job in _state(sandbox)["jobs"] if job["companyId"] == company]
    return PleoCompany(sandbox, company, key, str(job), entries)


def hashes(number: int, count: int) -> list[str]:
    """SHA-256 of an expense's receipts, in order."""
    return [hashlib.sha256(_content(number, place)).hexdigest() for place in range(count)]


def expenses(codes: Codes) -> Sequence[tuple[Json, int]]:
    """Each as Pleo's JSON, with the number of its receipts."""
    number = f"INV-{uuid.uuid4().hex[:8]}"
    return [
        (_item(codes, 1), 1),
        (_item(codes, 2, payable=True), 2),
        (_invoice(codes, 3, number, "invoice_payment", "invoice_payment_sent"), 0),
        (_invoice(codes, 4, number, "invoice", None), 0),
        (_item(codes, FAILS, account=None), 0),
    ]


def _item(codes: Codes, number: int, *, payable: bool = False, **line: Any) -> Json:
    amount = _money(codes, 10_000 + number)
    account = {"id": str(uuid.uuid4()), "name": "Expense", "code": codes.expense, "identifier": None}
    own = {
        "accountingEntryLineId": str(uuid.uuid4()),
        "lineAmount": amount,
        "netAmount": amount,
        "account": account,
        "tags": None,
        "tax": None,
    }
    vendor = {"id": str(uuid.uuid4()), "name": "Vendor", "defaultCurrency": codes.currency, "code": codes.vendor}
    return {
        "_links": {"web": {"exportItem": f"https://app.example.com/expenses/{number}"}},
        "accountingEntryId": str(uuid.uuid4()),
        "date": f"{codes.day}T11:22:33Z",
        "type": "card_purchase",
        "subType": None,
        "amount": amount,
        "accountingEntryLines": [own | line],
        "additionalInformation": {"reconciliationId": f"REC-{uuid.uuid4().hex[:8]}"},
        "bookkeeping": {"method": "accounts_payable" if payable else "journal"},
        "contraAccount": {"id": str(uuid.uuid4()), "name": "Wallet", "code": codes.wallet, "identifier": None},
        "note": "",
        "supplier": {"name": "Supplier", "account": None},
        "user": {"id": str(uuid.uuid4()), "name": "Employee", "code": "E1"},
        "vendor": vendor if payable else None,
    }


def _invoice(codes: Codes, number: int, invoice: str, type: str, subtype: str | None) -> Json:
    information = {"invoiceNumber": invoice, "invoiceDate": codes.day, "status": "paid"}
    item = _item(codes, 4, payable=True)  # the payment has the invoice's amount
    return item | {
        "contraAccount": item["contraAccount"] if subtype else None,
        "type": type,
        "subType": subtype,
        "additionalInformation": {"reconciliationId": f"REC-{number}", "invoiceInformation": information},
    }


def _money(codes: Codes, minor: int) -> Json:
    both = {"currency": codes.currency, "value": minor}
    return {"inSupplierCurrency": both, "inWalletCurrency": both}


def _content(number: int, place: int) -> bytes:
    return PNG + f"{number}/{place}".encode()


def _file(number: int, place: int) -> Json:
    content = base64.b64encode(_content(number, place)).decode()
    return {"name": f"receipt-{number}-{place}.png", "media_type": "image/png", "content": content}


def control(sandbox: SandboxProcess, verb: str, **arguments: Any) -> Any:
    """Tell Pleo-in-a-box something. Raises httpx2's error for what it does not take."""
    answer = _client().post(f"{sandbox.url}/_control/{verb}", json=arguments)
    if answer.is_error:
        raise RuntimeError(f"Pleo-in-a-box: {verb}: {answer.text[:500]}")
    return answer.json()["result"]


def _state(sandbox: SandboxProcess) -> Json:
    state: Json = _client().get(f"{sandbox.url}/_control/state").json()
    return state


@cache
def _client() -> httpx2.Client:
    """One for all: Pleo-in-a-box is on this machine, and each client would load certificates."""
    return httpx2.Client(timeout=30, trust_env=False, verify=False)
