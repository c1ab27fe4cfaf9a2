"""One call to Tryton: JSON-RPC, one transaction each. Faults in the core's words.

Amounts travel as `{"__class__": "Decimal", "decimal": "119.00"}`: exact both ways. A refusal comes with status 200 and
`error: [class, arguments]`; of an error that Tryton did not foresee, the second part is a traceback: it is never kept.
"""

from __future__ import annotations

import json
import logging
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import httpx2

from kontobro.core.errors import (
    BadAnswer,
    KontobroError,
    LoginFailed,
    Misconfigured,
    NotAllowed,
    RateLimited,
    Unreachable,
)
from kontobro.erp.kit import http as common
from kontobro.erp.kit.http import (
    Refused,
    is_gateways,
    no_answer,
    of_gateway,
    read_again,
    require_few_values,
    retry_after,
)
from kontobro.erp.tryton.calls import SYSTEM, Domain, Row, rows_of
from kontobro.net.addresses import ANYWHERE, NetworkPolicy
from kontobro.net.limits import bounded_decimal

SECONDS_TO_ANSWER: Final = 120.0
"""A batch of 100 entries takes seconds; a busy server more."""

OWN_FAULT: Final = 500
"""Of Tryton's database giving up, or of what stands in front of it: a write may have taken effect or not."""

log = logging.getLogger(__name__)


