"""A start that can't succeed says why, in a sentence, before anything is served."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kontobro.core.errors import Busy, Misconfigured
from kontobro.service.config import read_config
from kontobro.web.server.ready import try_to_listen

SOURCE = str(Path(__file__).resolve().parents[2] / "src")


def served(home: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """`kontobro serve` with these variables: it has to end on its own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("KONTOBRO_")}
    command = [sys.executable, "-m", "kontobro.cli", "serve"]
    environment = {**own, "PYTHONPATH": SOURCE, "KONTOBRO_HOME": str(home), **given}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


SIGNED = {"KONTOBRO_SECRET_KEY": "s" * 50}


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        ({"KONTOBRO_DATABASE_URL": "postgresql://u:hidden@127.0.0.1:9/x"}, 3, "KONTOBRO_SECRET_KEY is missing"),
        ({"KONTOBRO_DATABASE_URL": "mysql://x"} | SIGNED, 3, "no database for the scheme 'mysql'"),
        ({"KONTOBRO_DATABASE_URL": "postgresql://u:hidden@127.0.0.1:9/x"} | SIGNED, 3, "KONTOBRO_KEY is not set"),
        ({"KONTOBRO_KEY": "abc"}, 3, "the key given (for the service: KONTOBRO_KEY) has no valid key"),
        ({"KONTOBRO_MAIL_URL": "nonsense"}, 3, "KONTOBRO_MAIL_URL is not a valid mail server address"),
        ({"KONTOBRO_BIND": "0.0.0.0:0"}, 3, "Set KONTOBRO_PUBLIC_URL"),
        ({"KONTOBRO_HOME": "/proc/nowhere"}, 3, "A file can't be used (/proc/nowhere)"),
    ],
)
def test_a_start_says_what_stops_it(tmp_path: Path, given: dict[str, str], code: int, told: str) -> None:
    done = served(tmp_path / "home", **({"KONTOBRO_BIND": "127.0.0.1:0"} | given))
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr
    assert "Exception" not in done.stderr
    assert "hidden" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [("PUBLIC_URL", "books.example.com"), ("BIND", "abc"), ("BIND", "127.0.0.1:99999"), ("BIND", "127.0.0.1:")],
)
def test_a_wrong_address_is_named_with_its_variable(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"KONTOBRO_{name}: '{value}' is no"):
        read_config({f"KONTOBRO_{name}": value})


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "http://127.0.0.1:8765"),
        ({"KONTOBRO_BIND": "127.0.0.1:8770"}, "http://127.0.0.1:8770"),
        ({"KONTOBRO_BIND": "[::1]:8770"}, "http://[::1]:8770"),
        ({"KONTOBRO_BIND": "127.0.0.2:8000"}, "http://127.0.0.2:8000"),
        ({"KONTOBRO_BIND": "127.0.0.1:1", "KONTOBRO_PUBLIC_URL": "https://a.example"}, "https://a.example"),
    ],
)
def test_the_address_follows_the_port_on_this_machine(given: dict[str, str], url: str) -> None:
    assert read_config(given).public_url == url


def test_a_place_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Busy, match="Another program already uses"):
            try_to_listen(bind, patience=0)
    try_to_listen(bind)
