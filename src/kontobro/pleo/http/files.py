"""Receipts: fetched from the address that Pleo gave, without our credentials, and no further than allowed."""

from __future__ import annotations

import logging
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx2

from kontobro.core.errors import ReceiptUnavailable, TooLarge, Unreachable
from kontobro.core.words import Noted, Phrase, told
from kontobro.net.addresses import ANYWHERE, NetworkPolicy, PrivateAddress, Resolve, is_public, look_up
from kontobro.net.client import MOST_BYTES, open_client
from kontobro.net.deadline import time_limit
from kontobro.net.limits import AnswerTooLarge, Limits
from kontobro.pleo.http.calls import USER_AGENT
from kontobro.pleo.http.environments import is_local
from kontobro.pleo.http.faults import of_network, with_failure

HOPS: Final = 3
LIMITS: Final = Limits(seconds=120.0, most_bytes=30 * 1024 * 1024)
"""The longest that one receipt may take: a host that drips bytes never trips the read timeout."""
STALE: Final = Noted(Phrase("receipt_stale"))


def no_cookies() -> CookieJar:
    """A jar that takes nothing."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


class _NoQueries(logging.Filter):
    """httpx2 logs every address at INFO, and a receipt's address is its own password: only its start may be shown."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                part.copy_with(query=None, fragment=None) if isinstance(part, httpx2.URL) else part
                for part in record.args
            )
        return True


_NO_QUERIES: Final = _NoQueries()


def open_files(api_url: str, *, transport: httpx2.BaseTransport | None = None, resolve: Resolve = look_up) -> Files:
    """A fetcher of its own: no credentials, no cookies, and beside the sandbox alone the local network.

    An address in Pleo's answer must not make us read a cloud's metadata service or a router's page and file it as a
    receipt. `transport` stands in for the network, `resolve` for the names in it.
    """
    logging.getLogger("httpx2").addFilter(_NO_QUERIES)
    local = is_local(api_url)
    http = open_client(
        LIMITS,
        ANYWHERE if local else NetworkPolicy(is_public, resolve),
        transport=transport,
        trust_env=not local,
        timeout=httpx2.Timeout(30.0, connect=10.0),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        cookies=no_cookies(),
    )
    return Files(http, local=local)


class Files:
    """Fetches receipts. `local`: Pleo's API itself is on this machine (sandbox, tests)."""

    def __init__(self, http: httpx2.Client, *, local: bool) -> None:
        self._http, self._local = http, local

    def close(self) -> None:
        self._http.close()

    def fetch(self, url: str, limit: int) -> bytes:
        """The bytes. Raises TooLarge, ReceiptUnavailable, Unreachable, Timeout.

        The URL is its own password (presigned): messages name the host alone.
        """
        with time_limit(LIMITS.seconds):
            return self._fetched(_parsed(url), limit)

    def _fetched(self, target: httpx2.URL, limit: int) -> bytes:
        """From there, or from where it is said to be instead."""
        for _ in range(HOPS + 1):
            self._permit(target)
            answer = self._get(target, limit)
            if isinstance(answer, bytes):
                return answer
            target = answer
        raise ReceiptUnavailable(Phrase("receipt_redirected", {"host": target.host}), STALE)

    def _get(self, target: httpx2.URL, limit: int) -> bytes | httpx2.URL:
        """The bytes, or where they are said to be instead."""
        request = self._http.build_request("GET", target, extensions={MOST_BYTES: limit})
        try:
            response = self._http.send(request, follow_redirects=False)
            if response.has_redirect_location:
                return target.join(response.headers["location"])
        except PrivateAddress as error:
            raise _private(target.host) from error
        except AnswerTooLarge as error:
            raise TooLarge(limit) from error
        except httpx2.InvalidURL as error:
            raise ReceiptUnavailable(Phrase("receipt_redirected_nowhere", {"host": target.host}), STALE) from error
        except httpx2.DecodingError as error:
            raise ReceiptUnavailable(Phrase("receipt_compressed", {"host": target.host}), STALE) from error
        except httpx2.RequestError as error:
            raise of_network(error, Phrase("receipt_host", {"host": target.host})) from error
        _require_success(response, target.host)
        return response.content

    def _permit(self, target: httpx2.URL) -> None:
        """Refuse what is no HTTPS. Where it leads is checked by the client, as it connects."""
        http_is_fine = self._local and is_local(str(target))
        if target.scheme != "https" and not (target.scheme == "http" and http_is_fine):
            raise ReceiptUnavailable(Phrase("receipt_not_https", {"scheme": target.scheme[:10]}), STALE)
        if not target.host:
            raise ReceiptUnavailable(Phrase("receipt_no_host"), STALE)


def _private(host: str) -> ReceiptUnavailable:
    return ReceiptUnavailable(Phrase("receipt_private", {"host": host}), STALE)


def _require_success(response: httpx2.Response, host: str) -> None:
    status = response.status_code
    if status >= 500 or status in (408, 429):
        fault = Unreachable(*told("receipt_host_error", host=host, status=str(status)))
        raise with_failure(fault, "service_unreachable")
    if status != 200:
        raise ReceiptUnavailable(Phrase("receipt_status", {"host": host, "status": str(status)}), STALE)


def _parsed(url: str) -> httpx2.URL:
    try:
        return httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError) as error:
        raise ReceiptUnavailable(Phrase("receipt_no_url"), STALE) from error
