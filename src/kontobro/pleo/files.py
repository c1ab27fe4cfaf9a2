"""Receipts: fetched from the address that Pleo gave, without our credentials, and no further than allowed."""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Callable, Iterable
from datetime import timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx2

from kontobro.core.errors import ReceiptUnavailable, Unreachable
from kontobro.core.ports import Clock, TooLarge
from kontobro.pleo.calls import USER_AGENT
from kontobro.pleo.environments import is_local, trusted
from kontobro.pleo.faults import AGAIN, of_network, with_failure

HOPS: Final = 3
WHOLE: Final = timedelta(minutes=2)
"""The longest that one receipt may take: a host that drips bytes never trips the read timeout."""
STALE: Final = "Links to receipts live 24 hours: run the export again for a fresh one, or look at the receipt in Pleo."
_HOST: Final = "The receipt's host"

_CARRIES_IPV4: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))

Resolve = Callable[[str], Iterable[str]]


def no_cookies() -> CookieJar:
    """A jar that takes nothing."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


def addresses(host: str) -> Iterable[str]:
    """The addresses behind a name; none when it can't be looked up here (behind a proxy, say)."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []


class _NoQueries(logging.Filter):
    """httpx2 logs every address at INFO, and a receipt's address is its own password: only its start may stand."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                part.copy_with(query=None, fragment=None) if isinstance(part, httpx2.URL) else part
                for part in record.args
            )
        return True


_NO_QUERIES: Final = _NoQueries()


def open_files(api_url: str, clock: Clock, *, transport: httpx2.BaseTransport | None = None) -> Files:
    """A fetcher of its own: no credentials, no cookies. With a `transport` no name is looked up here."""
    logging.getLogger("httpx2").addFilter(_NO_QUERIES)
    http = httpx2.Client(
        timeout=httpx2.Timeout(30.0, connect=10.0),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        cookies=no_cookies(),
        trust_env=not is_local(api_url),
        verify=trusted(),
        transport=transport,
    )
    resolve = (lambda host: []) if transport else addresses
    return Files(http, clock, local=is_local(api_url), resolve=resolve)


class Files:
    """Fetches receipts. `local`: Pleo's API itself is on this machine (sandbox, tests)."""

    def __init__(self, http: httpx2.Client, clock: Clock, *, local: bool, resolve: Resolve = addresses) -> None:
        self._http, self._clock, self._local, self._resolve = http, clock, local, resolve

    def close(self) -> None:
        self._http.close()

    def fetch(self, url: str, limit: int) -> bytes:
        """The bytes. Raises TooLarge, ReceiptUnavailable, Unreachable, Timeout.

        The URL is its own password (presigned): messages name the host alone.
        """
        target = _parsed(url)
        for _ in range(HOPS + 1):
            self._permit(target)
            answer = self._get(target, limit)
            if isinstance(answer, bytes):
                return answer
            target = answer
        raise ReceiptUnavailable(f"The receipt at {target.host} is redirected too often.", STALE)

    def _get(self, target: httpx2.URL, limit: int) -> bytes | httpx2.URL:
        """The bytes, or where they are said to be instead."""
        try:
            with self._http.stream("GET", target, follow_redirects=False) as response:
                if response.has_redirect_location:
                    return target.join(response.headers["location"])
                _require_success(response, target.host)
                return self._read(response, limit)
        except httpx2.InvalidURL as error:
            raise ReceiptUnavailable(f"The receipt at {target.host} is redirected to no address.", STALE) from error
        except httpx2.DecodingError as error:
            raise ReceiptUnavailable(f"The receipt at {target.host} can't be decompressed.", STALE) from error
        except httpx2.RequestError as error:
            raise of_network(error, f"{_HOST} {target.host}") from error

    def _read(self, response: httpx2.Response, limit: int) -> bytes:
        announced = response.headers.get("content-length", "")
        if announced.isascii() and announced.isdecimal() and int(announced) > limit:
            raise TooLarge(limit)
        deadline = self._clock.now() + WHOLE
        content = bytearray()
        for chunk in response.iter_bytes(64 * 1024):
            content += chunk
            if len(content) > limit:
                raise TooLarge(limit)
            if self._clock.now() > deadline:
                raise ReceiptUnavailable(f"The receipt at {response.url.host} comes too slowly.", STALE)
        return bytes(content)

    def _permit(self, target: httpx2.URL) -> None:
        """Refuse addresses that only this machine's network can reach.

        An address in Pleo's answer must not make us read a cloud's metadata service or a router's page and file
        it as a receipt. The answer comes from Pleo over TLS, so the moment between this look-up and the
        connection's own is accepted. Beside the sandbox everything is on loopback, and nothing is at stake.
        """
        http_is_fine = self._local and is_local(str(target))
        if target.scheme != "https" and not (target.scheme == "http" and http_is_fine):
            raise ReceiptUnavailable(f"The receipt's address is {target.scheme[:10] or 'no'}://, not https://.", STALE)
        if not target.host:
            raise ReceiptUnavailable("The receipt's address names no host.", STALE)
        if self._local:
            return
        literal = _address(target.host)
        behind = [literal] if literal else [_address(found) for found in self._resolve(target.host)]
        if any(address is not None and not _is_public(address) for address in behind) or target.host == "localhost":
            raise ReceiptUnavailable(f"The receipt's address {target.host} is inside a private network.", STALE)


def _require_success(response: httpx2.Response, host: str) -> None:
    status = response.status_code
    if status >= 500 or status in (408, 429):
        fault = Unreachable(f"{_HOST} {host} has a fault of its own (status {status}).", AGAIN)
        raise with_failure(fault, "service_unreachable")
    if status != 200:
        raise ReceiptUnavailable(f"The receipt at {host} is not to be had (status {status}).", STALE)


def _parsed(url: str) -> httpx2.URL:
    try:
        return httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError) as error:
        raise ReceiptUnavailable("The receipt's address is no URL.", STALE) from error


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address, of an IPv4 one inside IPv6 the inner; None for a name."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return address if isinstance(address, ipaddress.IPv4Address) else _inner(address) or address


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_global and not address.is_multicast


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to: mapped, 6to4, translated (NAT64) or of the old compatible form."""
    if any(address in network for network in _CARRIES_IPV4):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
