"""What connectors over HTTP share: their refusals, how they read again, and the problems that are worded alike.

A connector imports this and nothing of another connector. `system` is the accounting system's name, for people.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx2
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter

from kontobro.core.errors import BadAnswer, ItemFailure, KontobroError, Problem, Timeout, Uncertain, Unreachable, shown
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Reference
from kontobro.core.model.masterdata import Vendor
from kontobro.core.ports import ReceiptRules
from kontobro.core.words import Fact, Phrase
from kontobro.net.addresses import ANYWHERE, NetworkPolicy
from kontobro.net.client import open_client
from kontobro.net.deadline import seconds_left
from kontobro.net.limits import AnswerTooLarge, Limits

T = TypeVar("T")

READ_TRIES: Final = 4
READ_AGAIN_WITHIN: Final = 20.0
"""Seconds from a read's start in which it is tried again: what lasts longer is for the patience of whoever asked."""

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of one answer, decompressed. The largest that we ask for, 2,000 lines of entries, has about two million."""

SECONDS_TO_CONNECT: Final = 10.0

MOST_PAGES: Final = 1_000
"""Of one kind of records. A list of two million is none that a person keeps."""

MOST_MARKS: Final = 1_000_000
"""Commas and opening brackets in one answer. A page of 2,000 records has some 40,000; 16 MiB of `{},` are 6 million
values: half a gigabyte, and 15 s in which no other thread of the process runs."""

LONGEST_WAIT: Final = 3_600.0
"""Seconds that a system may ask to wait; more is no answer to a question."""

GATEWAY: Final = frozenset({408, 425, 502, 503, 504})
"""Answers of what stands in front of a system, whatever they hold. Other faults of 500 and more are a gateway's too,
unless the system's own words are in them."""

_OWN_FAULT: Final = 500

