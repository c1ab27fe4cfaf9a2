"""`kontobro prove` takes options and secrets as `kontobro connect` does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kontobro.cli.app import app
from tests.support.outside import installed

PROBE = """
from kontobro.core.errors import Misconfigured

def books_of(connector, connect, options):
    said = f"{connector.check().name} at {options['server']}, region {options['region']}"
    raise Misconfigured(said, "This is a probe.")
"""


@pytest.fixture(autouse=True)
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "probe_of_prove.py").write_text(PROBE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    with installed():
        yield


def prove(*words: str, stdin: str = "", **variables: str) -> Result:
    northbook = ("--erp", "northbook", "--books", "probe_of_prove:books_of", "--erp-option", "region=eu")
    return CliRunner().invoke(
        app, ["prove", *northbook, "--erp-option", "server=https://books.example", *words], input=stdin, env=variables
    )


def test_flags_of_their_own_and_a_secret_from_stdin() -> None:
    result = prove("--erp-company", "2", "--erp-secret-stdin", stdin="open sesame\n")
    assert "Bro ApS at https://books.example, region eu" in result.stderr


def test_a_secret_from_the_environment() -> None:
    result = prove("--erp-company", "1", KONTOBRO_ERP_TOKEN="open sesame")
    assert "Fjord ApS at https://books.example" in result.stderr


def test_a_secret_is_no_argument() -> None:
    result = prove("--erp-option", "token=open sesame")
    assert result.exit_code == 2
    assert "token is a secret" in " ".join(result.stderr.split())
