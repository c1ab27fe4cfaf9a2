"""Chart of accounts v1 (api.md F)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.responses import Response

from pleo_sandbox.company.accounts import uses
from pleo_sandbox.company.shelf import Keep, Record
from pleo_sandbox.errors import PleoError, bad_body
from pleo_sandbox.http import checks
from pleo_sandbox.http.checks import Body, Uuid
from pleo_sandbox.http.routing import Call, Operation
from pleo_sandbox.model import Json
from pleo_sandbox.wire import empty, reply

LONGEST = 255
BATCH = 1000
Name = Annotated[str, Meta(pattern=r"\S", max_length=LONGEST)]
Code = Annotated[str, Meta(max_length=LONGEST)]


class CreateAccount(Body, kw_only=True):
    company_id: Uuid
    external_id: Annotated[str, Meta(min_length=1, max_length=LONGEST)]
    name: Name
    archived: bool
    code: Code | None = None
    metadata: dict[str, Any] | None = None
    tax_code_external_id: str | None = None


class UpdateAccount(Body, kw_only=True):
    archived: bool
    name: Name
    code: Code | None = None
    metadata: dict[str, Any] | None = None
    tax_code_external_id: str | None = None


class BatchItem(Body, kw_only=True):
    """One account of a batch: its lengths are checked one by one, so that it can fail alone."""

    external_id: str
    name: str
    archived: bool
    code: str | None = None
    metadata: dict[str, Any] | None = None
    tax_code_external_id: str | None = None

    def reasons(self) -> Iterator[str]:
        if len(self.external_id) > LONGEST:
            yield "EXTERNAL_ID_TOO_LONG"
        if not self.external_id:
            yield "EXTERNAL_ID_EMPTY"
        if len(self.name) > LONGEST:
            yield "NAME_TOO_LONG"
        if len(self.code or "") > LONGEST:
            yield "CODE_TOO_LONG"
        if not self.name.strip():
            yield "NAME_EMPTY"


class CreateBatch(Body):
    company_id: Uuid
    items: Annotated[list[BatchItem], Meta(min_length=1, max_length=BATCH)]


class SearchAccounts(Body, kw_only=True):
    company_id: Uuid
    exclude_if_assigned_to_category: bool
    exclude_if_assigned_to_contra_account: bool
    archived: bool | None = None
    code: str | None = None
    codes: list[str] | None = None
    external_id: str | None = None
    ids: list[Uuid] | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        checks.no_twins("codes", self.codes)
        checks.no_twins("ids", self.ids)


def _json(account: Record) -> Json:
    """An account has no moments."""
    return {"id": account.id, **account.facts}


def create(call: Call) -> Response:
    call.only()
    body = call.body(CreateAccount)
    company_id = call.company(body.company_id.lower())
    account, is_new = call.sandbox.accounts.create(company_id, msgspec.to_builtins(body) | {"companyId": company_id})
    return reply({"data": _json(account)}, 201 if is_new else 200)


def create_batch(call: Call) -> Response:
    """Each item succeeds or fails for itself."""
    call.only()
    body = call.body(CreateBatch)
    company_id = call.company(body.company_id.lower())
    answer: Json = {"created": [], "failed": []}
    reasons = [list(item.reasons()) for item in body.items]
    if not call.sandbox.rules.batch_items_fail_alone and any(set(each) - {"NAME_EMPTY"} for each in reasons):
        raise bad_body("items: a text is empty or too long")
    for item, wrong in zip(body.items, reasons, strict=True):
        if call.sandbox.accounts.twin(company_id, item.external_id) is not None:
            wrong.append("EXTERNAL_ID_ALREADY_EXISTS")
        if wrong:
            answer["failed"].append({"reasons": wrong, "request": msgspec.to_builtins(item)})
        else:
            account = call.sandbox.accounts.add(company_id, {"companyId": company_id, **msgspec.to_builtins(item)})
            answer["created"].append(_json(account))
    return reply({"data": answer}, 201)


def _account(call: Call) -> Record:
    call.only()
    return call.find(call.sandbox.accounts, "accountId")


def get(call: Call) -> Response:
    return reply({"data": _json(_account(call))})


def update(call: Call) -> Response:
    """What an update can't name, externalId and company, stays."""
    body = call.body(UpdateAccount)
    account = _account(call)
    _check_tax_code(call, account, body.tax_code_external_id)
    kept = {name: account.facts[name] for name in ("companyId", "externalId")}
    return reply({"data": _json(call.sandbox.accounts.change(account, kept | msgspec.to_builtins(body)))})


def _check_tax_code(call: Call, account: Record, code: str | None) -> None:
    if code is None or not call.sandbox.rules.tax_code_must_be_known:
        return
    if all(tax_code.facts["code"] != code for tax_code in call.sandbox.tax_codes.of(account.company_id)):
        raise bad_body(f"taxCodeExternalId: no tax code has the code {code!r}")


def delete(call: Call) -> Response:
    account = _account(call)
    if account.id in frozenset().union(*uses(call.sandbox.exports.companies[account.company_id])):
        message = f"account {account.id} is linked to accounting entries: archive it"
        raise PleoError(409, "ACCOUNT_IN_USE", message)
    call.sandbox.accounts.remove(account)
    return empty(204)


def search(call: Call) -> Response:
    call.only(paged=True)
    wanted = call.window()
    body = call.body(SearchAccounts)
    company_id = call.company(body.company_id.lower())
    return reply(call.sandbox.accounts.page(company_id, wanted, _keep(call, body, company_id), _json))


def _keep(call: Call, body: SearchAccounts, company_id: str) -> Keep | None:
    """None when nothing is asked. An empty list asks for nothing."""
    exact = {"archived": body.archived, "code": body.code, "externalId": body.external_id}
    facts = [(name, value) for name, value in exact.items() if value is not None]
    codes, ids, text = frozenset(body.codes or ()), checks.folded(body.ids), (body.name or "").casefold()
    excluded = _excluded(call, body, company_id)
    if not (facts or codes or ids or text or excluded):
        return None

    def kept(account: Record) -> bool:
        return (
            all(account.facts[name] == value for name, value in facts)
            and (not codes or account.facts["code"] in codes)
            and (not ids or account.id in ids)
            and text in account.facts["name"].casefold()
            and account.id not in excluded
        )

    return kept


def _excluded(call: Call, body: SearchAccounts, company_id: str) -> frozenset[str]:
    if not (body.exclude_if_assigned_to_category or body.exclude_if_assigned_to_contra_account):
        return frozenset()
    used = uses(call.sandbox.exports.companies[company_id])
    categories = used.categories if body.exclude_if_assigned_to_category else frozenset()
    return categories | (used.contra if body.exclude_if_assigned_to_contra_account else frozenset())


_ONE = "/v1/chart-of-accounts/{accountId}"
OPERATIONS = (
    Operation("POST", "/v1/chart-of-accounts", create, "accounts:write"),
    Operation("POST", "/v1/chart-of-accounts/batch", create_batch, "accounts:write"),
    Operation("GET", _ONE, get, "accounts:read"),
    Operation("PUT", _ONE, update, "accounts:write"),
    Operation("DELETE", _ONE, delete, "accounts:write"),
    Operation("POST", "/v1/chart-of-accounts:search", search, "accounts:read"),
)
