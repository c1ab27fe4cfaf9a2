"""One Chromium for all browser tests, ended before other tests continue: its event loop would be in their way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.firm import Firm, open_firm
from tests.browser.served_site import Visit
from tests.support.chromium import CHROMIUM, open_chromium, open_window
from tests.support.site import build_template


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A real Chromium. Skips, and says how to get it, where there is none."""
    if shutil.which(CHROMIUM) is None:
        pytest.skip(f"{CHROMIUM} IS NOT HERE: THE WAY THROUGH THE PAGES IS NOT TESTED. apt-get install chromium")
    with open_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose database is up to date, to copy. Made in a thread of its own: where a Chromium is open already, its
    event loop runs in this one, and Django refuses to ask a database there."""
    with ThreadPoolExecutor(1) as database:
        return database.submit(build_template, tmp_path_factory.mktemp("template")).result()


@pytest.fixture(scope="module")
def firm(empty_home: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Firm]:
    """A firm with many companies, served from this process."""
    home = tmp_path_factory.mktemp("firm") / "home"
    shutil.copytree(empty_home, home)
    with open_firm(home) as opened:
        yield opened


@pytest.fixture
def watched() -> list[str]:
    """What went wrong in the window of `visit`; a test takes out what it expects."""
    return []


@pytest.fixture
def visit(firm: Firm, chromium: Browser, watched: list[str]) -> Iterator[Visit]:
    """The owner's window. Nothing may go wrong in it."""
    with open_window(chromium, firm.served.url) as (window, watch):
        watch.faults = watched
        firm.served.sign_in(window, firm.owner)
        yield Visit(window.new_page(), firm.served.url, watch.examine)
        assert not watched, "\n".join(watched)
