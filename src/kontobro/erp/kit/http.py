"""What connectors over HTTP share: their refusals, how they read again, and the problems that are worded alike.

A connector imports this and nothing of another connector. `system` is the accounting system's name, for people.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx2
import msgspec
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter

from kontobro.core.batches import refusals
from kontobro.core.errors import (
    BadAnswer,
    KontobroError,
    Misconfigured,
    RateLimited,
    Timeout,
    Uncertain,
    Unreachable,
    shown,
)
from kontobro.core.words import Noted, Phrase, Said, told
from kontobro.net.addresses import ANYWHERE, NetworkPolicy
from kontobro.net.client import open_client
from kontobro.net.deadline import seconds_left
from kontobro.net.limits import AnswerTooLarge, Limits, bounded_decimal

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
"""Answers of what is in front of a system, whatever they hold. Other faults of 500 and more are a gateway's too,
unless the system's own words are in them."""

_OWN_FAULT: Final = 500
_TOO_MANY: Final = 429

log = logging.getLogger(__name__)
_decoder = msgspec.json.Decoder(float_hook=bounded_decimal)


class Refused(BadAnswer):
    """The system rolled the call back. `name` is its exception's name, `told` its words."""

    def __init__(self, system: str, name: str, said: str) -> None:
        words = said.phrase if isinstance(said, Noted) else shown(said, 200)
        super().__init__(*told("system_refused", system=system, said=words))
        self.name = name
        self.said = said


def refused_alone(
    wanted: Sequence[T],
    write: Callable[[Sequence[T]], object],
    left: Callable[[Sequence[T]], Sequence[T]] = lambda tried: tried,
) -> list[tuple[T, Refused]]:
    """Write all in one call, and halve a batch that the system refuses: those that it refuses alone, with its words.

    `write` raises Refused when it did nothing. `left`: what of a refused batch is still to be done, where another may
    have done some of it in between.
    """

    def attempt(some: Sequence[T]) -> Refused | None:
        try:
            write(some)
        except Refused as refusal:
            return refusal
        return None

    return refusals(wanted, attempt, left)


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
            raise BadAnswer(*told("list_no_records", what=what))
        yield from page
        if len(page) < size:
            return
        following = page[-1].get("id")
        if not isinstance(following, int) or following <= last:
            raise BadAnswer(*told("list_stuck", what=what, last=str(last)))
        last = following
    raise BadAnswer(*told("list_endless", what=what, most=MOST_PAGES * size))


@dataclass(frozen=True, slots=True)
class Call:
    """One call: to which system, named how, both for people; after one that `writes` a lost answer is Uncertain."""

    system: str
    name: str
    writes: bool = False


def send(request: Callable[[], httpx2.Response], call: Call) -> httpx2.Response:
    """The answer to a request, whatever its status. Raises what a lost answer means for such a call."""
    began = time.monotonic()
    try:
        answer = request()
    except httpx2.RequestError as lost:
        log.info("%s %s got no answer: %s", call.system, call.name, type(lost).__name__)
        raise no_answer(lost, call) from lost
    log.debug("%s %s answered %d in %.3f s", call.system, call.name, answer.status_code, time.monotonic() - began)
    return answer


def no_answer(lost: httpx2.RequestError, call: Call) -> KontobroError:
    """A connection that was never made carried nothing; all else may have had its effect."""
    system = call.system
    if isinstance(lost, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return Unreachable(*told("system_unreachable", system=system))
    if call.writes:
        return Uncertain(*told("answer_lost", system=system, call=call.name))
    if isinstance(lost, AnswerTooLarge):
        return BadAnswer(*told("answer_too_large", system=system, call=call.name, most=lost.most))
    if isinstance(lost, httpx2.DecodingError):
        return BadAnswer(*told("answer_compressed", system=system, call=call.name))
    if isinstance(lost, httpx2.TimeoutException):
        return Timeout(*told("no_answer_in_time", system=system, call=call.name))
    return Unreachable(*told("connection_broke", system=system, call=call.name))


def of_gateway(answer: httpx2.Response, call: Call) -> KontobroError:
    """Something in front of the system answered in its place. That says nothing of any setting."""
    system, code = call.system, answer.status_code
    if call.writes:
        what = Phrase("gateway_a_page") if answer.is_success else Phrase("gateway_http", {"code": str(code)})
        return Uncertain(*told("gateway_wrote", call=call.name, what=what, system=system))
    if answer.is_success:
        return Unreachable(*told("gateway_page", system=system))
    return Unreachable(*told("gateway_status", code=str(code), system=system))


def require_few_values(answer: httpx2.Response, call: Call) -> None:
    """Before an answer is decoded, which nothing can interrupt. Raises BadAnswer, after a write Uncertain."""
    if sum(map(answer.content.count, (b",", b"[", b"{"))) > MOST_MARKS:
        raise _unreadable(answer, call, told("answer_values", system=call.system, call=call.name))


def decoded(answer: httpx2.Response, call: Call) -> Any:
    """An answer in JSON, its numbers exact. What is no JSON is not the system's own: a page of what is in front of
    it, or half an answer."""
    require_few_values(answer, call)
    try:
        return _decoder.decode(answer.content)
    except (msgspec.ValidationError, RecursionError) as error:
        raise _unreadable(answer, call, told("answer_nested", system=call.system)) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise of_gateway(answer, call) from error


def _unreadable(answer: httpx2.Response, call: Call, words: Said) -> KontobroError:
    """After a write, what was done is not known."""
    return of_gateway(answer, call) if call.writes else BadAnswer(*words)


def fault_of(answer: httpx2.Response, call: Call, own: Mapping[int, KontobroError]) -> KontobroError | None:
    """What an answer other than success means by its status; `own` are the system's own words for some.

    A gateway's is Unreachable, after a write Uncertain; 429 is RateLimited, as long as `Retry-After` says. None for a
    status that says nothing.
    """
    code = answer.status_code
    if code in GATEWAY or code > _OWN_FAULT:
        return of_gateway(answer, call)
    if code == _TOO_MANY:
        return RateLimited(*told("system_rate_limit", system=call.system), retry_after(answer))
    return own.get(code)


def retry_after(answer: httpx2.Response) -> float | None:
    """Seconds that the system asks to wait, when it says so; an hour at most."""
    given = answer.headers.get("Retry-After", "")
    return min(float(given[:9]), LONGEST_WAIT) if given.isascii() and given.isdecimal() else None


def needed(right: Phrase, group: str) -> Phrase:
    """A right that a user lacks, with the group that gives it."""
    return Phrase("right_of_group", {"right": right, "group": group})


def address_of(options: Mapping[str, str], system: str) -> str:
    """The option `url`. A key or a password leaves this machine only encrypted: raises Misconfigured."""
    url = options.get("url", "").rstrip("/")
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and local))):
        raise Misconfigured(*told("address_not_usable", system=system, url=shown(url)))
    return url
