"""The way back from Pleo's consent page: our state only, our path only."""

from __future__ import annotations

import socket
import threading

import httpx2
import pytest

from kontobro.core.errors import LoginFailed, Misconfigured
from kontobro.install.loopback import PORT, listening, read_redirect


@pytest.mark.parametrize(
    ("path", "code", "fault"),
    [
        ("/callback?code=c-1&state=s", "c-1", None),
        ("/callback?code=c-1&state=other", None, None),
        ("/callback?code=c-1", None, None),
        ("/favicon.ico?code=c-1&state=s", None, None),
        ("/callback?error=access_denied&state=s", None, "access_denied"),
        ("/callback?error=x&error_description=the+user+refused&state=s", None, "the user refused"),
        ("/callback?state=s", None, "no code was returned"),
        ("/callback?code=c&state=%C3%A9", None, None),
    ],
)
def test_reads_only_what_is_meant_for_us(path: str, code: str | None, fault: str | None) -> None:
    answer = read_redirect(path, "s")
    assert (answer.code, answer.fault) == (code, fault)


def test_a_code_is_never_shown() -> None:
    assert "c-1" not in repr(read_redirect("/callback?code=c-1&state=s", "s"))


def test_strangers_are_turned_away_and_the_wait_goes_on() -> None:
    answers: list[int] = []
    paths = ("/callback?code=evil&state=guess", "/callback?code=good&state=s")

    def browse() -> None:
        answers.extend(httpx2.get(f"http://127.0.0.1:{PORT}{path}", timeout=10).status_code for path in paths)

    with listening("s") as loopback:
        browser = threading.Thread(target=browse)
        browser.start()
        assert loopback.wait(10) == "good"
        browser.join(10)
    assert answers == [404, 200]


def test_nobody_comes() -> None:
    with listening("s") as loopback, pytest.raises(LoginFailed, match="no answer from the browser"):
        loopback.wait(0)


def test_a_taken_port_is_said_plainly() -> None:
    with socket.create_server(("127.0.0.1", PORT)), pytest.raises(Misconfigured, match=str(PORT)), listening("s"):
        pass
