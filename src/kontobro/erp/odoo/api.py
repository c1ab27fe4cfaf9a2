"""One call to Odoo: `POST /json/2/<model>/<method>`, one transaction each. Faults in the core's words.

Odoo sends amounts as JSON floats: they are read as `Decimal`, by their digits. Of an error, `debug` is a traceback
with the company's facts in it: it is never kept.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

import httpx2
import msgspec
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from kontobro.core.errors import (
    BadAnswer,
    KontobroError,
    LoginFailed,
    Misconfigured,
    NotAllowed,
    RateLimited,
    Timeout,
    Uncertain,
    Unreachable,
    shown,
)

Row = dict[str, Any]
Domain = Sequence[object]

PAGE: Final = 2_000
READ_TRIES: Final = 4
SECONDS_TO_CONNECT: Final = 10.0
SECONDS_TO_ANSWER: Final = 300.0
"""A batch of 100 entries takes seconds; a busy server more. Below Odoo's own limit a lost answer is only doubt."""

GATEWAY: Final = frozenset({502, 503, 504})
"""Answers of what stands in front of Odoo, not of Odoo: the call may have reached it or not."""

log = logging.getLogger(__name__)
_decoder = msgspec.json.Decoder(float_hook=Decimal)


class Refused(BadAnswer):
    """Odoo rolled the call back. `name` is its exception's name (`odoo.exceptions.UserError`), `told` its words."""

    def __init__(self, name: str, told: str) -> None:
        super().__init__(f"Odoo refused: {shown(told, 200)}", "See what Odoo says, then try again.")
        self.name = name
        self.told = told


class Api:
    """The way to one company of one database. `http` carries address, key and database; `sleep` waits between tries."""

    def __init__(self, http: httpx2.Client, company: int | None = None, sleep: Callable[[float], None] = time.sleep):
        self._http = http
        self._sleep = sleep
        self.company = company

    def __repr__(self) -> str:
        return f"Api({self._http.base_url}, company={self.company})"

    def read(self, model: str, method: str, **arguments: Any) -> Any:
        """A call without effect; tried again while Odoo can't be reached."""
        retrying = Retrying(
            retry=retry_if_exception_type(Unreachable),
            wait=wait_exponential(multiplier=0.5, max=5),
            stop=stop_after_attempt(READ_TRIES),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._call, model, method, arguments, writes=False)

    def write(self, model: str, method: str, **arguments: Any) -> Any:
        """A call with an effect, made once. Uncertain when its answer is lost; Refused when Odoo rolled it back."""
        return self._call(model, method, arguments, writes=True)

    def rows(
        self, model: str, domain: Domain, fields: Sequence[str], *, names: bool = True, **context: Any
    ) -> Iterator[Row]:
        """All records of a domain by ascending id, page by page. Without `names`, links are bare ids: much faster."""
        links = {} if names else {"load": ""}
        last = 0
        while True:
            page = self.read(
                model,
                "search_read",
                domain=[["id", ">", last], *domain],
                fields=list(fields),
                limit=PAGE,
                order="id",
                context=context,
                **links,
            )
            if not isinstance(page, list):
                raise BadAnswer(f"Odoo answered {type(page).__name__} instead of a list of {model}.")
            yield from page
            if len(page) < PAGE:
                return
            last = page[-1]["id"]

    def version(self) -> str:
        """Odoo's version, as it says itself without a login: 19.0."""
        try:
            answer = self._http.get("/json/version")
        except httpx2.RequestError as lost:
            raise _no_answer(lost, "version", writes=False) from lost
        if not answer.is_success:
            return ""
        return str(_decoded(answer).get("version", ""))

    def _call(self, model: str, method: str, arguments: Row, *, writes: bool) -> Any:
        name = f"{model}.{method}"
        context = {"allowed_company_ids": [self.company]} if self.company else {}
        body = arguments | {"context": context | arguments.get("context", {})}
        began = time.monotonic()
        try:
            answer = self._http.post(f"/json/2/{model}/{method}", content=msgspec.json.encode(body))
        except httpx2.RequestError as lost:
            log.info("odoo %s got no answer: %s", name, type(lost).__name__)
            raise _no_answer(lost, name, writes=writes) from lost
        log.debug("odoo %s answered %d in %.3f s", name, answer.status_code, time.monotonic() - began)
        if answer.is_success:
            return _decoded(answer)
        raise _fault(answer, name, writes=writes)


def open_http(url: str, database: str | None, key: str) -> httpx2.Client:
    """A client for one database. Odoo behind one host name needs no database's name."""
    headers = {"Authorization": f"bearer {key}", "Content-Type": "application/json"}
    if database:
        headers["X-Odoo-Database"] = database
    timeout = httpx2.Timeout(SECONDS_TO_ANSWER, connect=SECONDS_TO_CONNECT)
    return httpx2.Client(base_url=url, headers=headers, timeout=timeout)


def _no_answer(lost: httpx2.RequestError, name: str, *, writes: bool) -> KontobroError:
    """A connection that was never made carried nothing; all else may have had its effect."""
    if isinstance(lost, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return Unreachable("Odoo can't be reached.", "Check its address, and that it is running.")
    if writes:
        return Uncertain(f"Odoo's answer to {name} was lost.", "What it did is looked up before anything is repeated.")
    if isinstance(lost, httpx2.TimeoutException):
        return Timeout(f"Odoo did not answer {name} in time.", "Try again when it is less busy.")
    return Unreachable(f"The connection to Odoo broke during {name}.", "Try again.")


def _fault(answer: httpx2.Response, name: str, *, writes: bool) -> KontobroError:
    """What an answer other than success means, by its code."""
    code = answer.status_code
    if code in GATEWAY:
        if writes:
            return Uncertain(f"A gateway answered {code} in Odoo's place to {name}.", "It is looked up first.")
        return Unreachable(f"A gateway answered {code} in Odoo's place.", "Try again when Odoo is up.")
    if code == 429:
        return RateLimited("Odoo asks for fewer calls.", "Try again later.", _seconds(answer))
    if code == 401:
        return LoginFailed("Odoo refuses the API key.", "Make a new one in Odoo (Preferences > Account Security).")
    told = _told(answer)
    if code == 403:
        return NotAllowed(
            f"Odoo does not allow {name}: {shown(told.get('message', ''), 160)}",
            "Give the API key's user the groups that `kontobro check` names.",
        )
    if "name" not in told:
        return Misconfigured(
            f"There is no Odoo database at this address (HTTP {code}).",
            "Check the address and the database's name; Kontobro needs Odoo 19 or newer.",
        )
    if code == 404:
        return Misconfigured(f"This Odoo has no {name}.", "Install its Invoicing app (and Analytic Accounting).")
    return Refused(str(told["name"]), str(told.get("message", "")))


def _seconds(answer: httpx2.Response) -> float | None:
    given = answer.headers.get("Retry-After", "")
    return float(given) if given.isdigit() else None


def _told(answer: httpx2.Response) -> Row:
    """Odoo's error as it is, or nothing when a page stands in its place."""
    try:
        told = _decoder.decode(answer.content)
    except msgspec.DecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _decoded(answer: httpx2.Response) -> Any:
    try:
        return _decoder.decode(answer.content)
    except msgspec.DecodeError as error:
        raise BadAnswer("Odoo's answer is no JSON.", "Check the address: something else may answer there.") from error
