"""The same calls over JSON-RPC: what is sent, what each answer means, and when it is spoken at all."""

from __future__ import annotations

import json
import logging
from typing import Any

import httpx2
import pytest

from kontobro.core.errors import (
    BadAnswer,
    KontobroError,
    LoginFailed,
    Misconfigured,
    NotAllowed,
    RateLimited,
    Uncertain,
    Unreachable,
)
from kontobro.core.model.masterdata import Account
from kontobro.erp.kit.http import Refused
from kontobro.erp.odoo.access import find_company, missing_permissions
from kontobro.erp.odoo.api import Api
from kontobro.erp.odoo.api.jsonrpc import EitherApi, JsonRpcApi, Login
from kontobro.erp.odoo.connector import OdooConnector
from kontobro.erp.odoo.masters import OdooMasters
from kontobro.erp.registry import load_connector

KEY = "0123456789abcdef0123456789abcdef01234567"
LOGIN = Login("books", "kontobro", KEY)


class OldOdoo:
    """Answers as an Odoo without JSON-2 does. `results` by model and method; all that was called is in `calls`."""

    def __init__(self, version: str = "18.0", **results: Any) -> None:
        self.version, self.results, self.user = version, results, 7
        self.calls: list[list[Any]] = []
        self.error: httpx2.Response | None = None

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path != "/jsonrpc":
            return httpx2.Response(404, text="<h1>Not found</h1>")
        asked = json.loads(request.content)["params"]
        if asked["service"] == "common":
            result = {"server_version": self.version} if asked["method"] == "version" else self.user
            return said(result=result)
        assert asked["args"][:3] == ["books", self.user, KEY]
        self.calls.append(asked["args"][3:])
        model, method = asked["args"][3:5]
        return self.error or said(result=self.results.get(f"{model}.{method}".replace(".", "_"), []))

    def api(self, company: int | None = 1) -> JsonRpcApi:
        return JsonRpcApi(self.http(), LOGIN, company, sleep=lambda seconds: None)

    def http(self) -> httpx2.Client:
        return httpx2.Client(base_url="http://localhost", transport=httpx2.MockTransport(self))


def said(**facts: Any) -> httpx2.Response:
    return httpx2.Response(200, json={"jsonrpc": "2.0", "id": None, **facts})


def error(name: str, message: str = "no") -> httpx2.Response:
    """An error as Odoo's JSON-RPC words it: with the status 200."""
    data = {"name": name, "message": message, "arguments": [message], "debug": "Traceback: secret"}
    return said(error={"code": 200, "message": "Odoo Server Error", "data": data})


def test_records_come_first_and_all_else_by_name() -> None:
    odoo = OldOdoo()
    api = odoo.api()
    api.write("account.move", "action_post", ids=[5], context={"validate_analytic": True})
    list(api.rows("account.account", [["code", "=", "1"]], ["code"]))
    post, search = odoo.calls
    context = {"allowed_company_ids": [1]}
    assert post == ["account.move", "action_post", [[5]], {"context": context | {"validate_analytic": True}}]
    assert search[:3] == ["account.account", "search_read", []]
    assert search[3]["domain"] == [["id", ">", 0], ["code", "=", "1"]]


def test_what_returns_nothing_has_no_result() -> None:
    odoo = OldOdoo()
    odoo.error = said()
    assert odoo.api().write("account.move.line", "reconcile", ids=[1, 2]) is None


@pytest.mark.parametrize(
    ("answer", "read", "write"),
    [
        (error("odoo.exceptions.AccessDenied"), LoginFailed, LoginFailed),
        (error("odoo.exceptions.AccessError"), NotAllowed, NotAllowed),
        (error("odoo.exceptions.UserError"), Refused, Refused),
        (error("odoo.exceptions.ValidationError"), Refused, Refused),
        (error("builtins.ValueError", "Invalid field"), Refused, Refused),
        (error("builtins.KeyError", "account.move"), Misconfigured, Misconfigured),
        (error("psycopg2.OperationalError", 'database "x" does not exist'), Misconfigured, Misconfigured),
        (error("psycopg2.errors.SerializationFailure", "could not serialize"), Refused, Refused),
        (said(error="gone"), Misconfigured, Misconfigured),
        (httpx2.Response(404, text="<h1>No database</h1>"), Misconfigured, Misconfigured),
        (httpx2.Response(429), RateLimited, RateLimited),
        (httpx2.Response(502, text="Bad gateway"), Unreachable, Uncertain),
        (httpx2.Response(500, text="<h1>Internal Server Error</h1>"), Unreachable, Uncertain),
        (httpx2.Response(200, text="<html>We are back soon</html>"), Unreachable, Uncertain),
        (httpx2.Response(200, text="[" * 100_000), BadAnswer, Uncertain),
    ],
)
def test_answers_mean_the_same_as_over_json_2(
    answer: httpx2.Response, read: type[KontobroError], write: type[KontobroError]
) -> None:
    odoo = OldOdoo()
    odoo.error = answer
    for call, kind in ((odoo.api().read, read), (odoo.api().write, write)):
        with pytest.raises(KontobroError) as fault:
            call("account.move", "load")
        assert type(fault.value) is kind
        assert "secret" not in str(fault.value)


