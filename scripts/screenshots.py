"""Pictures of every page into screenshots/: light, dark and as on a phone, in two languages.

`make screenshots`, then look at them. The pages are all that the service has (tests/web/sights.py); those of documents
are of a company whose accounting system imports CSV files.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from operator import attrgetter
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

import tests.support.pages_ready  # noqa: F401 - before what is of Django
from tests.browser.served_site import LOADING, ServedSite, serve
from tests.browser.visitor import SOON
from tests.support.chromium import CHROMIUM, open_chromium, open_window
from tests.support.page_watch import DESK, PHONE
from tests.web.fuzz_service import FuzzService, open_fuzz_service
from tests.web.sights import sights

FOLDER = Path(__file__).resolve().parents[1] / "screenshots"
LANGUAGES = {"en": "en-GB", "de": "de-DE"}
"""English, and the one whose words are the longest."""


def take(page: Page, name: str) -> None:
    """Three pictures of a page as it is."""
    page.screenshot(path=FOLDER / f"{name}-light.png", full_page=True)
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=FOLDER / f"{name}-dark.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    page.screenshot(path=FOLDER / f"{name}-phone.png", full_page=True)
    page.set_viewport_size(DESK)


def take_all(browser: Browser, served: ServedSite, service: FuzzService, language: str) -> None:
    wanted = served.ask(sights, service)
    with (
        open_window(browser, served.url, locale=LANGUAGES[language]) as (window, _),
        open_window(browser, served.url, locale=LANGUAGES[language]) as (outside, _),
    ):
        served.sign_in(window, service.owner)
        page, strangers = window.new_page(), outside.new_page()
        for number, sight in enumerate(wanted, 1):
            served.ask(service.restore, sight.state)
            shown = strangers if sight.stranger else page
            shown.goto(served.url + served.ask(sight.path, service))
            expect(shown.locator(LOADING)).to_have_count(0, timeout=SOON)
            name = f"files-{sight.name}" if service.documents else sight.name
            take(shown, f"{name}-{language}")
            sys.stdout.write(f"{language} {number}/{len(wanted)} {name}\n")


def main(languages: list[str]) -> int:
    if shutil.which(CHROMIUM) is None:
        sys.stderr.write(f"{CHROMIUM} is missing. Install it: apt-get install chromium\n")
        return 2
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for documents in (False, True):
        with (
            tempfile.TemporaryDirectory() as folder,
            serve(open_fuzz_service(Path(folder), documents=documents), attrgetter("site")) as (served, service),
            open_chromium() as browser,
        ):
            for language in languages or LANGUAGES:
                take_all(browser, served, service, language)
    sys.stdout.write(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.name}/\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
