"""One call to Odoo: `POST /json/2/<model>/<method>`, one transaction each. Faults in the core's words.

Odoo sends and takes amounts as JSON numbers: a `Decimal` is read and written by its digits.
Of an error, `debug` is a traceback with the company's facts in it: it is never kept.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import httpx2
import msgspec

from kontobro.core.errors import (
    BadAnswer,
    KontobroError,
    LoginFailed,
    Misconfigured,
    NotAllowed,
    RateLimited,
    Unreachable,
    shown,
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
    rows_by_id,
)
from kontobro.erp.odoo.versions import NEWEST, Version
from kontobro.net.addresses import ANYWHERE, NetworkPolicy
from kontobro.net.limits import bounded_decimal

Row = dict[str, Any]
Domain = Sequence[object]

SYSTEM: Final = "Odoo"
PAGE: Final = 2_000
SECONDS_TO_ANSWER: Final = 300.0
"""A batch of 100 entries takes seconds; a busy server more. Below Odoo's own limit a lost answer is only doubt."""

LOAD_CONTEXT: Final = {"mode": "update", "noupdate": True}
"""What makes `load` skip an external id that exists. Without it a repeat adds an entry's lines a second time."""

log = logging.getLogger(__name__)
_decoder = msgspec.json.Decoder(float_hook=bounded_decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


class Api:
    """The way to one company of one database. `http` carries address, key and database; `sleep` waits between tries."""

    def __init__(self, http: httpx2.Client, company: int | None = None, sleep: Callable[[float], None] = time.sleep):
        self._http = http
        self._sleep = sleep
        self._names: Version | None = None
        self.company = company

    def __repr__(self) -> str:
        return f"Api({self._http.base_url}, company={self.company})"

    def read(self, model: str, method: str, **arguments: Any) -> Any:
        """A call without effect; tried again while Odoo can't be reached."""
        return read_again(lambda: self._call(model, method, arguments, writes=False), self._sleep)

    def write(self, model: str, method: str, **arguments: Any) -> Any:
        """A call with an effect, made once. Uncertain when its answer is lost; Refused when Odoo rolled it back."""
        return self._call(model, method, arguments, writes=True)

    def load(self, model: str, columns: Sequence[str], data: Sequence[Sequence[str]]) -> list[int]:
        """Create what these rows name, or leave alone what stands under its external id; the ids of all of them.

        One transaction, as any write; Refused says what Odoo complains of first.
        """
        answer = self.write(model, "load", fields=columns, data=data, context=LOAD_CONTEXT)
        if not answer["ids"]:
            raise Refused(SYSTEM, model, _complaint(answer["messages"]))
        return [int(number) for number in answer["ids"]]

    def rows(
        self, model: str, domain: Domain, fields: Sequence[str], *, names: bool = True, **context: Any
    ) -> Iterator[Row]:
        """All records of a domain by ascending id, page by page. Without `names`, links are bare ids: much faster."""
        links = {} if names else {"load": ""}

        def fetch(last: int) -> Any:
            return self.read(
                model,
                "search_read",
                domain=[["id", ">", last], *domain],
                fields=list(fields),
                limit=PAGE,
                order="id",
                context=context,
                **links,
            )

        return rows_by_id(fetch, PAGE, f"{SYSTEM}'s {model}")

    def version(self) -> str:
        """Odoo's version, as it says itself without a login: 19.0. Empty when what answers is no Odoo of today."""
        return read_again(self._version, self._sleep)

    @property
    def oldest(self) -> int:
        """The first version of Odoo that can be spoken to like this."""
        return 19

    @property
    def http(self) -> httpx2.Client:
        return self._http

    @property
    def through(self) -> str:
        """What is spoken, for people."""
        return "JSON-2"

    def names(self) -> Version:
        """What this Odoo calls its fields: JSON-2 came with the newest names."""
        return NEWEST

    def _version(self) -> str:
        """The first call of all, and as patient as any: a gateway in front says nothing of what is behind it."""
        try:
            answer = self._http.get("/json/version")
        except httpx2.RequestError as lost:
            raise no_answer(lost, SYSTEM, "version", writes=False) from lost
        if not answer.is_success:
            fault = _fault(answer, "version", writes=False)
            if isinstance(fault, Unreachable):
                raise fault
            return ""
        told = self._decoded(answer, "version", writes=False)
        return str(told.get("version", "")) if isinstance(told, dict) else ""

    def _call(self, model: str, method: str, arguments: Row, *, writes: bool) -> Any:
        context = {"allowed_company_ids": [self.company]} if self.company else {}
        body = arguments | {"context": context | arguments.get("context", {})}
        return self._ask(model, method, body, writes=writes)

    def _ask(self, model: str, method: str, body: Row, *, writes: bool) -> Any:
        """Where JSON-2 and JSON-RPC part: one call with all of its arguments by name, and `ids`."""
        name = f"{model}.{method}"
        answer = self._send(f"/json/2/{model}/{method}", body, name, writes=writes)
        if answer.is_success:
            return self._decoded(answer, name, writes=writes)
        raise _fault(answer, name, writes=writes)

    def _send(self, path: str, body: Row, name: str, *, writes: bool) -> httpx2.Response:
        began = time.monotonic()
        try:
            answer = self._http.post(path, content=_encoder.encode(body))
        except httpx2.RequestError as lost:
            log.info("odoo %s got no answer: %s", name, type(lost).__name__)
            raise no_answer(lost, SYSTEM, name, writes=writes) from lost
        log.debug("odoo %s answered %d in %.3f s", name, answer.status_code, time.monotonic() - began)
        return answer

    def _decoded(self, answer: httpx2.Response, name: str, *, writes: bool) -> Any:
        return _decoded(answer, name, writes=writes)


def open_http(
    url: str,
    database: str | None,
    key: str,
    *,
    policy: NetworkPolicy = ANYWHERE,
    transport: httpx2.BaseTransport | None = None,
) -> httpx2.Client:
    """A client for one database. Odoo behind one host name needs no database's name."""
    headers = {"Authorization": f"bearer {key}", "Content-Type": "application/json"}
    if database:
        headers["X-Odoo-Database"] = database
    return common.open_http(url, SECONDS_TO_ANSWER, headers, policy=policy, transport=transport)


def _complaint(messages: Sequence[Row]) -> str:
    errors = [message for message in messages if message.get("type") == "error"]
    return str(errors[0].get("message", "")) if errors else "no reason given"


def key_refused() -> KontobroError:
    return LoginFailed("Odoo refuses the API key.", "Make a new one in Odoo (Preferences > Account Security).")


def not_allowed(name: str, message: str) -> KontobroError:
    return NotAllowed(
        f"Odoo does not allow {name}: {shown(message, 160)}",
        "Give the API key's user the groups that `kontobro check` names.",
    )


def not_there(answer: httpx2.Response) -> KontobroError:
    return Misconfigured(
        f"There is no Odoo database at this address (HTTP {answer.status_code}).",
        "Check the address and the database's name; Odoo 17 and 18 need the user's login too.",
    )


def fault_of_page(answer: httpx2.Response, name: str, *, writes: bool) -> KontobroError:
    """What an answer means that is not Odoo's own words."""
    code = answer.status_code
    if is_gateways(code) or code >= 500 or code == 403:
        return of_gateway(answer, SYSTEM, name, writes=writes)
    if code == 429:
        return RateLimited("Odoo asks for fewer calls.", "Try again later.", retry_after(answer))
    if code == 401:
        return key_refused()
    if code == 413:
        return Refused(SYSTEM, "too large", "the request is too large for the web server in front of it (HTTP 413)")
    return not_there(answer)


def _fault(answer: httpx2.Response, name: str, *, writes: bool) -> KontobroError:
    """What an answer other than success means, by its code."""
    code = answer.status_code
    told = _told(answer)
    if "name" not in told or is_gateways(code) or code in (401, 413, 429):
        return fault_of_page(answer, name, writes=writes)
    if code == 403:
        return not_allowed(name, str(told.get("message", "")))
    if code == 404:
        return Misconfigured(f"This Odoo has no {name}.", "Install its Invoicing app (and Analytic Accounting).")
    return Refused(SYSTEM, str(told["name"]), str(told.get("message", "")))


def _told(answer: httpx2.Response) -> Row:
    """Odoo's error as it is, or nothing when a page stands in its place."""
    try:
        told = _decoder.decode(answer.content)
    except _UNREADABLE:
        return {}
    return told if isinstance(told, dict) else {}


def _decoded(answer: httpx2.Response, name: str, *, writes: bool) -> Any:
    """What Odoo says. What is no JSON is not of Odoo: a page of what stands in front of it, or half an answer."""
    require_few_values(answer, SYSTEM, name, writes=writes)
    try:
        return _decoder.decode(answer.content)
    except (msgspec.ValidationError, RecursionError) as error:
        if writes:
            raise of_gateway(answer, SYSTEM, name, writes=True) from error
        raise BadAnswer("Odoo's answer is nested too deep, or has a number too long.", "Check the address.") from error
    except _UNREADABLE as error:
        raise of_gateway(answer, SYSTEM, name, writes=writes) from error


_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError)