def test_a_key_that_is_refused_is_said_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    odoo = OldOdoo()
    odoo.user = False  # type: ignore[assignment]  # Odoo's way to say no
    with caplog.at_level(logging.DEBUG), pytest.raises(LoginFailed) as fault:
        odoo.api().read("account.move", "search_read")
    assert KEY not in f"{fault.value}{odoo.api()!r}{caplog.text}"


def test_an_odoo_without_json_2_is_spoken_to_by_json_rpc() -> None:
    company = {"id": 1, "name": "Fjord & Bro ApS"}
    old, both = OldOdoo(res_company_search_read=[company]), OldOdoo()
    for odoo, through in ((old, "JSON-RPC"), (both, "JSON-2")):

        def answer(request: httpx2.Request, odoo: OldOdoo = odoo) -> httpx2.Response:
            if request.url.path == "/json/version":  # an Odoo 18 may tell its version there too
                return httpx2.Response(200, json={"version": "19.0" if odoo is both else "18.0"})
            return odoo(request) if odoo is old else httpx2.Response(200, json=[company])

        http = httpx2.Client(base_url="http://localhost", transport=httpx2.MockTransport(answer))
        api = EitherApi(Api(http), JsonRpcApi(http, LOGIN))
        find_company(api)
        assert (api.company, api.through) == (1, through)
    assert both.calls == []
    assert [call[3]["context"] for call in old.calls] == [{}]


@pytest.mark.parametrize(("version", "fine"), [("18.0+e", True), ("17.0", True), ("16.0", False), ("", False)])
def test_odoo_before_17_is_named(version: str, fine: bool) -> None:
    odoo = OldOdoo(version, res_company_search_read=[{"id": 1, "name": "Fjord & Bro ApS"}])
    if fine:
        find_company(odoo.api())
    else:
        with pytest.raises(Misconfigured, match=version or "unknown version"):
            find_company(odoo.api())


def test_the_fields_are_those_of_the_version() -> None:
    row = {"id": 5, "code": "1000", "name": "Bank", "deprecated": True, "currency_id": False, "account_type": "x"}
    for version, right in (("18.0", "has_access"), ("17.0", "check_access_rights")):
        odoo = OldOdoo(version, account_account_search_read=[row])
        masters = OdooMasters(odoo.api())
        assert [(one.code, one.active) for one in masters.all(Account)] == [("1000", False)]
        missing_permissions(odoo.api())
        assert {call[1] for call in odoo.calls} == {"search_read", right}
    locks = {"id": 1, "fiscalyear_lock_date": "2026-01-31", "period_lock_date": "2026-02-28", "tax_lock_date": False}
    found = OdooMasters(OldOdoo("17.0", res_company_search_read=[locks]).api()).locks()
    assert {name: str(day) for name, day in found.items()} == {"fiscalyear": "2026-02-28"}


def test_links_lead_where_that_version_shows_entries() -> None:
    for version, path in (("18.0", "/odoo/entries/7"), ("17.0", "/web#id=7&model=account.move&view_type=form")):
        connector = OdooConnector(OldOdoo(version).api(), "https://odoo.example.com")
        assert connector._link("entries", 7) == f"https://odoo.example.com{path}"


def test_a_login_needs_the_databases_name() -> None:
    with pytest.raises(Misconfigured, match="database"):
        load_connector("odoo", {"url": "https://odoo.example.com", "login": "kontobro"}, lambda name: KEY)
