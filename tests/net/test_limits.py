"""No answer fills the memory or holds a call for ever: decompressed size, endless bodies, dripping ones, numbers."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.net.client import MOST_BYTES, BoundedTransport, open_client
from kontobro.net.deadline import seconds_left, time_limit
from kontobro.net.limits import MOST_DIGITS, AnswerTooLarge, Limits, bounded_decimal, is_reasonable, read_bounded
from tests.support.bad_servers import answering, listening, request_of

MOST = 1_000_000
LIMITS = Limits(seconds=60, most_bytes=MOST)


def bomb(size: int) -> bytes:
    """So many zeros as gzip, made without holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = [packer.compress(bytes(100_000)) for _ in range(size // 100_000)]
    return b"".join([*packed, packer.flush()])


def test_a_gzip_bomb_is_read_no_further_than_its_limit() -> None:
    packed = bomb(200_000_000)
    assert len(packed) < 300_000
    with (
        listening(answering(packed, "Content-Encoding: gzip")) as server,
        open_client(LIMITS, trust_env=False) as http,
        pytest.raises(AnswerTooLarge),
    ):
        http.get(f"http://127.0.0.1:{server.port}/")


def test_what_is_packed_well_is_unpacked() -> None:
    body = b'{"version": "19.0"}'
    with (
        listening(answering(gzip.compress(body), "Content-Encoding: gzip")) as server,
        open_client(LIMITS, trust_env=False) as http,
    ):
        answer = http.get(f"http://127.0.0.1:{server.port}/")
    assert answer.content == body
    assert answer.json() == {"version": "19.0"}


@pytest.mark.parametrize("head", [b"Transfer-Encoding: chunked\r\n", b""])
def test_a_body_without_end_ends(head: bytes) -> None:
    sent = 0

    def talk(connection: socket.socket) -> None:
        nonlocal sent
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        piece = b"x" * 65536
        while True:
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if head else piece)
            sent += len(piece)

    with (
        listening(talk) as server,
        open_client(LIMITS, trust_env=False) as http,
        pytest.raises(AnswerTooLarge),
    ):
        http.get(f"http://127.0.0.1:{server.port}/")
    assert sent < 20 * MOST


def test_an_announced_length_is_believed_at_once() -> None:
    def talk(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999999\r\n\r\nx")

    with listening(talk) as server, open_client(LIMITS, trust_env=False) as http, pytest.raises(AnswerTooLarge):
        http.get(f"http://127.0.0.1:{server.port}/")


def dripping(first: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    """Sends a byte at a time for ever: no single wait is long."""

    def talk(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(first)
        pause = threading.Event()
        while True:
            connection.sendall(drop)
            pause.wait(0.02)

    return talk


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"", b"H"),
    ],
)
def test_an_answer_that_drips_is_a_timeout_whatever_each_byte_takes(first: bytes, drop: bytes) -> None:
    with (
        listening(dripping(first, drop)) as server,
        open_client(Limits(0.3, MOST), trust_env=False, timeout=30) as http,
        pytest.raises((httpx2.ReadTimeout, httpx2.RemoteProtocolError)),
    ):
        http.get(f"http://127.0.0.1:{server.port}/")


def test_a_name_that_is_looked_up_for_ever_is_a_timeout() -> None:
    from kontobro.net.addresses import NetworkPolicy

    never = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        never.wait(30)
        return []

    policy = NetworkPolicy(resolve=resolve)
    with open_client(Limits(0.2, MOST), policy, trust_env=False) as http, pytest.raises(httpx2.ConnectTimeout):
        http.get("http://slow.example/")
    never.set()


class Dripping(httpx2.SyncByteStream):
    """Each piece takes a second of the clock."""

    def __init__(self, clock: list[float]) -> None:
        self.clock, self.sent = clock, 0

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.clock[0] += 1
            self.sent += 1
            yield b"x"


def test_the_clock_alone_decides_how_long_a_call_lasts() -> None:
    clock = [0.0]
    stream = Dripping(clock)
    inner = httpx2.MockTransport(lambda request: httpx2.Response(200, stream=stream))
    transport = BoundedTransport(inner, Limits(30, MOST), lambda: clock[0])
    with pytest.raises(httpx2.ReadTimeout):
        transport.handle_request(httpx2.Request("GET", "http://x.example/"))
    assert stream.sent == 30


def test_a_person_s_limit_ends_calls_before_their_own() -> None:
    clock = [0.0]
    stream = Dripping(clock)
    inner = httpx2.MockTransport(lambda request: httpx2.Response(200, stream=stream))
    transport = BoundedTransport(inner, Limits(30, MOST), lambda: clock[0])
    with time_limit(5, lambda: clock[0]), pytest.raises(httpx2.ReadTimeout):
        transport.handle_request(httpx2.Request("GET", "http://x.example/"))
    assert stream.sent == 5


def test_limits_nest_and_end() -> None:
    clock = lambda: 0.0  # noqa: E731
    assert seconds_left(clock) is None
    with time_limit(5, clock):
        with time_limit(50, clock):
            assert seconds_left(clock) == 5
        with time_limit(2, clock):
            assert seconds_left(clock) == 2
        assert seconds_left(clock) == 5
    assert seconds_left(clock) is None


def test_a_request_may_bring_its_own_limit() -> None:
    with (
        listening(answering(b"x" * 11)) as server,
        open_client(LIMITS, trust_env=False) as http,
        pytest.raises(AnswerTooLarge),
    ):
        http.get(f"http://127.0.0.1:{server.port}/", extensions={MOST_BYTES: 10})


@pytest.mark.parametrize(
    ("body", "coding"), [(bomb(20_000_000), "gzip"), (b"x" * 2_000_000, ""), (b"no gzip", "gzip"), (b"?", "br")]
)
def test_of_a_refusal_the_status_counts_whatever_page_is_around_it(body: bytes, coding: str) -> None:
    with (
        listening(answering(body, f"Content-Encoding: {coding}", status="502 Bad Gateway")) as server,
        open_client(LIMITS, trust_env=False) as http,
    ):
        answer = http.get(f"http://127.0.0.1:{server.port}/")
    assert (answer.status_code, answer.content) == (502, b"")


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_a_compression_that_nobody_asked_for_is_refused(coding: str) -> None:
    with pytest.raises(httpx2.DecodingError):
        read_bounded([b"x"], coding, 10)


def test_half_a_packed_answer_is_a_broken_connection() -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        read_bounded([gzip.compress(b"x" * 1000)[:-9]], "gzip", 10_000)
    assert read_bounded([], "gzip", 10) == b""


@given(st.binary(max_size=300), st.integers(0, 300), st.integers(1, 50))
def test_what_fits_is_read_whole_and_what_does_not_is_refused(body: bytes, most: int, size: int) -> None:
    packed = gzip.compress(body)
    for coding, whole in (("", body), ("gzip", packed)):
        pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
        if len(body) <= most:
            assert read_bounded(pieces, coding, most) == body
        else:
            with pytest.raises(AnswerTooLarge):
                read_bounded(pieces, coding, most)


@pytest.mark.parametrize(
    "text",
    [
        "1E+999999999",
        "1e-999999999",
        "0E+999999999",
        "NaN",
        "Infinity",
        "9" * 100_000,
        "0." + "1" * 5000,
        "x",
        "1" * 61,
    ],
)
def test_numbers_that_nobody_can_write_out_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        bounded_decimal(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**20), max_value=10**20))
def test_amounts_and_rates_come_through_digit_by_digit(number: Decimal) -> None:
    assert str(bounded_decimal(str(number))) == str(number)
    assert is_reasonable(number)
    assert len(f"{number:f}") < 3 * MOST_DIGITS
