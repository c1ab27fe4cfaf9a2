"""`kontobro sandbox` as a person starts it: pages up, Connect led where it was told, Ctrl-C ends it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import httpx2

from kontobro.service.config import read_config
from tests.support.ctrl_c import heed_ctrl_c

SOURCE = str(Path(__file__).resolve().parents[2] / "src")


def test_the_sandbox_stands_with_its_pages_and_its_client() -> None:
    command = [sys.executable, "-m", "kontobro.cli", "sandbox", "--port", "0", "--json", "--no-press"]
    command += ["--start-url", "http://127.0.0.1:9/start", "--redirect-uri", "http://127.0.0.1:9/back"]
    with running(command) as printed:
        looks_right(json.loads(printed.readline()))


@contextmanager
def running(command: Sequence[str], **more: str) -> Iterator[IO[str]]:
    """What a command that runs until Ctrl-C prints; it must end of that alone."""
    environment = os.environ | {"PYTHONPATH": SOURCE} | more
    with (
        subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environment, preexec_fn=heed_ctrl_c
        ) as process,
        ExitStack() as always,
    ):
        always.callback(process.kill)  # else a failure in here would wait for it without end
        assert process.stdout
        yield process.stdout
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def looks_right(told: dict[str, str]) -> None:
    assert told["start_url"] == "http://127.0.0.1:9/start"
    state = httpx2.get(f"{told['url']}/_control/state").json()
    assert state["jobs"] == []
    expenses = httpx2.get(f"{told['url']}/companies/{told['company_id']}").text
    assert 'id="export"' in expenses
    connect = httpx2.post(
        f"{told['url']}/companies/{told['company_id']}/accounting/connect", data={"client": told["client_id"]}
    )
    assert connect.headers["location"] == told["start_url"]
    asked = {"client_id": told["client_id"], "redirect_uri": "http://127.0.0.1:9/back"}
    answer = httpx2.get(f"{told['url']}/oauth/authorize", params=asked)
    assert answer.status_code == 302, "the redirect is registered: faults of the rest go back to it"
    assert answer.headers["location"].startswith("http://127.0.0.1:9/back?error=")


def test_what_it_prints_is_what_the_service_needs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kontobro.cli", "sandbox", "--port", "0", "--ledger", str(tmp_path / "books")]
    with running(command, PYTHONUNBUFFERED="1") as printed:
        lines = list(iter(printed.readline, "  kontobro serve\n"))
    given = dict(line.strip().removeprefix("export ").split("=", 1) for line in lines if "export KONTOBRO_" in line)
    config = read_config(given)
    client = config.client("sandbox")
    assert client
    assert client.client_id
    assert client.client_secret
    assert f"{config.sandbox_url}/" in lines[1]
    assert f"ledger: {tmp_path / 'books' / 'ledger.beancount'}\n" in "".join(lines)
    assert (tmp_path / "books" / "ledger.beancount").exists()
