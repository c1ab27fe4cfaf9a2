from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from pleo_sandbox.server import demo_sandbox, serve
from tests.cli.fakes import Bench
from tests.cli.person import DEMO, Person


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "home")


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    copytree(DEMO, tmp_path / "books")
    sandbox = demo_sandbox()
    with serve(sandbox) as url:
        yield Person(tmp_path, sandbox, url)
