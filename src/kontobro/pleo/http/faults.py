"""What went wrong at Pleo, in the core's errors: connection, status, body.

Messages name the endpoint and what to do, and never quote an answer beyond a short, scrubbed excerpt of its
documented `message` field. Every error carries Pleo's own word for a job that fails of it (`rules.md` §1.4).
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

import httpx2
import msgspec

from kontobro.core.errors import (
    BadAnswer,
    JobFailure,
    JobGone,
    KontobroError,
    LoginFailed,
    Misconfigured,
    NotAllowed,
    RateLimited,
    Timeout,
    Unreachable,
    shown,
)
from kontobro.core.model.money import exponent
from kontobro.core.words import Fact, Phrase, Said, told
from kontobro.pleo.http.endpoints import Endpoint

Fault = TypeVar("Fault", bound=KontobroError)

AGAIN: Final = Phrase("pleo_again")
AGAIN_HERE: Final = Phrase("pleo_again_here")
"""Of a sandbox on this machine, of which Pleo's status page knows nothing."""
LONGEST_WAIT = 86_400.0
"""Seconds. No one means more, and a number of any length is no time."""
_GONE = frozenset(["export_job_status_unprocessable", "invalid_export_job_status_change"])
_SECRET = re.compile(r"(?i)\b(bearer|basic)\s+\S+|\bplp_\S+|\bwhsec_\S+|[A-Za-z0-9_\-.=+/]{32,}")


class RefusedByPleo(BadAnswer):
    """Pleo says no to what a request carries. `status` is 400 to 499; `said` an excerpt for messages, or empty."""

    def __init__(self, message: str, remedy: str, status: int, said: str) -> None:
        super().__init__(message, remedy)
        self.status, self.said = status, said


class ExceptionInfo(msgspec.Struct):
    """Pleo's error body (`pleo/api.md` B0)."""

    type: str = ""
    message: str | None = None

    @property
    def code(self) -> str:
        """`type` in lower case: its case varies in Pleo's documents."""
        return self.type.lower()


def with_failure(fault: Fault, job_failure: JobFailure) -> Fault:
    """The same error with Pleo's word for a job that fails of it; the core's default speaks of the other side."""
    fault.job_failure = job_failure
    return fault


def of_network(error: httpx2.RequestError, whom: Fact) -> Unreachable:
    """A request that got no answer. `whom` is called by name; the outcome of a write is then unknown."""
    if isinstance(error, httpx2.TimeoutException):
        return with_failure(
            Timeout(*told("pleo_no_answer_in_time", whom=whom, again=_again(_url(error)))), "service_timeout"
        )
    again = AGAIN_HERE if _is_here(_url(error)) else Phrase("pleo_again_network")
    kind, host = type(error).__name__, _host_of(_url(error))
    words = (
        told("pleo_unreachable_at", whom=whom, host=host, kind=kind, again=again)
        if host
        else told("pleo_unreachable", whom=whom, kind=kind, again=again)
    )
    return with_failure(Unreachable(*words), "service_unreachable")


def _host_of(url: httpx2.URL | None) -> str:
    """The host of the request: no path and no query, for those may be signed."""
    return f"{url.host}{f':{url.port}' if url.port else ''}" if url else ""


def _url(error: httpx2.RequestError) -> httpx2.URL | None:
    try:
        return error.request.url
    except RuntimeError:
        return None


def _is_here(url: httpx2.URL | None) -> bool:
    """Whether it is a sandbox on this machine."""
    return url is not None and url.host in ("127.0.0.1", "localhost", "::1")


def _again(url: httpx2.URL | None) -> Phrase:
    return AGAIN_HERE if _is_here(url) else AGAIN


def never_sent(fault: BaseException) -> bool:
    """True when no connection was, so that Pleo can't have seen the request."""
    return isinstance(fault.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)


def may_have_arrived(fault: Unreachable) -> bool:
    """Whether a write that failed so may have taken effect. A 429 did nothing."""
    return not isinstance(fault, RateLimited) and not never_sent(fault)


