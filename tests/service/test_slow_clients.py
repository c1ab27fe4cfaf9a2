"""Slow clients cost a socket and no thread: pages answer while hundreds of requests and answers are unfinished."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest
from waitress.adjustments import Adjustments

from kontobro.web.server.buffered import WHOLE, Channel, close_overdue

SOURCE = str(Path(__file__).resolve().parents[2] / "src")
SLOW = 200
HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127"
BODY = b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\nlogin="
READER = b"GET /static/kontobro/vendor/tabler/tabler.min.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@contextmanager
def served(home: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """`kontobro serve` in a process of its own, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    own = {name: value for name, value in os.environ.items() if not name.startswith("KONTOBRO_")}
    given = {"PYTHONPATH": SOURCE, "KONTOBRO_HOME": str(home), "KONTOBRO_BIND": f"127.0.0.1:{port}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "kontobro.cli", "serve"], env=own | given, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert "Kontobro is at" in process.stdout.readline()
        yield port, process
    finally:
        process.kill()
        process.communicate()


def slow_client(port: int, sent: bytes) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)  # a reader that never reads
    client.connect(("127.0.0.1", port))
    client.sendall(sent)
    return client


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with served(tmp_path_factory.mktemp("slow") / "home") as (port, _):
        yield port


@pytest.mark.parametrize("sent", [HEAD, BODY, READER], ids=["heads", "bodies", "readers"])
def test_pages_answer_beside_slow_clients(service: int, sent: bytes) -> None:
    """Eight of them stopped everything while each had a thread. No tight time: it answers, or it does not."""
    with ExitStack() as clients:
        for _ in range(SLOW):
            clients.enter_context(slow_client(service, sent))
        for path in ("/healthz", "/accounts/login/"):
            assert httpx2.get(f"http://127.0.0.1:{service}{path}", timeout=20).status_code == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000000\r\n\r\n", b"413"),
    ],
    ids=["head", "body"],
)
def test_what_is_too_large_is_refused_before_it_is_read(service: int, sent: bytes, status: bytes) -> None:
    with slow_client(service, sent) as client:
        client.settimeout(20)
        assert status in client.recv(40)


def test_a_stop_answers_what_it_has_begun(tmp_path: Path) -> None:
    with served(tmp_path / "home") as (port, process), slow_client(port, BODY):
        process.terminate()
        assert process.wait(30) == 0


class Waiting(Channel):
    """A connection as far as closing looks at it."""

    def __init__(self, since: float | None, *, works: bool = False) -> None:
        self.unfinished_since, self.requests, self.will_close = since, [self] * works, False


def test_a_request_that_trickles_has_an_end() -> None:
    now = time.time()
    late, fresh, at_work = Waiting(now - WHOLE - 1), Waiting(now - 1), Waiting(None, works=True)
    close_overdue([late, fresh, at_work], now, over=0)
    assert (late.will_close, fresh.will_close, at_work.will_close) == (True, False, False)


def test_of_too_many_those_that_wait_longest_go_and_none_that_is_answered() -> None:
    now = time.time()
    old, young, resting, at_work = Waiting(now - 9), Waiting(now - 1), Waiting(None), Waiting(None, works=True)
    close_overdue([young, resting, at_work, old], now, over=2)
    assert (old.will_close, young.will_close, resting.will_close, at_work.will_close) == (True, True, False, False)


SMALL = 500
"""Of what fills a head of 32 kB: waitress alone needs 5 minutes for that much, one after the other for everyone."""


def refused(head: bytes) -> str:
    """What our channel says of a request's head; empty for one that is served."""
    request = Channel.parser_class(Adjustments())
    request.received(head + b"\r\n\r\n")
    assert request.completed
    return str(request.error.body) if request.error else ""


@pytest.mark.parametrize(
    "head",
    [
        b"GET a://" + b"1" * SMALL + b"  HTTP/1.1",
        b"GET a://" + b"1" * SMALL + b" HTTP/1.x",
        b"GET / HTTP/1.1\r\nHost:" + b" " * SMALL + b"a",
        b"GET / HTTP/1.1\r\nHost: a\r\nX:" + b"\t " * SMALL + b"a",
        b"GET / HTTP/1.1\r\nHost: a\r\nX:" + b"\r\n " * SMALL + b"a",
        b"GET / HTTP/1.1\r\nHost: a\r\ncontent-length: " + b"1" * SMALL,
    ],
    ids=["address", "version", "blanks", "tabs", "folded", "length"],
)
def test_a_head_that_would_be_read_for_minutes_is_refused_before(head: bytes) -> None:
    assert "not one that a browser sends" in refused(head)


def test_an_address_that_is_none_is_refused_as_any_other() -> None:
    assert refused(b"GET http://[ HTTP/1.1") == "The address can't be read"


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1",
        b"\r\nGET /a?b=%20c HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Empty:\r\nUser-Agent: A  B\tC",
        b"GET http://127.0.0.1/healthz HTTP/1.1\r\nHost: 127.0.0.1",
    ],
)
def test_what_clients_send_is_served(head: bytes) -> None:
    assert refused(head) == ""
