"""Debian's Chromium, driven by Playwright: it calls no one on its own, and forgets everything at its end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.support.page_watch import DESK, Watch

CHROMIUM = "chromium"

FLAGS = (
    "--no-sandbox",  # as root in a container there is no other way
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PATIENCE = 15_000
"""Milliseconds for anything that is waited for."""


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """A browser of its own process, with a profile that is thrown away."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which(CHROMIUM), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_window(browser: Browser, *urls: str, locale: str = "en-GB") -> Iterator[tuple[BrowserContext, Watch]]:
    """A person's window: no cookie of anybody else. What goes wrong in it is written down, and so is a request to any
    other host than those of `urls`."""
    context = browser.new_context(viewport=DESK, locale=locale, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    watch = Watch(frozenset(urlsplit(url).netloc for url in urls))
    watch.over(context)
    try:
        yield context, watch
    finally:
        context.close()
