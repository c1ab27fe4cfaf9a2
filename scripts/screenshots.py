"""Pictures of every page into screenshots/: light, dark and as on a phone, in two languages.

`make screenshots`, then look at them. The pages are those of the service's own addresses (tests/web/fuzz_service.py),
which all lead somewhere there, so that none of them can be forgotten; documents' pages need another accounting system.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

import tests.support.pages_ready  # noqa: F401 - before what is of Django
from tests.browser.served_site import LOADING, ServedSite, serve
from tests.browser.visitor import SOON
from tests.support.chromium import CHROMIUM, open_chromium, open_window
from tests.support.page_watch import DESK, PHONE
from tests.web.fuzz_service import STEPS, Address, FuzzService, addresses, open_fuzz_service

FOLDER = Path(__file__).resolve().parents[1] / "screenshots"
LANGUAGES = {"en": "en-GB", "de": "de-DE"}
"""English, and the one whose words are the longest."""


@dataclass(frozen=True)
class Sight:
    """A page: its address, the step at which a setup has to be for it, and whether one sees it signed out."""

    address: Address
    step: str = ""
    stranger: bool = False

    @property
    def name(self) -> str:
        """Of its pictures."""
        return "-".join(filter(None, (self.address.name, self.step, "signed-out" if self.stranger else "")))


def sights(service: FuzzService) -> list[Sight]:
    """All addresses that answer with a page of their own; those of a setup at each of its steps."""
    return [sight for address in addresses() for sight in _wanted(address) if _is_page(service, sight)]


def _wanted(address: Address) -> Iterator[Sight]:
    if "setup" in address.parameters:
        yield from (Sight(address, step) for step in STEPS)
    else:
        yield from (Sight(address), Sight(address, stranger=True))


def _is_page(service: FuzzService, sight: Sight) -> bool:
    service.restore(sight.step)
    browser = service.site.browser() if sight.stranger else service.browser()
    answer = browser.get(path_of(service, sight))
    page = answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith("text/html")
    return page and b"<html" in b"".join(answer)


def path_of(service: FuzzService, sight: Sight) -> str:
    return sight.address.path(service.facts())


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
            served.ask(service.restore, sight.step)
            shown = strangers if sight.stranger else page
            shown.goto(served.url + served.ask(path_of, service, sight))
            expect(shown.locator(LOADING)).to_have_count(0, timeout=SOON)
            take(shown, f"{sight.name}-{language}")
            sys.stdout.write(f"{language} {number}/{len(wanted)} {sight.name}\n")


def main(languages: list[str]) -> int:
    if shutil.which(CHROMIUM) is None:
        sys.stderr.write(f"{CHROMIUM} is missing. Install it: apt-get install chromium\n")
        return 2
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(open_fuzz_service(Path(folder)), attrgetter("site")) as (served, service),
        open_chromium() as browser,
    ):
        for language in languages or LANGUAGES:
            take_all(browser, served, service, language)
    sys.stdout.write(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.name}/\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
