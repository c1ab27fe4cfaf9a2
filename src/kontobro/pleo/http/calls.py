"""One call to Pleo: paced, counted, tried again where that is safe, its faults in the core's words."""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar
from weakref import WeakKeyDictionary

import httpx2
import msgspec
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from kontobro import __version__
from kontobro.core.dialect import Dialect
from kontobro.core.errors import BadAnswer, KontobroError, RateLimited, Uncertain, Unreachable
from kontobro.core.ports import LONGEST_PLEO_CALL, Clock
from kontobro.core.words import part_of, told
from kontobro.net.deadline import seconds_left, time_limit
from kontobro.net.limits import AnswerTooLarge
from kontobro.pleo.documented.drift import Seen
from kontobro.pleo.http.endpoints import Endpoint
from kontobro.pleo.http.faults import (
    is_page,
    may_have_arrived,
    of_answer,
    of_network,
    of_page,
    with_failure,
)

T = TypeVar("T")
Params = Mapping[str, str | int | Sequence[str]]

ATTEMPTS: Final = 5
PATIENCE: Final = timedelta(seconds=90)
CALLS_A_MINUTE: Final = 500
"""Pleo allows 600 and asks for 500 (`pleo/api.md` K)."""
WINDOW_SECONDS: Final = 62
"""A little more than a minute: a slow call and then a fast one come closer together than they left."""
LARGEST_PAGE: Final = 100
"""Entries a page: the most that Pleo's documents show anywhere."""
MEDIA_TYPE: Final = "application/json;charset=UTF-8"
USER_AGENT: Final = f"kontobro/{__version__}"
_LABEL: Final = "kontobro.endpoint"
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
"""Decimals leave as JSON numbers, digit by digit."""

log = logging.getLogger(__name__)


class Paced(Protocol):
    """What a call waits for before it leaves. Raises Unreachable when it can't be known."""

    def wait(self, clock: Clock) -> None: ...


class Watching(Protocol):
    """What sees each call that leaves, and each answer. It raises nothing (`pleo/documented/news.py`)."""

    def left(self, call: str) -> None: ...

    def answered(self, seen: Seen) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How calls leave. `transport` stands in for the network; `dialect` is other than the environment's own.

    `pace` is one that several processes share; without it all clients of the connection in this process share one.
    No call is repeated later than `patience` after it first left. `methods`: the only ones that may leave for Pleo's
    API (a login is renewed all the same); None: all. `watch` looks at what comes.
    """

    transport: httpx2.BaseTransport | None = None
    pace: Paced | None = None
    patience: timedelta = PATIENCE
    dialect: Dialect | None = None
    methods: frozenset[str] | None = None
    watch: Watching | None = None


DIRECT: Final = Ways()


def rest(clock: Clock, seconds: float) -> None:
    """Sleep until the next call may leave. Raises RateLimited when a person waits who would not wait so long."""
    left = seconds_left()
    if left is not None and seconds >= left:
        fault = RateLimited(*told("pleo_asked_too_often"), retry_after=seconds)
        raise with_failure(fault, "pleo_rate_limit")
    clock.sleep(seconds)


class Pace:
    """At most so many calls a minute: `wait` sleeps until the next one may leave. Shared by clients and threads."""

    def __init__(self, calls_a_minute: int = CALLS_A_MINUTE) -> None:
        self._lock = threading.Lock()
        self._left: deque[datetime] = deque(maxlen=calls_a_minute)

    def wait(self, clock: Clock) -> None:
        # A few waits, not for ever: Pleo's own 429 is the authority, and a stopped clock must not hang us.
        for _ in range(3):
            seconds = self._until_free(clock)
            if seconds <= 0:
                return
            rest(clock, seconds)

    def _until_free(self, clock: Clock) -> float:
        """Take a place and answer 0, or the seconds until one is free."""
        with self._lock:
            now = clock.now()
            while self._left and self._left[-1] > now:  # the clock was put back
                self._left.pop()
            if len(self._left) == self._left.maxlen:
                seconds = WINDOW_SECONDS - (now - self._left[0]).total_seconds()
                if seconds > 0:
                    return seconds
            self._left.append(now)  # the oldest goes where all places are taken
            return 0.0


_PACES: WeakKeyDictionary[Clock, dict[str, Pace]] = WeakKeyDictionary()
_PACES_LOCK: Final = threading.Lock()


def shared_pace(connection_id: str, clock: Clock) -> Pace:
    """The one pace of a connection in this process: all clients of a credential share Pleo's limit.

    It outlives its clients, so that opening a new one does not start a new minute; it ends with its clock.
    """
    with _PACES_LOCK:
        return _PACES.setdefault(clock, {}).setdefault(connection_id, Pace())


def persist(clock: Clock, attempt: Callable[[], T], patience: timedelta = PATIENCE) -> T:
    """Try a repeatable call until it works, ATTEMPTS times within `patience`; then its last fault.

    Only Unreachable and its kinds are tried again. Sleeping goes by the clock; a `time_limit` around us ends it too.
    """
    deadline = clock.now() + patience

    def enough(state: RetryCallState) -> bool:
        wakes = clock.now() + timedelta(seconds=state.upcoming_sleep)
        left = seconds_left()
        waited_for = left is not None and state.upcoming_sleep >= left
        return state.attempt_number >= ATTEMPTS or wakes > deadline or waited_for

    retrying = Retrying(
        retry=retry_if_exception_type(Unreachable), wait=_pause, stop=enough, sleep=clock.sleep, reraise=True
    )
    return retrying(attempt)


def _pause(state: RetryCallState) -> float:
    """Seconds before the next try: what Pleo asked for, else exponential with jitter."""
    fault = state.outcome.exception() if state.outcome else None
    longer = 2.0 ** (state.attempt_number - 1)
    if isinstance(fault, RateLimited):
        return 5.0 * longer if fault.retry_after is None else fault.retry_after
    return 0.5 * longer * random.uniform(1.0, 1.5)  # noqa: S311 - jitter, no secret


def uncertain(endpoint: Endpoint, fault: KontobroError) -> Uncertain:
    """A create whose answer can't be known. The caller reads again before it creates anything."""
    return with_failure(
        Uncertain(*told("pleo_uncertain", call=endpoint.name, why=part_of(fault.message))), fault.job_failure
    )


