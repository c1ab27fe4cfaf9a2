"""What kind of test a test is, by where it is; and the one rule of what `make test-fast` leaves out.

Loaded by `conftest.py`. A new test needs nothing here: its folder, its file's name or what it uses decides.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.examples import FAST, FEW

TESTS = Path(__file__).resolve().parent

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

SLOW_FIXTURES = {"postgres_server", "person"}
"""A server to start; the whole demo company to export."""

ONE_CASE = {"cli", "erp", "export", "service", "store", "sync", "web", "worker"}
"""Folders whose tests have a service or a database each: of a test with several cases the first one runs."""


def register_fast_profile() -> None:
    parent = settings.get_profile("ci")
    settings.register_profile(FAST, parent=parent, max_examples=FEW, suppress_health_check=list(HealthCheck))


def mark(items: list[pytest.Item]) -> None:
    """Give every test the markers of its place."""
    for item in items:
        where = item.path.relative_to(TESTS).as_posix()
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
    seen = set[str]()
    kept, out = list[pytest.Item](), list[pytest.Item]()
    for item in items:
        (kept if is_fast(item) and is_first(item, seen) else out).append(item)
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = kept


def is_fast(item: pytest.Item) -> bool:
    """No program is started, nobody is killed, and nobody has called it slow."""
    module = getattr(item, "module", None)
    return (
        not SLOW_MARKERS.intersection(marker.name for marker in item.iter_markers())
        and not SLOW_FIXTURES.intersection(getattr(item, "fixturenames", ()))
        and not any(hasattr(module, name) for name in STARTERS)
    )


def is_first(item: pytest.Item, seen: set[str]) -> bool:
    """In the folders of ONE_CASE: the first case of its test."""
    if item.path.relative_to(TESTS).parts[0] not in ONE_CASE:
        return True
    test = item.nodeid.partition("[")[0]
    new = test not in seen
    seen.add(test)
    return new
