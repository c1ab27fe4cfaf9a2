"""A person's browser: it keeps cookies, says where a form was, and goes where it is sent. One for each person."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urljoin, urlsplit

import httpx2

FIELD = re.compile(r'<input type="hidden" name="ticket" value="([^"]+)">')


class Browser:
    """Follows no redirect on its own: each step of the way is looked at."""

    def __init__(self, http: httpx2.Client) -> None:
        self.http = http

    def get(self, url: str) -> httpx2.Response:
        return self.http.get(url)

    def press(self, page: httpx2.Response, target: str, **fields: str) -> httpx2.Response:
        """Send the form of a page, with its ticket."""
        (ticket,) = FIELD.findall(page.text)
        return self.post(urljoin(str(page.url), target), {"ticket": ticket, **fields}, origin_of(str(page.url)))

    def post(self, url: str, fields: Mapping[str, str], origin: str | None) -> httpx2.Response:
        """A form that is on a page of `origin`; None for a browser that does not say."""
        headers = {"Origin": origin} if origin else {}
        return self.http.post(url, data=dict(fields), headers=headers)

    def to_pleo(self, start: str) -> httpx2.Response:
        """Over the start page to Pleo's consent page."""
        sent = self.press(self.get(start), "start")
        assert sent.status_code == 303, sent.text
        return self.get(sent.headers["location"])

    def decide(self, consent: httpx2.Response, company: str, decision: str = "approve") -> str:
        """Allow or deny at Pleo; where Pleo sends the browser."""
        sent = self.press(consent, "/oauth/authorize", company_id=company, decision=decision)
        assert sent.status_code == 302, sent.text
        return str(sent.headers["location"])


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def a_browser() -> Iterator[Browser]:
    with httpx2.Client(timeout=120, trust_env=False) as http:
        yield Browser(http)
