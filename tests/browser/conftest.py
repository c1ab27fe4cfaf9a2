"""One Chromium for all browser tests, ended before other tests continue: its event loop would be in their way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.chromium import CHROMIUM, open_chromium


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A real Chromium. Skips, and says how to get it, where there is none."""
    if shutil.which(CHROMIUM) is None:
        pytest.skip(f"{CHROMIUM} IS NOT HERE: THE WAY THROUGH THE PAGES IS NOT TESTED. apt-get install chromium")
    with open_chromium() as browser:
        yield browser