RECEIPTS: Final = ReceiptRules(
    media_types=frozenset(
        [
            "application/pdf",
            "image/jpeg",
            "image/png",
            "application/msword",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.ms-excel",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ]
    ),
    max_bytes=30 * 1024 * 1024,
)
"""What Pleo lets people upload: a system that takes files takes these."""

_REFUSED: Final = "accounting_system_validation_failure"


class Refused(BadAnswer):
    """The system rolled the call back. `name` is its exception's name, `told` its words."""

    def __init__(self, system: str, name: str, told: str) -> None:
        super().__init__(f"{system} refused: {shown(told, 200)}", f"See what {system} says, then try again.")
        self.name = name
        self.told = told


def refusal_of(call: Callable[[], object]) -> Refused | None:
    """What the system says to a call that it refuses; None when it was done."""
    try:
        call()
    except Refused as refusal:
        return refusal
    return None


# ------------------------------------------------------------------------------------------ calls over HTTP


def open_http(
    url: str,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    *,
    policy: NetworkPolicy = ANYWHERE,
    transport: httpx2.BaseTransport | None = None,
) -> httpx2.Client:
    """A client for one accounting system, each call at most `seconds`. `transport` stands in for the network."""
    timeout = httpx2.Timeout(seconds, connect=SECONDS_TO_CONNECT)
    limits = Limits(seconds, MOST_BYTES)
    return open_client(limits, policy, transport=transport, base_url=url, headers=headers, timeout=timeout)


def read_again(
    call: Callable[[], T],
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """The answer of a call without effect: tried again for a moment while the system can't be reached.

    No longer than READ_AGAIN_WITHIN and within any `time_limit`: long waits are the engine's, and would multiply here.
    """
    began = clock()

    def enough(state: RetryCallState) -> bool:
        left = seconds_left()
        over = clock() + state.upcoming_sleep > began + READ_AGAIN_WITHIN
        return state.attempt_number >= READ_TRIES or over or (left is not None and state.upcoming_sleep >= left)

    retrying = Retrying(
        retry=retry_if_exception_type(Unreachable),
        wait=wait_exponential_jitter(multiplier=0.5, max=5),
        stop=enough,
        sleep=sleep,
        reraise=True,
    )
    return retrying(call)


def rows_by_id(fetch: Callable[[int], Any], size: int, what: str) -> Iterator[dict[str, Any]]:
    """All records by ascending id. `fetch` answers those after an id, `size` at a time; the last page has fewer.

    Raises BadAnswer for a list that does not get on, or never ends.
    """
    last = 0
    for _ in range(MOST_PAGES):
        page = fetch(last)
        if not isinstance(page, list) or not all(isinstance(row, dict) for row in page):
            raise BadAnswer(f"{what}: the answer is not a list of records.", "Check the address.")
        yield from page
        if len(page) < size:
            return
        following = page[-1].get("id")
        if not isinstance(following, int) or following <= last:
            raise BadAnswer(f"{what}: the list of records does not advance after {last}.", "Check the address.")
        last = following
    raise BadAnswer(f"{what}: more than {MOST_PAGES * size:,} records.", "Kontobro does not read that many.")


def no_answer(lost: httpx2.RequestError, system: str, call: str, *, writes: bool) -> KontobroError:
    """A connection that was never made carried nothing; all else may have had its effect."""
    if isinstance(lost, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return Unreachable(f"{system} can't be reached.", "Check its address, and that it is running.")
    if writes:
        message = f"{system}'s answer to {call} was lost."
        return Uncertain(message, "What it did is looked up before anything is repeated.")
    if isinstance(lost, AnswerTooLarge):
        message = f"{system}'s answer to {call} has more than {lost.most:,} bytes."
        return BadAnswer(message, "Check the address: something else may answer there.")
    if isinstance(lost, httpx2.DecodingError):
        message = f"{system}'s answer to {call} can't be decompressed."
        return BadAnswer(message, "Check the address: something else may answer there.")
    if isinstance(lost, httpx2.TimeoutException):
        return Timeout(f"{system} did not answer {call} in time.", "Try again when it is less busy.")
    return Unreachable(f"The connection to {system} broke during {call}.", "Try again.")


def of_gateway(answer: httpx2.Response, system: str, call: str, *, writes: bool) -> KontobroError:
    """Something in front of the system answered in its place. That says nothing of any setting."""
    code = answer.status_code
    what = f"HTTP {code}" if not answer.is_success else "a page"
    if writes:
        return Uncertain(f"A gateway answered {call} with {what} in {system}'s place.", "It is looked up first.")
    return Unreachable(
        f"{what[0].upper()}{what[1:]} came in place of {system}'s answer.",
        f"Try again when {system} is up; if this continues, check the address.",
    )


def require_few_values(answer: httpx2.Response, system: str, call: str, *, writes: bool) -> None:
    """Before an answer is decoded, which nothing can interrupt. Raises BadAnswer, after a write Uncertain."""
    if sum(map(answer.content.count, (b",", b"[", b"{"))) > MOST_MARKS:
        if writes:
            raise of_gateway(answer, system, call, writes=True)
        raise BadAnswer(f"{system}'s answer to {call} has too many values.", "Check the address.")


def is_gateways(code: int) -> bool:
    """Whether this status alone tells that a gateway answered, or a server that could not."""
    return code in GATEWAY or code > _OWN_FAULT


def retry_after(answer: httpx2.Response) -> float | None:
    """Seconds that the system asks to wait, when it says so; an hour at most."""
    given = answer.headers.get("Retry-After", "")
    return min(float(given[:9]), LONGEST_WAIT) if given.isascii() and given.isdecimal() else None


def is_safe(url: str) -> bool:
    """A key or a password leaves this machine only encrypted."""
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and local))


# ------------------------------------------------------------------------------------------------- problems


def refused(reference: Reference, told: str, system: str, reason: ItemFailure = _REFUSED) -> Problem:
    """What the system itself said no to."""
    facts: dict[str, Fact] = {"system": system, "said": told}
    return Problem.of("refused_by_accounting_system", "entry", reference, reason, facts)


def not_posted(reference: Reference, told: str, system: str) -> Problem:
    """A draft that the system would not post."""
    return problem("not_posted", "entry", reference, system=system, said=told)


def booking_gone(reference: Reference, system: str) -> Problem:
    """Someone deleted it there."""
    return problem("booking_gone", "reference", reference, system=system)


def vendor_not_written(vendor: Vendor, system: str, fix: Phrase, said: Phrase | str) -> Problem:
    """A vendor created in Pleo that the system does not have now; `said` is why."""
    return problem("vendor_not_written", "vendor", vendor.code, vendor=vendor.name, system=system, said=said, fix=fix)