class Api:
    """The way to one company of one database, as one user. `http` has the server's address; `sleep` waits."""

    def __init__(
        self,
        http: httpx2.Client,
        database: str,
        user: str,
        password: str,
        company: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = http
        self._database = database
        self._user = user
        self._password = password
        self._sleep = sleep
        self._session: str | None = None
        self.company = company

    def __repr__(self) -> str:
        return f"Api({self._http.base_url}, {self._database}, company={self.company})"

    def read(self, method: str, *arguments: Any, **context: Any) -> Any:
        """A call without effect; tried again while Tryton can't be reached."""
        return read_again(lambda: self._call(method, arguments, context, writes=False), self._sleep)

    def write(self, method: str, *arguments: Any, **context: Any) -> Any:
        """A call with an effect, made once. Uncertain when its answer is lost; Refused when Tryton rolled it back."""
        return self._call(method, arguments, context, writes=True)

    def rows(self, model: str, domain: Domain, fields: Sequence[str], **context: Any) -> Iterator[Row]:
        """All records of a domain by ascending id, page by page."""
        return rows_of(self.read, model, domain, fields, **context)

    def version(self) -> str:
        """The server's series, as it says itself without a login: 8.2. Empty when none answers as 8.2 does."""
        return read_again(self._version, self._sleep)

    def _version(self) -> str:
        """The first call of all, and as patient as any: a gateway in front says nothing of what is behind it."""
        try:
            answer = self._post("/rpc/", "common.server.version", ())
        except httpx2.RequestError as lost:
            raise no_answer(lost, SYSTEM, "common.server.version", writes=False) from lost
        if answer.is_success:
            return str(_result(answer, "common.server.version", writes=False))
        fault = _fault(answer, "common.server.version", writes=False)
        if isinstance(fault, Unreachable):
            raise fault
        return ""

    # ---------------------------------------------------------------------------------------- one call

    def _call(self, method: str, arguments: Sequence[Any], context: Mapping[str, Any], *, writes: bool) -> Any:
        company = {"company": self.company} if self.company else {}
        began = time.monotonic()
        try:
            answer = self._with_session(method, [*arguments, company | dict(context)])
        except httpx2.RequestError as lost:
            log.info("tryton %s got no answer: %s", method, type(lost).__name__)
            raise no_answer(lost, SYSTEM, method, writes=writes) from lost
        log.debug("tryton %s answered %d in %.3f s", method, answer.status_code, time.monotonic() - began)
        if answer.is_success:
            return _result(answer, method, writes=writes)
        raise _fault(answer, method, writes=writes)

    def _with_session(self, method: str, params: Sequence[Any]) -> httpx2.Response:
        """A session ends by itself after minutes of rest: 401, before anything was done, so a write may go again."""
        for renewed in (False, True):
            if self._session is None:
                self._session = self._log_in()
            answer = self._post(f"/{self._database}/rpc/", method, params)
            if answer.status_code != 401 or renewed:
                return answer
            self._session = None
        raise AssertionError  # the loop returns the second time at the latest

    def _log_in(self) -> str:
        """The session. Without the first request, a login wakes a fresh Tryton 8.2.1 in a way that it never recovers
        from (`KeyError: 'res.user'` until it is restarted)."""
        try:
            self._http.get(f"/{self._database}/r/kontobro")
            answer = self._post(
                f"/{self._database}/rpc/", "common.db.login", [self._user, {"password": self._password}, "en"]
            )
        except httpx2.RequestError as lost:
            raise no_answer(lost, SYSTEM, "common.db.login", writes=False) from lost
        if not answer.is_success:
            raise _fault(answer, "common.db.login", writes=False)
        told = _result(answer, "common.db.login", writes=False)
        if not isinstance(told, list) or len(told) < 2:
            raise BadAnswer("What answers there gives no session of Tryton's.", "Check the address.")
        number, token, *_ = told
        return b64encode(f"{self._user}:{number}:{token}".encode()).decode()

    def _post(self, path: str, method: str, params: Sequence[Any]) -> httpx2.Response:
        body = json.dumps({"id": 1, "method": method, "params": params}, default=_to_json)
        headers = {"Content-Type": "application/json"}
        if self._session:
            headers["Authorization"] = f"Session {self._session}"
        return self._http.post(path, content=body, headers=headers)


def open_http(
    url: str, *, policy: NetworkPolicy = ANYWHERE, transport: httpx2.BaseTransport | None = None
) -> httpx2.Client:
    """A client for one server."""
    return common.open_http(url, SECONDS_TO_ANSWER, policy=policy, transport=transport)


def _to_json(value: object) -> object:
    """Tryton's typed JSON."""
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    if isinstance(value, bytes):
        return {"__class__": "bytes", "base64": b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} can't travel to Tryton")


def _from_json(given: Row) -> object:
    match given.get("__class__"):
        case "Decimal":
            return bounded_decimal(given["decimal"])
        case "date":
            return date(given["year"], given["month"], given["day"])
        case "bytes":
            return b64decode(given["base64"])
        case _:
            return given


def _result(answer: httpx2.Response, method: str, *, writes: bool) -> Any:
    """What Tryton says. What is no JSON is not of Tryton: a page of what stands in front of it, or half an answer."""
    require_few_values(answer, SYSTEM, method, writes=writes)
    try:
        told = json.loads(answer.content, object_hook=_from_json, parse_float=bounded_decimal)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise of_gateway(answer, SYSTEM, method, writes=writes) from error
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        if writes:
            raise of_gateway(answer, SYSTEM, method, writes=True) from error
        raise BadAnswer("Tryton's answer has a value that can't be read.", "Check the address.") from error
    if not isinstance(told, dict):
        raise BadAnswer("Tryton's answer is not its contract's.", "Check the address.")
    if refusal := told.get("error"):
        raise _error(refusal)
    return told.get("result")


def _error(error: Sequence[Any]) -> KontobroError:
    """`[class, arguments]` of an exception that Tryton foresees, else `[text, traceback]`: a bug there."""
    name, told = str(error[0]), error[1] if len(error) > 1 else ""
    if name == "LoginException":
        return LoginFailed("Tryton asks for more than a password.", "Use a user without two-factor authentication.")
    if name == "UserWarning":
        return Refused(SYSTEM, f"UserWarning:{told[0]}", str(told[1]))
    if name in ("UserError", "ConcurrencyException"):
        words = [part for part in told if isinstance(part, str) and part] if isinstance(told, list) else [str(told)]
        return Refused(SYSTEM, name, " ".join(words))
    return Refused(SYSTEM, "unforeseen", "an error inside Tryton; its log says which")


def _fault(answer: httpx2.Response, method: str, *, writes: bool) -> KontobroError:
    """What an answer other than success means, by its code."""
    code = answer.status_code
    if is_gateways(code) or code == OWN_FAULT:
        return of_gateway(answer, SYSTEM, method, writes=writes)
    if code == 429:
        return RateLimited("Tryton asks for fewer calls.", "Try again later.", retry_after(answer))
    if code == 401:
        return LoginFailed("Tryton refuses the user or the password.", "Connect again with the right ones.")
    if code == 413:
        return Misconfigured("Tryton takes no request this large.", "Raise `max_size_authenticated` in trytond.conf.")
    if code == 403:
        return NotAllowed(f"Tryton does not allow {method}.", "Give the user the groups that `kontobro check` names.")
    return Misconfigured(
        f"There is no Tryton database at this address (HTTP {code}).",
        "Check the address and the database's name; Kontobro needs Tryton 8.2.",
    )
