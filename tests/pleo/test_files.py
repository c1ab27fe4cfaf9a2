"""Receipts: without our credentials, within their limit, and nowhere else than allowed."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from kontobro.core.errors import ReceiptUnavailable, Timeout, TooLarge, Unreachable
from kontobro.pleo.http.files import LIMITS, Files, open_files
from tests.support.scripted_pleo import Stage, a_connection

GET, URL = "GET /r", "https://files.test/r?X-Signature=presigned-secret"


def content(body: bytes, status: int = 200, **headers: str) -> httpx2.Response:
    return httpx2.Response(
        status, content=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def files(*, local: bool = False, behind: str = "93.184.216.34") -> Files:
    """A fetcher that would really connect: what it refuses, it refuses before that."""
    return open_files("http://127.0.0.1:1" if local else "https://pleo.test", resolve=lambda host, port: [behind])


def test_the_bytes_come_without_credentials_or_cookies() -> None:
    stage = Stage().on(GET, content(b"%PDF-", set_cookie="id=1; Path=/"))
    client = stage.client()
    assert [client.fetch(URL, 5), client.fetch(URL, 5)] == [b"%PDF-", b"%PDF-"]
    for asked in stage.asked:
        assert "authorization" not in asked.headers
        assert "cookie" not in asked.headers


def test_a_receipt_over_its_limit_is_not_taken() -> None:
    stage = Stage().on(GET, content(b"123456"))
    with pytest.raises(TooLarge) as caught:
        stage.client().fetch(URL, 5)
    assert caught.value.limit == 5
    assert len(stage.asked) == 1


def test_a_receipt_that_hides_its_length_is_read_no_further_than_its_limit() -> None:
    sent: list[int] = []

    class Endless(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for number in range(1000):
                sent.append(number)
                yield b"x" * 65536

    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, stream=Endless()))
    with pytest.raises(TooLarge):
        open_files("https://pleo.test", transport=transport).fetch(URL, 200_000)
    assert len(sent) < 10


def test_a_receipt_that_drips_is_given_up() -> None:
    """How long the client itself allows is held in `tests/net/test_limits.py`."""

    def dripping(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("the answer took too long", request=request)

    with pytest.raises(Timeout, match=r"files\.test"):
        open_files("https://pleo.test", transport=httpx2.MockTransport(dripping)).fetch(URL, 10**9)
    assert LIMITS.seconds <= 120


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_stale_link_is_said_with_its_remedy_and_without_its_secret(status: int) -> None:
    stage = Stage().on(GET, content(b"<Error>expired</Error>", status))
    with pytest.raises(ReceiptUnavailable) as caught:
        stage.client().fetch(URL, 5)
    assert f"status {status}" in caught.value.message
    assert "24 hours" in caught.value.remedy
    assert "presigned" not in str(caught.value)
    assert len(stage.asked) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [(content(b"", 503), Unreachable), (httpx2.ReadTimeout("slow"), Timeout), (httpx2.ConnectError("no"), Unreachable)],
)
def test_a_host_that_fails_is_tried_again(fault: httpx2.Response | Exception, error: type[Exception]) -> None:
    stage = Stage().on(GET, fault, content(b"ok"))
    assert stage.client().fetch(URL, 5) == b"ok"
    stage.on(GET, fault)
    with pytest.raises(error, match=r"files\.test"):
        stage.client().fetch(URL, 5)


def test_a_redirect_is_followed_a_few_times() -> None:
    stage = Stage().on(GET, content(b"", 302, location="/elsewhere?sig=1")).on("GET /elsewhere", content(b"ok"))
    assert stage.client().fetch(URL, 5) == b"ok"
    stage.on("GET /elsewhere", content(b"", 302, location="/r"))
    with pytest.raises(ReceiptUnavailable, match="too often"):
        stage.client().fetch(URL, 5)


TUNNELS = ["[64:ff9b::7f00:1]", "[2002:a00:8::]", "[::127.0.0.1]", "224.0.0.1"]
INSIDE = ["127.0.0.1", "10.0.0.8", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"]


@pytest.mark.parametrize(
    "address", [*INSIDE, "[::1]", "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.8]", *TUNNELS, "localhost"]
)
@pytest.mark.parametrize("hop", [False, True])
def test_private_addresses_are_refused_on_every_hop(address: str, hop: bool) -> None:
    stage = Stage().on(GET, content(b"", 302, location=f"https://{address}/r"))
    start = "https://files.test/r" if hop else f"https://{address}/r"
    with pytest.raises(ReceiptUnavailable, match="private network"):
        stage.client().fetch(start, 5)
    assert len(stage.asked) == int(hop)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "::ffff:127.0.0.1", "fe80::1%eth0"])
def test_names_that_lead_inside_are_refused(address: str) -> None:
    with pytest.raises(ReceiptUnavailable, match="private network"):
        files(behind=address).fetch(URL, 5)


@pytest.mark.parametrize(
    "url",
    ["http://files.test/r", "file:///etc/passwd", "ftp://files.test/r", "/r", "", "https://", "http://[", "data:,x"],
)
@pytest.mark.parametrize("local", [True, False])
def test_other_schemes_are_refused(url: str, local: bool) -> None:
    with pytest.raises(ReceiptUnavailable):
        files(local=local).fetch(url, 5)


def test_beside_a_sandbox_loopback_is_fine() -> None:
    stage = Stage().on(GET, content(b"ok"))
    client = stage.client(a_connection(api_url="http://127.0.0.1:8787"))
    assert client.fetch("http://127.0.0.1:8787/r", 5) == b"ok"
    assert client.fetch("http://localhost:8787/r", 5) == b"ok"
    assert client.fetch("https://files.test/r", 5) == b"ok"
