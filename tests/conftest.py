"""What every test shares: no network but loopback, steady Hypothesis, skips that no one can overlook."""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import kinds
from tests.support.examples import FAST

pytest_plugins = ["tests.support.postgres"]

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("laptop", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("laptop"), derandomize=True, print_blob=True)
kinds.register_fast_profile()
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="only what is fast (tests/kinds.py), with few examples")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--fast"):
        settings.load_profile(FAST)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.getoption("--fast") and kinds.is_left_out(collection_path) else None


class NetworkUsed(RuntimeError):
    """A test tried to leave this machine."""


def is_local(host: object) -> bool:
    """True for loopback addresses, for names that mean loopback, and for the wildcard that a server binds to."""
    if host is None:
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in {"", "localhost", "testserver"}:
        return True
    try:
        return ip_address(name).is_loopback or ip_address(name).is_unspecified
    except ValueError:
        return False


def guard_network(event: str, args: tuple[Any, ...]) -> None:
    """Refuse to connect, send or look up a name beyond loopback. An audit hook: nothing is patched, nothing escapes."""
    if event in {"socket.connect", "socket.sendto"}:
        address = args[1]
        host = address[0] if isinstance(address, tuple) else None  # a string is a Unix socket's path
    elif event == "socket.getaddrinfo":
        host = args[0]
    else:
        return
    if not is_local(host):
        raise NetworkUsed(f"{event} to {host!r}: tests reach loopback only. Use the sandbox or a mock transport.")


sys.addaudithook(guard_network)


def shared_folder() -> Path:
    """Where Pleo's documents and samples are kept: beside the project, or where KONTOBRO_SHARED points."""
    return Path(os.environ.get("KONTOBRO_SHARED") or ROOT.parent / "shared")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with Pleo's documents, or a skip that says how to get it."""
    folder = shared_folder()
    if not (folder / "pleo" / "openapi").is_dir():
        pytest.skip("Pleo's documents are missing: put them at ../shared, or set KONTOBRO_SHARED to their folder")
    return folder


@pytest.fixture(autouse=True)
def logs_put_back() -> Iterator[None]:
    """Logging is everyone's: a test that sets it up as the service does leaves it as it was.

    By `setLevel`, never by assignment: loggers remember what they may let through.
    """
    loggers = [logging.getLogger(name) for name in (None, "kontobro", "httpx2", "httpcore2")]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers[:], logger.propagate = handlers, propagate
        if logger.level != level:
            logger.setLevel(level)
    logging.captureWarnings(False)


WARM = {"cli", "export", "service", "sync", "web", "worker"}
"""Folders whose tests use a ledger as a tool; those of the connector itself load it as the product does."""


@pytest.fixture(autouse=True)
def warm_ledgers(request: pytest.FixtureRequest) -> Iterator[None]:
    """In those folders a ledger's own process is forked, not started."""
    where = WARM | {"connectors"} if request.config.getoption("--fast") else WARM
    if folder_of(request.node) not in where:
        yield
        return
    from tests.support.warm_ledgers import use_interpreters, use_warm_ledgers

    use_warm_ledgers()
    yield
    use_interpreters()


def folder_of(item: pytest.Item) -> str:
    """The folder under `tests/`, by which the rules for tests go."""
    parts = item.path.relative_to(ROOT / "tests").parts
    return parts[0] if len(parts) > 1 else ""


OTHERS = ("addon", "browser", "odoo", "tryton")
"""Markers of tests on other people's programs, whose hiccups are not ours."""


def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    """Every test is marked by its place.

    A test on someone else's program may be run once more, and the closing line counts it. Never a kill test: what a
    kill may do once in fifty times is what it looks for.
    """
    kinds.mark(items)
    if config.getoption("--fast"):
        kinds.keep_fast(items, config)
    for item in items:
        if any(item.get_closest_marker(name) for name in OTHERS) and not item.get_closest_marker("kill"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def skip_reason(report: pytest.TestReport) -> str:
    """Why a test was skipped, as its author wrote it."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Count the skipped tests by their reason, where it is seen: right above the closing line."""
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
    for reason, count in Counter(skip_reason(report) for report in skipped).most_common():
        terminalreporter.write_line(f"{count:4} skipped: {reason}", yellow=True)