class Calls:
    """The way to Pleo's API. `counts`: requests that left, by endpoint name (repeats and refused ones too).

    `limited`: how many of them Pleo answered with 429. `page_size`: entries a page, less once Pleo has refused so many.
    """

    def __init__(
        self,
        http: httpx2.Client,
        auth: httpx2.Auth,
        clock: Clock,
        ways: Ways = DIRECT,
    ) -> None:
        self.dialect = ways.dialect or Dialect()
        self.page_size = LARGEST_PAGE
        self._http, self._auth, self._clock, self._patience = http, auth, clock, ways.patience
        self._pace, self._watch = ways.pace or Pace(), ways.watch
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.limited = 0
        http.event_hooks["request"].append(self._leaves)

    def once(
        self, endpoint: Endpoint, *, id: str = "", params: Params | None = None, body: object = None
    ) -> httpx2.Response:
        """One attempt; the answer, if it is a success. Raises the core's errors."""
        content = None if body is None else _ENCODER.encode(body)
        request = self._http.build_request(
            endpoint.method,
            endpoint.path(id),
            params=self._spelled(params),
            content=content,
            headers={"Content-Type": MEDIA_TYPE} if content is not None else None,
            extensions={_LABEL: endpoint.name},
        )
        response = self._send(request, endpoint)
        if is_page(response) and response.status_code != 429:
            raise of_page(response, endpoint.name)
        expected = response.is_success or response.status_code in endpoint.lacking
        if not expected:
            raise of_answer(response, endpoint, self._clock.now())
        return response

    def again(
        self, endpoint: Endpoint, *, id: str = "", params: Params | None = None, body: object = None
    ) -> httpx2.Response:
        """Several attempts: for calls that Pleo may see twice without harm."""
        return self.persist(lambda: self.once(endpoint, id=id, params=params, body=body))

    def create(
        self, endpoint: Endpoint, *, id: str = "", params: Params | None = None, body: object = None
    ) -> httpx2.Response:
        """A write that Pleo must not see twice: again only while it can't have acted, else Uncertain."""

        def attempt() -> httpx2.Response:
            try:
                return self.once(endpoint, id=id, params=params, body=body)
            except Unreachable as fault:
                if may_have_arrived(fault):
                    raise uncertain(endpoint, fault) from fault
                raise

        return self.persist(attempt)

    def close(self) -> None:
        self._http.close()

    def persist(self, attempt: Callable[[], T]) -> T:
        with time_limit(LONGEST_PLEO_CALL.total_seconds()):
            return persist(self._clock, attempt, self._patience)

    def count(self, name: str) -> None:
        with self._lock:
            self.counts[name] += 1

    def _spelled(self, params: Params | None) -> Params | None:
        """Query parameters as this Pleo names them; elsewhere the company's is always `company_id`."""
        if params is None:
            return None
        return {self.dialect.company_key if name == "company_id" else name: value for name, value in params.items()}

    def _send(self, request: httpx2.Request, endpoint: Endpoint) -> httpx2.Response:
        sent = self._clock.now()
        try:
            response = self._http.send(request, auth=self._auth)
        except AnswerTooLarge as error:
            raise BadAnswer(*told("pleo_answer_large", call=endpoint.name, most=error.most)) from error
        except httpx2.DecodingError as error:
            raise BadAnswer(*told("pleo_answer_compressed", call=endpoint.name)) from error
        except httpx2.RequestError as error:
            log.info("pleo %s got no answer: %s", endpoint.name, type(error).__name__)
            raise of_network(error, "Pleo") from error
        if response.status_code == 429:
            with self._lock:
                self.limited += 1
        if self._watch:
            self._watch.answered(_seen(response, endpoint))
        seconds = (self._clock.now() - sent).total_seconds()
        log.debug("pleo %s answered %d in %.3f s", endpoint.name, response.status_code, seconds)
        return response

    def _leaves(self, request: httpx2.Request) -> None:
        self._pace.wait(self._clock)
        name = str(request.extensions.get(_LABEL, "other"))
        self.count(name)
        if self._watch:
            self._watch.left(name)


def _seen(response: httpx2.Response, endpoint: Endpoint) -> Seen:
    return Seen(
        call=endpoint.name,
        status=response.status_code,
        media_type=response.headers.get("content-type", "").split(";")[0].strip().lower(),
        has_pause="retry-after" in response.headers,
        content=response.content,
    )
