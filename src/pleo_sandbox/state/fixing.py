"""What a bookkeeper changes in an expense before it is exported again: category, tax code, tags, vendor, receipt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from pleo_sandbox.errors import bad_body
from pleo_sandbox.model import Expense, FileBlob, Json, SandboxCompany

if TYPE_CHECKING:
    from pleo_sandbox.company.shelf import Record
    from pleo_sandbox.state.sandbox import Sandbox

Known = dict[str, Json]
"""Choices as an expense holds them, by id."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen. Accounts, taxes and tags are what is in Pleo and what other expenses use."""

    accounts: Known = field(default_factory=dict)
    taxes: Known = field(default_factory=dict)
    tags: dict[str, Known] = field(default_factory=dict)
    vendors: Known = field(default_factory=dict)


def choices(sandbox: Sandbox, company: SandboxCompany) -> Choices:
    """All that is not archived."""
    found = Choices()
    for line in _lines(company):
        _note_line(found, line)
    for account in _alive(sandbox.accounts.of(company.id)):
        found.accounts[account.id] = _account(account)
    for tax in _alive(sandbox.tax_codes.of(company.id)):
        found.taxes[tax.id] = _tax(tax)
    for group in _alive(sandbox.tags.groups.of(company.id)):
        for tag in _alive(iter(sandbox.tags.tags_of(group))):
            made: Json = {"id": tag.id, "groupCode": group.facts["code"], "code": tag.facts["code"]}
            found.tags.setdefault(made["groupCode"], {})[tag.id] = made
    for vendor in sandbox.vendors.of(company.id):
        if vendor.facts["state"] != "ARCHIVED":
            found.vendors[vendor.id] = _vendor(vendor)
    return found


def _lines(company: SandboxCompany) -> Iterator[Json]:
    for expense in company.expenses:
        yield from expense.item["accountingEntryLines"]


def _note_line(found: Choices, line: Json) -> None:
    if account := line.get("account"):
        found.accounts.setdefault(account["id"], account)
    if tax := line.get("tax"):
        found.taxes.setdefault(tax["id"], {name: value for name, value in tax.items() if name != "amount"})
    for tag in line.get("tags") or ():
        found.tags.setdefault(tag["groupCode"], {}).setdefault(tag["id"], tag)


def _alive(records: Iterator[Record]) -> Iterator[Record]:
    return (record for record in records if not record.archived)


def _account(account: Record) -> Json:
    facts = account.facts
    return {
        "id": account.id,
        "name": facts["name"],
        "code": facts.get("code"),
        "identifier": facts["externalId"],
    }


def _tax(tax: Record) -> Json:
    accounts = ("ingoingTaxAccount", "outgoingTaxAccount")
    given = {name: tax.facts[name] for name in accounts if tax.facts.get(name) is not None}
    return {"id": tax.id, "code": tax.facts["code"], "rate": tax.facts["rate"], "type": tax.facts["type"]} | given


def _vendor(vendor: Record) -> Json:
    names = ("name", "defaultCurrency", "country", "code", "externalId", "registrationNumber", "taxRegistrationNumber")
    given = {name: vendor.facts[name] for name in names if vendor.facts.get(name) is not None}
    return {"id": vendor.id} | given


# the change


@dataclass(frozen=True, slots=True)
class LineChange:
    """What is chosen for one line, by id; an empty one is none. `tags`: group code → tag id."""

    account: str = ""
    tax: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def fix(
    expense: Expense, known: Choices, lines: list[LineChange], vendor: str = "", receipt: FileBlob | None = None
) -> Expense:
    """The expense with these choices. What is not changed stays as it was sent. Raises PleoError 400."""
    old = expense.item["accountingEntryLines"]
    item = expense.item | {
        "accountingEntryLines": [_line(line, known, change) for line, change in zip(old, lines, strict=True)]
    }
    if vendor and vendor != (item.get("vendor") or {}).get("id"):
        item["vendor"] = _known("vendor", known.vendors, vendor)
    files = expense.files if receipt is None else (*expense.files, receipt)
    return replace(expense, item=item, files=files)


def _line(line: Json, known: Choices, change: LineChange) -> Json:
    fixed = dict(line)
    if change.account != (line.get("account") or {}).get("id", ""):
        fixed["account"] = _chosen("category", known.accounts, change.account)
    if change.tax != (line.get("tax") or {}).get("id", ""):
        fixed["tax"] = _taxed(line, _chosen("tax code", known.taxes, change.tax))
        fixed["netAmount"] = line["lineAmount"]
    tags = [_known("tag", known.tags.get(group, {}), tag) for group, tag in change.tags.items() if tag]
    if {tag["id"] for tag in tags} != {tag["id"] for tag in line.get("tags") or ()}:
        fixed["tags"] = tags or None
    return fixed


def _chosen(what: str, known: Known, id_: str) -> Json | None:
    return _known(what, known, id_) if id_ else None


def _known(what: str, known: Known, id_: str) -> Json:
    if id_ not in known:
        raise bad_body(f"{what}: choose one from the list")
    return known[id_]


def _taxed(line: Json, tax: Json | None) -> Json | None:
    """The tax with its amount, in both currencies."""
    if tax is None:
        return None
    amounts = {name: _tax_amount(amount, tax) for name, amount in line["lineAmount"].items() if amount}
    return tax | {"amount": amounts}


def _tax_amount(amount: Json, tax: Json) -> Json:
    """Minor units, halves away from zero. Of an inclusive tax the line holds it, of any other it comes on top."""
    rate = Decimal(str(tax["rate"]))
    share = rate / (1 + rate) if tax["type"] == "inclusive" else rate
    exact = Decimal(amount["value"]) * share
    return amount | {"value": int(exact.quantize(Decimal(1), ROUND_HALF_UP))}
