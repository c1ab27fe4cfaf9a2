"""The pages alone, served from this process: a site whose tables a test fills itself, beside a browser that visits it.

Cheaper than a service of its own process, and nothing has to be walked that a test is not about. The browser's event
loop runs in the test's thread, where Django refuses to ask a database: a thread of its own does so (`ask`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from django.test import override_settings
from playwright.sync_api import BrowserContext, Page, expect

import tests.support.pages_ready  # noqa: F401 - before what is of Django
from kontobro.web.models import User
from tests.browser.visitor import SOON, Stop, Visitor, pass_by
from tests.support.site import Site, open_site
from tests.support.warm_ledgers import use_interpreters, use_warm_ledgers
from tests.web.live import serve_pages

T = TypeVar("T")

LOADING = '.htmx-request, [hx-trigger="load delay:1s"]'
"""Parts of a page that wait for an answer."""


WHILE_SERVED = {"ASIDE_PATIENCE": 60, "ROOT_URLCONF": "tests.web.failing_urls"}


@dataclass
class ServedSite:
    """A site that is open, its address, and the thread that may ask its database."""

    site: Site
    url: str
    database: ThreadPoolExecutor
    ends: ExitStack

    def ask(self, what: Callable[..., T], *given: object) -> T:
        """What is asked of the database, where that is allowed."""
        return self.database.submit(what, *given).result()

    def enter(self, what: AbstractContextManager[T]) -> T:
        """Open it there, until the site closes."""
        return _entered(self.database, self.ends, what)

    def sign_in(self, window: BrowserContext, user: User) -> None:
        """The window's cookie is that of a person who signed in."""
        client = self.ask(self.site.browser, user)
        host = urlsplit(self.url).hostname or ""
        window.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "domain": host, "path": "/"}]
        )


def _entered(database: ThreadPoolExecutor, ends: ExitStack, what: AbstractContextManager[T]) -> T:
    found = database.submit(what.__enter__).result()
    ends.callback(lambda: database.submit(what.__exit__, None, None, None).result())
    return found


@contextmanager
def serve_site(home: Path) -> Iterator[ServedSite]:
    """Open the site of this home and serve it."""
    with serve(open_site(home), lambda site: site) as (served, _):
        yield served


@contextmanager
def serve(opened: AbstractContextManager[T], site_of: Callable[[T], Site]) -> Iterator[tuple[ServedSite, T]]:
    """Open it and serve its site; ledgers are read by a process that is warm."""
    use_warm_ledgers()
    with ThreadPoolExecutor(1) as database, ExitStack() as ends, override_settings(**WHILE_SERVED):
        ends.callback(use_interpreters)
        found = _entered(database, ends, opened)
        yield ServedSite(site_of(found), ends.enter_context(serve_pages()), database, ends), found


@dataclass
class Visit(Visitor):
    """A person at the served pages."""

    page: Page
    url: str
    stop: Stop = pass_by

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def stops_at(self, path: str, name: str) -> None:
        """Open a page, wait until it has asked whom it asks, stop there."""
        self.go(path)
        self.settled()
        self.stop(self.page, name)

    def settled(self) -> None:
        """Until no part of the page is still asked for."""
        expect(self.page.locator(LOADING)).to_have_count(0, timeout=SOON)
