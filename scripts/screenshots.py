"""Pictures of every page into screenshots/: light, dark and as on a phone. `make screenshots`, then look at them.

It walks the way of the browser test (tests/browser/) between a real Pleo-in-a-box and a real service.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.journey import Journey
from tests.browser.sights import see_all
from tests.browser.started_service import ROOT, start_service
from tests.support.chromium import CHROMIUM, open_chromium, open_window
from tests.support.page_watch import DESK, PHONE

FOLDER = ROOT / "screenshots"


def take(page: Page, name: str) -> None:
    """Three pictures of a page as it is; it is left as it was."""
    page.screenshot(path=FOLDER / f"{name}-light.png", full_page=True)
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=FOLDER / f"{name}-dark.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    page.screenshot(path=FOLDER / f"{name}-phone.png", full_page=True)
    page.set_viewport_size(DESK)
    sys.stdout.write(f"{name}\n")


def main() -> int:
    if shutil.which(CHROMIUM) is None:
        sys.stderr.write(f"{CHROMIUM} is missing. Install it: apt-get install chromium\n")
        return 2
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with (
        tempfile.TemporaryDirectory() as folder,
        start_service(Path(folder)) as started,
        open_chromium() as browser,
        open_window(browser, *started.urls) as (window, _),
    ):
        see_all(Journey(window.new_page(), started, take))
    sys.stdout.write(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.name}/\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
