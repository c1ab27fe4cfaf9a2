"""What a person does on any page: press, follow, read."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

SOON = 30_000
"""Milliseconds that a page may wait for two systems on a busy machine."""

Stop = Callable[[Page, str], None]
"""Called at each page of the way, with the page's name."""


def pass_by(page: Page, name: str) -> None:
    """A stop where nothing is done."""


class Visitor:
    """One page of a browser, and what is done at each stop."""

    page: Page
    stop: Stop

    def press(self, words: str, *, within: Page | Locator | None = None) -> None:
        (within or self.page).get_by_role("button", name=words, exact=True).click()

    def follow(self, words: str) -> None:
        self.page.get_by_role("link", name=words, exact=True).first.click()

    def heading(self, words: str | re.Pattern[str]) -> None:
        """Wait until the page with this main heading is there."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(words, timeout=SOON)

    def says(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.locator("body")).to_contain_text(words, timeout=SOON)
