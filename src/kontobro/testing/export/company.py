"""The demo company of the proof: five expenses over the chart of the company under test, in Pleo-in-a-box.

A journal entry of two lines with a receipt, a bill with its payment and two receipts, a payment that comes before its
invoice, and an expense without an account, which fails. The first two have tax; all but the payment have tags.
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

from kontobro.core.model.masters import Index, Masters, VendorIndex
from kontobro.core.model.settings import Settings
from kontobro.service.demo.sandbox_process import SandboxProcess
from kontobro.testing.connector.entries import Chart

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
    tax: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    """Group and tag."""


@dataclass(frozen=True, slots=True)
class PleoCompany:
    """A company in Pleo-in-a-box with one export pressed. `entries`: the expenses' ids by their numbers, from 1;
    `items`: what Pleo says of each, as its JSON."""

    sandbox: SandboxProcess
    id: str
    key: str = field(repr=False)
    job: str
    entries: Mapping[int, str]
    items: Mapping[int, Json] = field(repr=False)

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


def codes_of(chart: Chart, masters: Masters) -> Codes:
    """The chart's accounts, vendor, tax code and dimensions by the codes that Pleo would have of them."""
    currency = masters.company.currency

    def account(id: str) -> str:
        return _code(masters.accounts, id) or id

    return Codes(
        currency=currency,
        country=masters.company.country or "DK",
        expense=account(chart.expense),
        wallet=account(chart.wallets[currency]),
        payable=account(chart.payable),
        vendor=_code(masters.vendors, chart.vendor) or chart.vendor,
        day=chart.open_day.isoformat(),
        tax=_code(masters.tax_codes, chart.tax_code),
        tags=tuple(_tag(masters, *pair) for pair in chart.dimensions if pair[0] in masters.dimensions.by_id),
    )


def _code(known: Index[Any] | VendorIndex, id: str) -> str | None:
    """A record's code, or its id where it has none; None for a record that can't be read."""
    record = known.by_id.get(id)
    return (record.code or record.id) if record else None


def _tag(masters: Masters, dimension: str, value: str) -> tuple[str, str]:
    """Group and tag of a dimension's value. Raises KeyError for one that the connector does not read."""
    return _code(masters.dimensions, dimension) or "", _code(masters.dimension_values[dimension], value) or ""


def settings_of(codes: Codes) -> Settings:
    """The settings that these expenses need."""
    return Settings(posting="posted", accounts_payable=codes.payable, wallets={codes.currency: codes.wallet})


def open_company(sandbox: SandboxProcess, codes: Codes) -> PleoCompany:
    """A company of its own, with its expenses queued and Export pressed."""
    company = str(
        control(sandbox, "add_company", name="Fjord & Bro ApS", currency=codes.currency, country=codes.country)
    )
    key = str(control(sandbox, "add_api_key", company_id=company))
    entries, items = {}, {}
    for number, (item, receipts) in enumerate(expenses(codes), start=1):
        files = [_file(number, place) for place in range(receipts)]
        items[number] = item | {"companyId": company}
        entries[number] = str(control(sandbox, "add_expense", company_id=company, item=item, files=files))
    ids = list(entries.values())
    control(sandbox, "press_export", company_id=company, ids=ids, vendor_based=True)
    (job,) = [job["id"] for job in _state(sandbox)["jobs"] if job["companyId"] == company]
    return PleoCompany(sandbox, company, key, str(job), entries, items)


def hashes(number: int, count: int) -> list[str]:
    """SHA-256 of an expense's receipts, in order."""
    return [hashlib.sha256(content_of(number, place)).hexdigest() for place in range(count)]


def expenses(codes: Codes) -> Sequence[tuple[Json, int]]:
    """Each as Pleo's JSON, with the number of its receipts."""
    number = f"INV-{uuid.uuid4().hex[:8]}"
    return [
        (_item(codes, [_line(codes, 5_005, tax=1_001, tags=codes.tags), _line(codes, 5_000, tags=codes.tags[:1])]), 1),
        (_item(codes, [_line(codes, 10_010, tax=2_002, tags=codes.tags)], payable=True), 2),
        (_invoice(codes, number, "invoice_payment", "invoice_payment_sent"), 0),
        (_invoice(codes, number, "invoice", None), 0),
        (_item(codes, [_line(codes, 10_005) | {"account": None}]), 0),
    ]


def _line(codes: Codes, gross: int, *, tax: int = 0, tags: Sequence[tuple[str, str]] = ()) -> Json:
    """A line of an item, `tax` (of 25 %) within its amount."""
    told = tax and codes.tax and {"id": str(uuid.uuid4()), "type": "inclusive", "rate": 0.25, "code": codes.tax}
    return {
        "accountingEntryLineId": str(uuid.uuid4()),
        "lineAmount": _money(codes, gross),
        "netAmount": _money(codes, gross - tax if told else gross),
        "account": {"id": str(uuid.uuid4()), "name": "Expense", "code": codes.expense, "identifier": None},
        "tags": [{"id": str(uuid.uuid4()), "groupCode": group, "code": code} for group, code in tags] or None,
        "tax": {**told, "amount": _money(codes, tax)} if told else None,
    }


def _item(codes: Codes, lines: Sequence[Json], *, payable: bool = False) -> Json:
    vendor = {"id": str(uuid.uuid4()), "name": "Vendor", "defaultCurrency": codes.currency, "code": codes.vendor}
    return {
        "_links": {"web": {"exportItem": "https://app.example.com/expenses/1"}},
        "accountingEntryId": str(uuid.uuid4()),
        "date": f"{codes.day}T11:22:33Z",
        "type": "card_purchase",
        "subType": None,
        "amount": _money(codes, sum(line["lineAmount"]["inWalletCurrency"]["value"] for line in lines)),
        "accountingEntryLines": lines,
        "additionalInformation": {"reconciliationId": f"REC-{uuid.uuid4().hex[:8]}"},
        "bookkeeping": {"method": "accounts_payable" if payable else "journal"},
        "contraAccount": {"id": str(uuid.uuid4()), "name": "Wallet", "code": codes.wallet, "identifier": None},
        "note": "",
        "supplier": {"name": "Supplier", "account": None},
        "user": {"id": str(uuid.uuid4()), "name": "Employee", "code": "E1"},
        "vendor": vendor if payable else None,
    }


def _invoice(codes: Codes, number: str, type: str, subtype: str | None) -> Json:
    """An invoice, or with a subtype the payment of one."""
    information = {"invoiceNumber": number, "invoiceDate": codes.day, "status": "paid"}
    item = _item(codes, [_line(codes, 10_004, tags=() if subtype else codes.tags)], payable=True)
    return item | {
        "contraAccount": item["contraAccount"] if subtype else None,
        "type": type,
        "subType": subtype,
        "additionalInformation": item["additionalInformation"] | {"invoiceInformation": information},
    }


def _money(codes: Codes, minor: int) -> Json:
    both = {"currency": codes.currency, "value": minor}
    return {"inSupplierCurrency": both, "inWalletCurrency": both}


def content_of(number: int, place: int) -> bytes:
    """A receipt's bytes."""
    return PNG + f"{number}/{place}".encode()


def _file(number: int, place: int) -> Json:
    content = base64.b64encode(content_of(number, place)).decode()
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
