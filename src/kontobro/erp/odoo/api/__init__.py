"""One call to Odoo: `POST /json/2/<model>/<method>`, one transaction each. Faults in the core's words.

Odoo sends and takes amounts as JSON numbers: a `Decimal` is read and written by its digits.
Of an error, `debug` is a traceback with the company's facts in it: it is never kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import httpx2
import msgspec

from kontobro.core.errors import KontobroError, LoginFailed, Misconfigured, NotAllowed, Unreachable, shown
from kontobro.core.words import Noted, Phrase, told
from kontobro.erp.kit import http as common
from kontobro.erp.kit.http import Call, Refused, decoded, fault_of, of_gateway, read_again, rows_by_id, send
from kontobro.erp.odoo.api.versions import NEWEST, Version
from kontobro.net.addresses import ANYWHERE, NetworkPolicy

Row = dict[str, Any]
Domain = Sequence[object]

SYSTEM: Final = "Odoo"
PAGE: Final = 2_000
SECONDS_TO_ANSWER: Final = 300.0
"""A batch of 100 entries takes seconds; a busy server more. Below Odoo's own limit a lost answer is only doubt."""

LOAD_CONTEXT: Final = {"mode": "update", "noupdate": True}
"""What makes `load` skip an external id that exists. Without it a repeat adds an entry's lines a second time."""

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
        """Create what these rows name, or leave alone what is under its external id; the ids of all of them.

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
        call = Call(SYSTEM, "version")
        answer = send(lambda: self._http.get("/json/version"), call)
        if not answer.is_success:
            fault = _fault(answer, call)
            if isinstance(fault, Unreachable):
                raise fault
            return ""
        reply = decoded(answer, call)
        return str(reply.get("version", "")) if isinstance(reply, dict) else ""

    def _call(self, model: str, method: str, arguments: Row, *, writes: bool) -> Any:
        call = Call(SYSTEM, f"{model}.{method}", writes)
        context = {"allowed_company_ids": [self.company]} if self.company else {}
        return self._ask(model, method, arguments | {"context": context | arguments.get("context", {})}, call)

    def _ask(self, model: str, method: str, body: Row, call: Call) -> Any:
        """Where JSON-2 and JSON-RPC part: one call with all of its arguments by name, and `ids`."""
        answer = self._post(f"/json/2/{model}/{method}", body, call)
        if answer.is_success:
            return decoded(answer, call)
        raise _fault(answer, call)

    def _post(self, path: str, body: Row, call: Call) -> httpx2.Response:
        content = _encoder.encode(body)
        return send(lambda: self._http.post(path, content=content), call)


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
    return LoginFailed(*told("odoo_key_refused"))


def not_allowed(call: Call, said: str) -> KontobroError:
    return NotAllowed(*told("odoo_not_allowed", call=call.name, said=shown(said, 160))).by("kontobro check")


def not_there(answer: httpx2.Response) -> KontobroError:
    return Misconfigured(*told("odoo_no_database_there", code=str(answer.status_code)))


def fault_of_page(answer: httpx2.Response, call: Call) -> KontobroError:
    """What an answer means that is not Odoo's own words."""
    if answer.status_code >= 500 or answer.status_code == 403:
        return of_gateway(answer, call)
    return _by_status(answer, call) or not_there(answer)


def _by_status(answer: httpx2.Response, call: Call) -> KontobroError | None:
    too_large = Refused(SYSTEM, "too large", Noted(Phrase("odoo_request_large")))
    return fault_of(answer, call, {401: key_refused(), 413: too_large})


def _fault(answer: httpx2.Response, call: Call) -> KontobroError:
    """What an answer other than success means, by its code."""
    code, reply = answer.status_code, _told(answer, call)
    what, said = str(reply.get("name", "")), str(reply.get("message", ""))
    if not what:
        return fault_of_page(answer, call)
    if fault := _by_status(answer, call):
        return fault
    if code == 403:
        return not_allowed(call, said)
    if code == 404:
        return Misconfigured(*told("odoo_lacks", call=call.name))
    return Refused(SYSTEM, what, said)


def _told(answer: httpx2.Response, call: Call) -> Row:
    """Odoo's error as it is, or nothing when a page is in its place."""
    try:
        reply = decoded(answer, call)
    except KontobroError:
        return {}
    return reply if isinstance(reply, dict) else {}
