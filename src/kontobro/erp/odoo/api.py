"""One call to Odoo: `POST /json/2/<model>/<method>`, one transaction each. Faults in the core's words.

Odoo sends and takes amounts as JSON numbers: a `Decimal` is read and written by its digits.
Of an error, `debug` is a traceback with the company's facts in it: it is never kept.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
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
    Uncertain,
    Unreachable,
    shown,
)
from kontobro.erp.common import Refused, no_answer, read_again, retry_after

Row = dict[str, Any]
Domain = Sequence[object]

SYSTEM: Final = "Odoo"
PAGE: Final = 2_000
SECONDS_TO_CONNECT: Final = 10.0
SECONDS_TO_ANSWER: Final = 300.0
"""A batch of 100 entries takes seconds; a busy server more. Below Odoo's own limit a lost answer is only doubt."""

GATEWAY: Final = frozenset({502, 503, 504})
"""Answers of what stands in front of Odoo, not of Odoo: the call may have reached it or not."""

LOAD_CONTEXT: Final = {"mode": "update", "noupdate": True}
"""What makes `load` skip an external id that exists. Without it a repeat adds an entry's lines a second time."""

log = logging.getLogger(__name__)
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


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
            raise no_answer(lost, SYSTEM, "version", writes=False) from lost
        if not answer.is_success:
            return ""
        return str(_decoded(answer).get("version", ""))

    def _call(self, model: str, method: str, arguments: Row, *, writes: bool) -> Any:
        name = f"{model}.{method}"
        context = {"allowed_company_ids": [self.company]} if self.company else {}
        body = arguments | {"context": context | arguments.get("context", {})}
        began = time.monotonic()
        try:
            answer = self._http.post(f"/json/2/{model}/{method}", content=_encoder.encode(body))
        except httpx2.RequestError as lost:
            log.info("odoo %s got no answer: %s", name, type(lost).__name__)
            raise no_answer(lost, SYSTEM, name, writes=writes) from lost
        log.debug("odoo %s answered %d in %.3f s", name, answer.status_code, time.monotonic() - began)
        if answer.is_success:
            return _decoded(answer)
        raise _fault(answer, name, writes=writes)


def open_http(
    url: str, database: str | None, key: str, *, transport: httpx2.BaseTransport | None = None
) -> httpx2.Client:
    """A client for one database. Odoo behind one host name needs no database's name."""
    headers = {"Authorization": f"bearer {key}", "Content-Type": "application/json"}
    if database:
        headers["X-Odoo-Database"] = database
    timeout = httpx2.Timeout(SECONDS_TO_ANSWER, connect=SECONDS_TO_CONNECT)
    return httpx2.Client(base_url=url, headers=headers, timeout=timeout, transport=transport)


def _complaint(messages: Sequence[Row]) -> str:
    errors = [message for message in messages if message.get("type") == "error"]
    return str(errors[0].get("message", "")) if errors else "no reason given"


def _fault(answer: httpx2.Response, name: str, *, writes: bool) -> KontobroError:
    """What an answer other than success means, by its code."""
    code = answer.status_code
    if code in GATEWAY:
        if writes:
            return Uncertain(f"A gateway answered {code} in Odoo's place to {name}.", "It is looked up first.")
        return Unreachable(f"A gateway answered {code} in Odoo's place.", "Try again when Odoo is up.")
    if code == 429:
        return RateLimited("Odoo asks for fewer calls.", "Try again later.", retry_after(answer))
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
    return Refused(SYSTEM, str(told["name"]), str(told.get("message", "")))


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