def of_answer(response: httpx2.Response, endpoint: Endpoint, now: datetime) -> KontobroError:
    """The fault that an answer of 300 or more means at this endpoint."""
    info = exception_info(response)
    status = response.status_code
    match status:
        case 401:
            return login_failed(told("pleo_credential_refused"))
        case 403:
            return _not_allowed(endpoint)
        case 404 if endpoint.of_job:
            return JobGone(*told("pleo_job_unknown")).by("kontobro jobs")
        case 422 if endpoint.of_job and (info.code in _GONE or not info.code):
            return JobGone(*told("pleo_job_gone"))
        case 429:
            return rate_limited(retry_after(response, now))
        case 400 if info.code == "missing_contra_accounts":
            return _missing_contra_accounts(info)
        case _ if status >= 500 or status == 408:
            return with_failure(
                Unreachable(
                    *told("pleo_own_error", status=str(status), call=endpoint.name, again=_again(response.url))
                ),
                "service_unreachable",
            )
    said = _excerpt(info)
    refused = told("pleo_refused", call=endpoint.name, status=str(status), said=said)
    return RefusedByPleo(*refused, status, said) if status >= 400 else BadAnswer(*refused)


def is_page(response: httpx2.Response) -> bool:
    """Whether this is a page for people: Pleo's API has none, what is in front of it has."""
    return bool(response.headers.get("content-type", "").strip().lower().startswith("text/html"))


def of_page(response: httpx2.Response, what: Fact) -> Unreachable:
    """A gateway's error page says nothing of the credential, its scopes or what there is, whatever its status."""
    fault = Unreachable(*told("page_for_pleo", call=what, status=str(response.status_code)))
    return with_failure(fault, "service_unreachable")


def exception_info(response: httpx2.Response) -> ExceptionInfo:
    """The error body, empty where there is none or it is something else."""
    try:
        return msgspec.json.decode(response.content, type=ExceptionInfo)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ExceptionInfo()


def login_failed(words: Said) -> LoginFailed:
    return with_failure(LoginFailed(*words), "authentication_failure")


def rate_limited(seconds: float | None) -> RateLimited:
    words = told("pleo_pause_for", seconds=f"{seconds:g}") if seconds else told("pleo_pause")
    fault = RateLimited(*words, retry_after=seconds)
    return with_failure(fault, "pleo_rate_limit")


def dated(response: httpx2.Response) -> datetime | None:
    """Pleo's own time: the answer's Date (RFC 9110 §6.6.1, whole seconds). None without a readable one."""
    try:
        when = parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return when if when.tzinfo else None


def retry_after(response: httpx2.Response, now: datetime) -> float | None:
    """Seconds to wait: the header's number, or the time until its HTTP date, a day at most. None without one."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), LONGEST_WAIT)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return min(max(0.0, (when - now).total_seconds()), LONGEST_WAIT) if when.tzinfo else None


def _not_allowed(endpoint: Endpoint) -> NotAllowed:
    words = (
        told("pleo_scope_missing", call=endpoint.name, scope=endpoint.scope)
        if endpoint.scope
        else told("pleo_permission_missing", call=endpoint.name)
    )
    return with_failure(NotAllowed(*words), "authorization_failure")


def _missing_contra_accounts(info: ExceptionInfo) -> Misconfigured:
    codes = re.findall(r"\b[A-Z]{3}\b", info.message or "")
    currencies = sorted({word for word in codes if exponent(word) is not None})
    said = (
        told("contra_accounts_missing_for", currencies=tuple(currencies))
        if currencies
        else told("contra_accounts_missing")
    )
    return Misconfigured(*said, "missing_configuration")


def _excerpt(info: ExceptionInfo) -> str:
    """The error's type and the start of its message, without anything that looks like a secret."""
    message = _SECRET.sub("…", info.message or "")
    parts = [shown(_SECRET.sub("…", info.type), 40), shown(message, 100)]
    told = ": ".join(part for part in parts if part)
    return f" ({told})" if told else ""
