"""What a page must not do: complain in the console, call another host, lock out a keyboard or a screen reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

FOCUSED = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  return {text: (one.innerText || one.value || one.ariaLabel || "").trim(), seen: box.width > 0 && box.height > 0};
}"""


@dataclass
class Watch:
    """Everything that went wrong in a browser, in words, as long as it was open."""

    hosts: frozenset[str]
    faults: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Listen to every page. A violation of the content policy is an error in the console."""
        context.on("console", self._console)
        context.on("request", self._request)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console at {message.page.url if message.page else '?'}: {message.text}")

    def _request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob") and url.netloc not in self.hosts:
            self.faults.append(f"request to another host: {request.url}")

    def examine(self, page: Page, name: str) -> None:
        """A page as it is now: axe's rules in light and dark, one main heading, no wider than a phone."""
        page.locator("h1:visible").first.wait_for()  # a page that moves on on its own may be between two of its states
        headings = page.locator("h1:visible").count()
        if headings != 1:
            self.faults.append(f"{name}: {headings} main headings")
        self.faults += [f"{name}: {fault}" for fault in _axe(page)]
        page.emulate_media(color_scheme="dark")
        self.faults += [f"{name}, dark: {fault}" for fault in _axe(page, "color-contrast")]
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(PHONE)
        if (wider := page.evaluate(WIDER)) > 0:
            self.faults.append(f"{name}: {wider} px wider than a phone")
        page.set_viewport_size(DESK)


def _axe(page: Page, *rules: str) -> list[str]:
    """Each rule that is broken, with the first places: of these rules, else of WCAG A and AA and best practice."""
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {[node['html'][:120] for node in rule['nodes'][:3]]}" for rule in found]


def tab_to(page: Page, words: str, most: int = 60) -> bool:
    """Press Tab until what says these words has the focus, and is to be seen. False when it never has."""
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused["text"] == words:
            return bool(focused["seen"])
    return False
