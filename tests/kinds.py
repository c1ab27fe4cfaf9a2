"""What kind of test a test is, by where it is; and the one rule of what `make test-fast` leaves out.

Loaded by `conftest.py`. A new test needs nothing here: its folder, its file's name or what it uses decides.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import CodeType

import pytest
from hypothesis import HealthCheck, settings

from tests.support.examples import FAST, FEW

TESTS = Path(__file__).resolve().parent
PACKAGES = TESTS.parent / "connectors"
"""Connectors in packages of their own, each with its tests: on other people's programs, so not in the fast run."""

BY_FOLDER = {"browser": "browser", "contract": "contract", "erp_real/odoo": "odoo", "erp_real/tryton": "tryton"}
"""The marker of every test in that folder."""

KILLED = "killed"
"""In a file's name: real processes are killed there."""

# ------------------------------------------------------------------------------------------ make test-fast

LEFT_OUT = ("addons", "browser", "contract", "erp_real")
"""Folders that need other people's programs: not even read."""

SLOW_MARKERS = {"kill", "contract", "slow"}

STARTERS = ("subprocess", "Popen")
"""What a file that starts programs has imported: an interpreter takes as long as thirty other tests."""

PROCESSES = {"process", "in_processes", "get_context"}
"""What a test of a contract names that starts processes of its own: to race with them, or to kill them."""

SLOW_FIXTURES = {"postgres_server", "person"}
"""A server to start; the whole demo company to export."""

ONE_CASE = {"cli", "connectors", "export", "service", "store", "sync", "web", "worker"}
"""Folders whose tests have a service or a database each: of a test with several cases the first one runs."""

ALL = 10**6

MOST_OF_A_FILE = {"cli": 10, "export": 2, "web": 2}
"""Folders whose tests run verbs, whole exports or pages: so many tests of a file, its first ones."""


def register_fast_profile() -> None:
    parent = settings.get_profile("ci")
    settings.register_profile(FAST, parent=parent, max_examples=FEW, suppress_health_check=list(HealthCheck))


def mark(items: list[pytest.Item]) -> None:
    """Give every test the markers of its place."""
    for item in items:
        where = item.path.relative_to(TESTS.parent).as_posix().removeprefix(f"{TESTS.name}/")
        for folder, marker in BY_FOLDER.items():
            if where.startswith(f"{folder}/"):
                item.add_marker(marker)
        if KILLED in item.path.name:
            item.add_marker("kill")


def is_left_out(path: Path) -> bool:
    """Whether the fast run reads nothing there."""
    parts = path.relative_to(TESTS).parts if path.is_relative_to(TESTS) else ()
    return bool(parts) and (parts[0] in LEFT_OUT or KILLED in path.name)


def keep_fast(items: list[pytest.Item], config: pytest.Config) -> None:
    """Deselect what the fast run leaves out."""
    taken = Counter[str]()
    kept, out = list[pytest.Item](), list[pytest.Item]()
    for item in items:
        (kept if is_fast(item) and is_wanted(item, taken) else out).append(item)
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = kept


def is_fast(item: pytest.Item) -> bool:
    """No program is started, no one is killed, and no one has called it slow."""
    module = getattr(item, "module", None)
    return (
        not item.path.is_relative_to(PACKAGES)
        and not SLOW_MARKERS.intersection(marker.name for marker in item.iter_markers())
        and not SLOW_FIXTURES.intersection(getattr(item, "fixturenames", ()))
        and not any(hasattr(module, name) for name in STARTERS)
        and not PROCESSES.intersection(names_in(getattr(item, "function", None)))
    )


def names_in(test: object) -> tuple[str, ...]:
    """The functions and attributes that a test's own code names."""
    code = getattr(test, "__code__", None)
    return code.co_names if isinstance(code, CodeType) else ()


def is_wanted(item: pytest.Item, taken: Counter[str]) -> bool:
    """One of the first of its test and of its file, where there are only so many. `taken` counts both."""
    folder = item.path.relative_to(TESTS).parts[0]
    test, file = item.nodeid.partition("[")[0], str(item.path)
    if folder in ONE_CASE and taken[test]:
        return False
    if taken[file] >= MOST_OF_A_FILE.get(folder, ALL):
        return False
    taken.update((test, file))
    return True
