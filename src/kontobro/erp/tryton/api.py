"""One call to Tryton: JSON-RPC, one transaction each. Faults in the core's words.

Amounts travel as `{"__class__": "Decimal", "decimal": "119.00"}`: exact both ways. A refusal comes with status 200 and
`error: [class, arguments]`; of an error that Tryton did not foresee, the second part is a traceback: it is never kept.
"""

from __future__ import annotations

import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import httpx2

from kontobro.core.errors import BadAnswer, KontobroError, LoginFailed, Misconfigured, NotAllowed, Unreachable
from kontobro.core.words import Noted, Phrase, told
from kontobro.erp.kit import http as common
from kontobro.erp.kit.http import Call, Refused, fault_of, of_gateway, read_again, require_few_values, send
from kontobro.erp.tryton.calls import SYSTEM, Domain, Row, rows_of
from kontobro.net.addresses import ANYWHERE, NetworkPolicy
from kontobro.net.limits import bounded_decimal

ENDPOINTS: Final[tuple[str, ...]] = ("/rpc/", "/")
"""Where a server and its databases are called: of 8.2, and of 7.0."""

SECONDS_TO_ANSWER: Final = 120.0
"""A batch of 100 entries takes seconds; a busy server more."""

OWN_FAULT: Final = 500
"""Of Tryton's database giving up, or of what is in front of it: a write may have taken effect or not."""


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
        self._endpoints = ENDPOINTS
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
        """The server's series, as it says itself without a login: 8.2. Empty when none answers as 7.0 or 8.2 does."""
        return read_again(self._version, self._sleep)

    def _version(self) -> str:
        """The first call of all, and as patient as any: a gateway in front says nothing of what is behind it."""
        call = Call(SYSTEM, "common.server.version")
        for endpoint in self._endpoints:
            answer = self._post(endpoint, call, ())
            if answer.is_success:
                version = str(_result(answer, call))
                self._endpoints = (endpoint,)
                return version
            fault = _fault(answer, call)
            if isinstance(fault, Unreachable):
                raise fault
        return ""

    # ---------------------------------------------------------------------------------------- one call

    def _call(self, method: str, arguments: Sequence[Any], context: Mapping[str, Any], *, writes: bool) -> Any:
        company = {"company": self.company} if self.company else {}
        call = Call(SYSTEM, method, writes)
        answer = self._with_session(call, [*arguments, company | dict(context)])
        if answer.is_success:
            return _result(answer, call)
        raise _fault(answer, call)

    def _with_session(self, call: Call, params: Sequence[Any]) -> httpx2.Response:
        """A session ends on its own after minutes of rest: 401, before anything was done, so a write may go again."""
        for renewed in (False, True):
            if self._session is None:
                self._session = self._log_in()
            answer = self._post(f"/{self._database}{self._endpoints[0]}", call, params)
            if answer.status_code != 401 or renewed:
                return answer
            self._session = None
        raise AssertionError  # the loop returns the second time at the latest

    def _log_in(self) -> str:
        """The session. Without the first request, a login wakes a fresh Tryton 8.2.1 in a way that it never recovers
        from (`KeyError: 'res.user'` until it is restarted)."""
        call = Call(SYSTEM, "common.db.login")
        send(lambda: self._http.get(f"/{self._database}/r/kontobro"), call)
        answer = self._ask_for_session(call)
        if not answer.is_success:
            raise _fault(answer, call)
        reply = _result(answer, call)
        if not isinstance(reply, list) or len(reply) < 2:
            raise BadAnswer(*told("tryton_no_session"))
        number, token, *_ = reply
        return b64encode(f"{self._user}:{number}:{token}".encode()).decode()

    def _ask_for_session(self, call: Call) -> httpx2.Response:
        """Where the version was not asked for, the login finds the endpoint: there is nothing at the other one."""
        for endpoint in self._endpoints:
            login = [self._user, {"password": self._password}, "en"]
            answer = self._post(f"/{self._database}{endpoint}", call, login)
            if answer.status_code not in (404, 405):
                self._endpoints = (endpoint,)
                break
        return answer

    def _post(self, path: str, call: Call, params: Sequence[Any]) -> httpx2.Response:
        body = json.dumps({"id": 1, "method": call.name, "params": params}, default=_to_json)
        headers = {"Content-Type": "application/json"}
        if self._session:
            headers["Authorization"] = f"Session {self._session}"
        return send(lambda: self._http.post(path, content=body, headers=headers), call)


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


def _result(answer: httpx2.Response, call: Call) -> Any:
    """What Tryton says. What is no JSON is not of Tryton: a page of what is in front of it, or half an answer."""
    require_few_values(answer, call)
    try:
        reply = json.loads(answer.content, object_hook=_from_json, parse_float=bounded_decimal)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise of_gateway(answer, call) from error
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        if call.writes:
            raise of_gateway(answer, call) from error
        raise BadAnswer(*told("tryton_value_unreadable")) from error
    if not isinstance(reply, dict):
        raise BadAnswer(*told("tryton_answer_wrong"))
    if refusal := reply.get("error"):
        raise _error(refusal)
    return reply.get("result")


def _error(error: Sequence[Any]) -> KontobroError:
    """`[class, arguments]` of an exception that Tryton foresees, else `[text, traceback]`: a bug there."""
    name, reply = str(error[0]), error[1] if len(error) > 1 else ""
    if name == "LoginException":
        return LoginFailed(*told("tryton_more_than_password"))
    if name == "UserWarning":
        return Refused(SYSTEM, f"UserWarning:{reply[0]}", str(reply[1]))
    if name in ("UserError", "ConcurrencyException"):
        words = [part for part in reply if isinstance(part, str) and part] if isinstance(reply, list) else [str(reply)]
        return Refused(SYSTEM, name, " ".join(words))
    return Refused(SYSTEM, "unforeseen", Noted(Phrase("tryton_unforeseen")))


def _fault(answer: httpx2.Response, call: Call) -> KontobroError:
    """What an answer other than success means, by its code."""
    code = answer.status_code
    own: dict[int, KontobroError] = {
        OWN_FAULT: of_gateway(answer, call),
        401: LoginFailed(*told("tryton_login_refused")),
        403: NotAllowed(*told("tryton_not_allowed", call=call.name)).by("kontobro check"),
        413: Misconfigured(*told("tryton_request_large")),
    }
    return fault_of(answer, call, own) or Misconfigured(*told("tryton_no_database_there", code=str(code)))
