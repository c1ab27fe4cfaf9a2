"""What WebDAV and S3 share: one bounded client under the network policy, files read in ranges, statuses as faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from xml.parsers import expat

import httpx2

from kontobro.core.errors import (
    BadAnswer,
    KontobroError,
    LoginFailed,
    Misconfigured,
    NotAllowed,
    RateLimited,
    Timeout,
    Unreachable,
)
from kontobro.core.ports.connector import LONGEST_CALL
from kontobro.core.ports.delivery import FileToDeliver
from kontobro.core.words import told
from kontobro.delivery.filed import MOST_BYTES, whole
from kontobro.net.addresses import NetworkPolicy
from kontobro.net.client import MOST_BYTES as MOST
from kontobro.net.client import open_client
from kontobro.net.limits import Limits

SECONDS: Final = 30.0
RANGE: Final = 4 * 1024 * 1024
LIMITS: Final = Limits(seconds=LONGEST_CALL.total_seconds(), most_bytes=16 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Web:
    """Calls to one place. `explain`: what an answer means there, before the general meaning of its status."""

    client: httpx2.Client
    place: str
    explain: Callable[[httpx2.Response], KontobroError | None]

    def call(
        self, method: str, url: str, expected: tuple[int, ...], headers: Mapping[str, str] | None = None, **body: Any
    ) -> httpx2.Response:
        """The answer, its status one of `expected`."""
        with lost(self.place):
            answer = self.client.request(method, url, headers=dict(headers or {}), **body)
        if answer.status_code not in expected:
            raise self.fault(method, answer)
        return answer

    def fault(self, method: str, answer: httpx2.Response) -> KontobroError:
        code, place = answer.status_code, self.place
        if (own := self.explain(answer)) is not None:
            return own
        if code == 401:
            return LoginFailed(*told("place_login_refused", place=place))
        if code == 403:
            return NotAllowed(*told("place_not_allowed", place=place, method=method))
        if code == 429:
            return RateLimited(*told("system_rate_limit", system=place))
        if code == 507 or code == 413:
            return Unreachable(*told("place_full", place=place))
        if answer.is_redirect:
            return Misconfigured(*told("place_moved", place=place))
        if code >= 500:
            return Unreachable(*told("place_answers", place=place, code=str(code)))
        return BadAnswer(*told("place_answers_method", place=place, code=str(code), method=method))

    def read(self, url: str, headers_for: Callable[[Mapping[str, str]], dict[str, str]]) -> Iterator[bytes]:
        """A file in ranges, or at once from a server that has none. `headers_for(headers)` completes them."""
        start = 0
        while True:
            headers = headers_for({"Range": f"bytes={start}-{start + RANGE - 1}", "Accept-Encoding": "identity"})
            answer = self.call("GET", url, (200, 206, 404, 416), headers, extensions=_LARGE)
            if answer.status_code == 404:
                raise FileNotFoundError(url)
            if answer.status_code == 200 and start:
                raise Unreachable(*told("place_changed", place=self.place))
            if answer.status_code == 416:
                return
            if answer.content:
                yield answer.content
            start += len(answer.content)
            if answer.status_code == 200 or start >= self._length(answer):
                return

    def _length(self, answer: httpx2.Response) -> int:
        """Of the whole file, by the `Content-Range` of a part. Raises BadAnswer without one, or for no part."""
        total = answer.headers.get("Content-Range", "").rpartition("/")[2]
        if not (total.isascii() and total.isdecimal() and len(total) < 20 and answer.content):
            raise BadAnswer(*told("place_other_part", place=self.place))
        return int(total)


_LARGE: Final = {MOST: MOST_BYTES}


@contextmanager
def open_web(network: NetworkPolicy, seconds: float, **options: Any) -> Iterator[httpx2.Client]:
    with open_client(LIMITS, network, timeout=seconds, follow_redirects=False, **options) as client:
        yield client


@contextmanager
def lost(place: str) -> Iterator[None]:
    """Deliveries are compared before they are repeated, so that a lost answer is no more than a call to repeat."""
    try:
        yield
    except httpx2.TimeoutException:
        raise Timeout(*told("place_slow", place=place)) from None
    except httpx2.ConnectError:
        raise Unreachable(*told("place_unreachable", place=place)) from None
    except httpx2.DecodingError:
        raise BadAnswer(*told("place_sends_more", place=place)) from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Unreachable(*told("place_broke", place=place, kind=type(error).__name__)) from None


def body_of(file: FileToDeliver) -> dict[str, Any]:
    """A file's content as it is sent, in pieces; its length goes into a header, or it would be sent in chunks."""
    return {"content": whole(file)}


def elements(content: bytes, wanted: frozenset[str], place: str) -> list[tuple[str, str]]:
    """The elements of those names (without a namespace) in an XML answer, in order, with their texts. Raises BadAnswer
    for what is no XML, and for a document type: entities could grow without end, or read files."""
    found: list[tuple[str, str]] = []
    texts: list[str] = []

    def start(name: str, attributes: object) -> None:
        texts.clear()
        if name.rpartition(" ")[2] in _EMPTY & wanted:
            found.append((name.rpartition(" ")[2], ""))

    def end(name: str) -> None:
        local = name.rpartition(" ")[2]
        if local in wanted - _EMPTY:
            found.append((local, "".join(texts).strip()))
        texts.clear()

    def refuse(*declared: object) -> None:
        raise BadAnswer(*told("place_document_type", place=place))

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = texts.append, refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        raise BadAnswer(*told("place_not_xml", place=place)) from None
    return found


_EMPTY: Final = frozenset({"collection"})
"""Elements whose being there says it all."""
