"""The same calls over JSON-RPC, which Odoo has had for long: for Odoo 17 and 18, which have no JSON-2.

`POST /jsonrpc`, one transaction each. The API key is in the place of the user's password, so the user's login is
needed besides, and the database's name. Errors come with the status 200.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from kontobro.core.errors import KontobroError, Misconfigured
from kontobro.core.words import told
from kontobro.erp.kit.http import Call, Refused, decoded, read_again
from kontobro.erp.odoo.api import SYSTEM, Api, Row, fault_of_page, key_refused, not_allowed, not_there
from kontobro.erp.odoo.api.versions import NEWEST, OLDER, OLDEST, Version, major_of

_OF_MODELS: Final = frozenset(["load", "search_read", "get_relevant_plans", "check_access_rights"])
"""Methods that are called on a model, not on records: the others get the records' ids first."""

_UNKNOWN: Final = frozenset(["builtins.KeyError", "builtins.AttributeError"])
"""What Odoo raises for a model or a method that it does not have, with its name."""

_NO_DATABASE: Final = ("psycopg2.OperationalError", "psycopg2.errors.InvalidCatalogName")


@dataclass(frozen=True, slots=True)
class Login:
    """Whom Odoo lets in: the login of a user of the database, and that user's API key."""

    database: str
    user: str
    key: str = field(repr=False)


class JsonRpcApi(Api):
    """The way to one company of one database, as the user of that login."""

    def __init__(
        self,
        http: httpx2.Client,
        login: Login,
        company: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(http, company, sleep)
        self._login = login
        self._number: int | None = None
        self._names: Version | None = None

    def __repr__(self) -> str:
        return f"JsonRpcApi({self._http.base_url}, {self._login}, company={self.company})"

    @property
    def oldest(self) -> int:
        return OLDEST

    @property
    def through(self) -> str:
        return "JSON-RPC"

    def names(self) -> Version:
        if self._names is None:
            self._names = OLDER.get(major_of(self.version()), NEWEST)
        return self._names

    def _version(self) -> str:
        reply = self._said("common", "version", [], Call(SYSTEM, "version"))
        return str(reply.get("server_version", "")) if isinstance(reply, dict) else ""

    def _ask(self, model: str, method: str, body: Row, call: Call) -> Any:
        named = {key: value for key, value in body.items() if key not in ("ids", "vals_list")}
        before = [] if method in _OF_MODELS else [body["vals_list"] if method == "create" else body.get("ids", [])]
        given = [self._login.database, self._user(), self._login.key, model, method, before, named]
        return self._said("object", "execute_kw", given, call)

    def _user(self) -> int:
        """The user's number, asked for once."""
        if self._number is None:
            given = [self._login.database, self._login.user, self._login.key, {}]
            call = Call(SYSTEM, "login")
            number = read_again(lambda: self._said("common", "authenticate", given, call), self._sleep)
            if not isinstance(number, int) or isinstance(number, bool):
                raise key_refused()
            self._number = number
        return self._number

    def _said(self, service: str, method: str, given: list[Any], call: Call) -> Any:
        body = {"jsonrpc": "2.0", "params": {"service": service, "method": method, "args": given}}
        answer = self._post("/jsonrpc", body, call)
        if not answer.is_success:
            raise fault_of_page(answer, call)
        reply = decoded(answer, call)
        if isinstance(reply, dict) and isinstance(reply.get("error"), dict):
            raise _fault(reply["error"], call)
        if not isinstance(reply, dict) or "jsonrpc" not in reply or "error" in reply:
            raise not_there(answer)
        return reply.get("result")  # Odoo leaves out the result of what returns nothing


def _fault(error: Row, call: Call) -> KontobroError:
    """What Odoo's exception means; it rolled the call back. Its `debug` is a traceback and never kept."""
    data = error.get("data")
    facts = data if isinstance(data, dict) else {}
    kind, message = str(facts.get("name", "")), str(facts.get("message", error.get("message", "")))
    if kind == "odoo.exceptions.AccessDenied":
        return key_refused()
    if kind == "odoo.exceptions.AccessError":
        return not_allowed(call, message)
    if kind in _NO_DATABASE and "does not exist" in message:
        return Misconfigured(*told("odoo_database_unknown"))
    if kind in _UNKNOWN and any(text in message for text in (call.name.rpartition(".")[0], "does not exist")):
        return Misconfigured(*told("odoo_lacks", call=call.name))
    return Refused(SYSTEM, kind or "error", message)


class EitherApi(Api):
    """JSON-2, or JSON-RPC where an Odoo has no JSON-2: found out at the first call, kept from then on."""

    def __init__(self, newer: Api, older: JsonRpcApi) -> None:
        super().__init__(newer.http, newer.company)
        self._both = (newer, older)
        self._chosen: Api | None = None

    @property
    def through(self) -> str:
        return self._api().through

    @property
    def oldest(self) -> int:
        return self._api().oldest

    def version(self) -> str:
        return self._api().version()

    def names(self) -> Version:
        return self._api().names()

    def _ask(self, model: str, method: str, body: Row, call: Call) -> Any:
        return self._api()._ask(model, method, body, call)

    def _api(self) -> Api:
        if self._chosen is None:
            newer, older = self._both
            self._chosen = newer if major_of(newer.version()) >= newer.oldest else older
        return self._chosen
