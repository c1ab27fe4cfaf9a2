"""S3 and what speaks its API: an object is written whole or not at all, and only where none exists (`If-None-Match`).

Four calls over our own client: s3fs and boto bring clients that look names up themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx2

from kontobro.core.errors import BadAnswer, KontobroError, LoginFailed, Misconfigured, Unreachable, shown
from kontobro.core.ports.delivery import FileToDeliver
from kontobro.core.words import told
from kontobro.delivery.address import Address
from kontobro.delivery.filed import digest_of, is_ours_to_hide, require_same
from kontobro.delivery.http import SECONDS, Web, body_of, elements, open_web
from kontobro.delivery.signature import Key, signed
from kontobro.net.addresses import NetworkPolicy, literal

Now = Callable[[], datetime]
_LOGIN: Final = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"})
_ELSEWHERE: Final = frozenset({"PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed"})
_LISTED: Final = frozenset({"Key", "NextContinuationToken"})


@dataclass(frozen=True, slots=True)
class Bucket:
    """`url` of the bucket (path style, which AWS and all others answer), `prefix` empty or with its slash."""

    url: str
    prefix: str
    key: Key


def bucket_of(address: Address, secret: str) -> Bucket:
    """Raises Misconfigured for an endpoint that is not encrypted or no address."""
    region = address.options.get("region", "us-east-1")
    endpoint = address.options.get("endpoint", f"https://s3.{region}.amazonaws.com").rstrip("/")
    if not region.replace("-", "").isalnum() or not region.isascii() or not _is_usable(endpoint):
        raise Misconfigured(*told("s3_endpoint_wrong", endpoint=shown(endpoint), region=shown(region)))
    prefix = f"{address.path.lstrip('/')}/" if address.path else ""
    return Bucket(f"{endpoint}/{quote(address.host)}", prefix, Key(id=address.user, secret=secret, region=region))


def _is_usable(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        plain = not (parts.path or parts.query or parts.username or parts.port == 0)
    except ValueError:
        return False
    host = parts.hostname or ""
    local = host == "localhost" or literal(host) in ("127.0.0.1", "::1")
    return plain and bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and local))


@contextmanager
def open_s3(bucket: Bucket, place: str, network: NetworkPolicy, now: Now, seconds: float = SECONDS) -> Iterator[S3]:
    with open_web(network, seconds) as client:
        yield S3(Web(client, place, _explained), bucket, now)


@dataclass(frozen=True, slots=True)
class S3:
    web: Web
    bucket: Bucket
    now: Now

    def read(self, name: str) -> Iterator[bytes]:
        url = self._url(name)
        yield from self.web.read(url, partial(self._signed, "GET", url))

    def put(self, file: FileToDeliver) -> None:
        """The signature holds the content's digest: S3 refuses what arrives otherwise."""
        headers = {
            "content-length": str(file.size),
            "content-type": "application/octet-stream",
            "if-none-match": "*",
            "x-amz-content-sha256": file.sha256,
        }
        file.arriving()
        answer = self._call("PUT", self._url(file.name), (200, 409, 412, 501), headers, **body_of(file))
        if answer.status_code == 412:
            raise FileExistsError(file.name)
        if answer.status_code == 409:
            raise Unreachable(*told("s3_writing", place=self.web.place, name=file.name))
        if answer.status_code == 501:
            raise Misconfigured(*told("s3_overwrites", place=self.web.place))
        require_same(digest_of(self, file.name, file.size), file)

    def remove(self, name: str) -> None:
        self._call("DELETE", self._url(name), (200, 204))

    def names(self) -> Iterator[str]:
        token = ""
        while True:
            query = {"list-type": "2", "prefix": self.bucket.prefix, **({"continuation-token": token} if token else {})}
            # a blank as %20: S3 signs no plus
            answer = self._call("GET", f"{self.bucket.url}?{urlencode(query, quote_via=quote)}", (200,))
            found = elements(answer.content, _LISTED, self.web.place)
            keys = (text.removeprefix(self.bucket.prefix) for element, text in found if element == "Key")
            for name in keys:
                if name.count("/") < 2 and not name.endswith("/") and not is_ours_to_hide(name.rpartition("/")[2]):
                    yield name
            following = next((text for element, text in found if element == "NextContinuationToken"), "")
            if not following or following == token:
                return
            token = following

    def _url(self, name: str) -> str:
        return f"{self.bucket.url}/{quote(self.bucket.prefix + name)}"

    def _signed(self, method: str, url: str, headers: Mapping[str, str]) -> dict[str, str]:
        return signed(method, url, headers, self.bucket.key, self.now())

    def _call(
        self, method: str, url: str, expected: tuple[int, ...], headers: Mapping[str, str] | None = None, **body: Any
    ) -> httpx2.Response:
        return self.web.call(method, url, expected, self._signed(method, url, headers or {}), **body)


def _explained(answer: httpx2.Response) -> KontobroError | None:
    """What S3 says in the code of its error; the statuses alone don't tell a wrong key from a missing right."""
    try:
        code = next((text for _, text in elements(answer.content, frozenset({"Code"}), "S3")), "")
    except BadAnswer:
        return None
    if code in _LOGIN:
        return LoginFailed(*told("s3_login_refused", code=code))
    if code in _ELSEWHERE:
        return Misconfigured(*told("s3_region_other"))
    if code == "NoSuchBucket":
        return Misconfigured(*told("s3_bucket_missing"))
    if code == "RequestTimeTooSkewed":
        return Misconfigured(*told("s3_clock"))
    return None
