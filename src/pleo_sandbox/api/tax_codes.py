"""Tax codes v0 (api.md D). Pleo documents no error of its own; of a code used twice: Rules.twins_are_refused."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from pleo_sandbox.company.shelf import Keep, Record
from pleo_sandbox.company.strictness import check_names
from pleo_sandbox.errors import PleoError, bad_body, forbidden
from pleo_sandbox.http import checks
from pleo_sandbox.http.checks import Body, Text, Uuid, given
from pleo_sandbox.http.routing import Call, Operation
from pleo_sandbox.model import Json
from pleo_sandbox.wire import empty, reply

TaxType = Literal["inclusive", "exclusive", "reverse"]
Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Rate = Annotated[float, Meta(ge=0, le=1)]
"""A fraction: 25 % is 0.25, and 25 is refused. A number of JSON and no money; kept as the decimal that was written."""


class TaxCodeBody(Body):
    company_id: Uuid
    archived: bool
    name: Text
    rate: Rate
    type: TaxType
    code: str | None = None
    ingoing_tax_account: str | None = None
    outgoing_tax_account: str | None = None


class TaxCodeSearch(Body):
    archived: bool | UnsetType = UNSET
    code: str | UnsetType = UNSET
    tax_code_ids: list[Uuid] | UnsetType = UNSET
    type: TaxType | UnsetType = UNSET

    def __post_init__(self) -> None:
        checks.no_twins("taxCodeIds", given(self.tax_code_ids))

    def keep(self) -> Keep | None:
        """None when nothing is asked."""
        ids = checks.folded(self.tax_code_ids)
        asked = {"archived": self.archived, "code": self.code, "type": self.type}
        facts = [(name, value) for name, value in asked.items() if value is not UNSET]
        if not ids and not facts:
            return None
        return lambda code: (not ids or code.id in ids) and all(code.facts[name] == value for name, value in facts)


class Money(Body):
    currency: str
    minors: Int64


class Amount(Body):
    id: str
    amount: Money


class Calculate(Body):
    amounts_by_tax_code_id: dict[Uuid, list[Amount]]


def _facts(call: Call, body: TaxCodeBody) -> Json:
    if body.type == "exclusive" and not call.sandbox.rules.exclusive_tax_codes:
        raise bad_body("type: exclusive tax codes are not currently supported")
    sent: Json = msgspec.to_builtins(body)
    check_names(call.sandbox.rules, sent)
    return sent | {
        "companyId": call.company(body.company_id.lower()),
        "rate": Decimal(str(body.rate)),
        "accountingIntegrationSystem": None,
    }


def _check_free(call: Call, facts: Json, but: Record | None = None) -> None:
    """Raises PleoError 400 for a code that another tax code of the company has."""
    known = call.sandbox.tax_codes.of(facts["companyId"])
    twin = next((each for each in known if each is not but and each.facts["code"] == facts["code"]), None)
    if twin is not None and facts["code"] and call.sandbox.rules.twins_are_refused:
        raise PleoError(400, "TAX_CODE_ALREADY_EXISTS", f"code: {facts['code']!r} is the code of tax code {twin.id}")


def create(call: Call) -> Response:
    call.only()
    facts = _facts(call, call.body(TaxCodeBody))
    _check_free(call, facts)
    return reply({"data": call.sandbox.tax_codes.add(facts["companyId"], facts).as_json()})


def _tax_code(call: Call) -> Record:
    call.only()
    return call.find(call.sandbox.tax_codes, "taxCodeId")


def get(call: Call) -> Response:
    return reply({"data": _tax_code(call).as_json()})


def update(call: Call) -> Response:
    facts = _facts(call, call.body(TaxCodeBody))
    tax_code = _tax_code(call)
    if facts["companyId"] != tax_code.company_id:
        raise forbidden(f"tax code {tax_code.id} is another company's")
    _check_free(call, facts, but=tax_code)
    return reply({"data": call.sandbox.tax_codes.change(tax_code, facts).as_json()})


def delete(call: Call) -> Response:
    call.sandbox.tax_codes.remove(_tax_code(call))
    return empty(204)


def search(call: Call) -> Response:
    call.only("company_id", paged=True)
    wanted = call.window()
    company_id = call.named_company()
    return reply(call.sandbox.tax_codes.page(company_id, wanted, call.body_or_nothing(TaxCodeSearch).keep()))


def calculate(call: Call) -> Response:
    call.only()
    asked = call.body(Calculate).amounts_by_tax_code_id
    taxes = {sent: _taxes(_seen(call, sent), amounts) for sent, amounts in asked.items()}
    return reply({"data": {"taxes": taxes}})


def _seen(call: Call, tax_code_id: str) -> Record:
    tax_code = call.sandbox.tax_codes.find(tax_code_id.lower())
    call.company(tax_code.company_id)
    return tax_code


def _taxes(tax_code: Record, amounts: Iterable[Amount]) -> list[Json]:
    shown = []
    for each in amounts:
        gross, net, tax = breakdown(tax_code.facts["type"], tax_code.facts["rate"], each.amount.minors)
        parts = {"gross": gross, "net": net, "tax": tax}
        money = {name: {"currency": each.amount.currency, "minors": minors} for name, minors in parts.items()}
        shown.append({"id": each.id, "amountTaxBreakdown": money})
    return shown


def breakdown(type_: TaxType, rate: Decimal, minors: int) -> tuple[int, int, int]:
    """Gross, net and tax of an amount in minor units, halves away from zero.

    An inclusive amount holds its tax; to an exclusive one it comes on top; with reverse charge no one pays it here.
    """
    if type_ == "inclusive":
        tax = _round(minors * rate / (1 + rate))
        return minors, minors - tax, tax
    tax = _round(minors * rate)
    return (minors + tax if type_ == "exclusive" else minors), minors, tax


def _round(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_UP))


_ONE = "/v0/tax-codes/{taxCodeId}"
OPERATIONS = (
    Operation("POST", "/v0/tax-codes", create, "tax-codes:write"),
    Operation("GET", _ONE, get, "tax-codes:read"),
    Operation("PUT", _ONE, update, "tax-codes:write"),
    Operation("DELETE", _ONE, delete, "tax-codes:write"),
    Operation("POST", "/v0/tax-codes:search", search, "tax-codes:read"),
    Operation("POST", "/v0/tax-codes:calculate-tax-amounts", calculate, "tax-codes:read"),
)
