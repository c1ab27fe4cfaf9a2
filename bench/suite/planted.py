"""The planted faults, and one run of the suite against a connector with one of them."""

from __future__ import annotations

import contextlib
import os
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import kontobro.testing.connector_contract  # noqa: F401 - loaded once for all runs, which are forked

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MEMORY = ROOT / "src" / "kontobro" / "testing" / "connector" / "memory.py"

MEMORY_TEST = """\
import pytest
from reference import MemoryConnector

from kontobro.testing.connector_contract import Books, ConnectorContract


class TestReference(ConnectorContract):
    @pytest.fixture
    def books(self):
        connector = MemoryConnector()
        return Books(connector=connector, bookkeeper=connector)
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: in the reference `where`, `old` becomes `new`. `equivalent` says why no test can tell the two apart."""

    where: str
    name: str
    old: str
    new: str
    equivalent: str = ""

    def planted(self, files: dict[str, str]) -> dict[str, str]:
        """The reference's files with the fault. Raises ValueError where its place is not there, or not the only one."""
        process = [path for path, text in files.items() for _ in range(text.count(self.old))]
        if len(process) != 1:
            raise ValueError(f"{self.where}: {self.name}: its place is there {len(process)} times")
        (path,) = process
        return files | {path: files[path].replace(self.old, self.new)}


@dataclass(slots=True)
class Seen:
    """What pytest reported: tests that failed, and whatever broke outside of one."""

    failed: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    passed: int = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            (self.failed if report.when == "call" else self.broken).append(report.nodeid.rpartition("::")[2])
        elif report.when == "call" and report.passed:
            self.passed += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(report.nodeid)


def faults() -> list[Fault]:
    """All of them, by reference. Raises ValueError for two of one name."""
    found = [
        Fault(where, **fault)
        for where in ("memory", "page")
        for fault in tomllib.loads((HERE / f"{where}.toml").read_text(encoding="utf-8"))["fault"]
    ]
    names = [(one.where, one.name) for one in found]
    if len(set(names)) != len(names):
        raise ValueError("two bugs have one name")
    return found


def reference(where: str) -> dict[str, str]:
    """The files of a reference connector and of its test, without a fault."""
    if where == "memory":
        return {"reference.py": MEMORY.read_text(encoding="utf-8"), "test_reference.py": MEMORY_TEST}
    from tests.docs.test_writing_one import blocks

    return blocks()


def run(files: dict[str, str], folder: Path) -> Seen:
    """The suite against these files, until the first test fails. In a process of its own: it imports them."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), str(ROOT / "src"), str(ROOT)])
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # half of a run's time
    os.chdir(folder)
    (folder / "pytest.ini").write_text("[pytest]\n")
    seen = Seen()
    arguments = [
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        "not TestExport",
        f"--basetemp={folder / 'tmp'}",
        str(folder),
    ]
    with (
        (folder / "output").open("w") as output,
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
    ):
        pytest.main(arguments, plugins=[seen])
    return seen
