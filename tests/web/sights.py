"""Every page that the service has, as a person comes to see it: for the browser test that examines each, and for
`make screenshots`, which takes pictures of each.

The pages are those of the service's own addresses (fuzz_service.py), which all lead somewhere there, so that none of
them can be forgotten; then those that an address alone does not lead to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kontobro.web.mails.letters import token_of
from kontobro.web.models import Membership
from tests.web.fuzz_service import DOCUMENTS, STEPS, WHOSE, Address, FuzzService, addresses

ASKED = {
    "bookings": "first=",
    "tie_out": "first=2026-10-01&last=2026-10-31&wallet=",
    "month_end": "month=2026-10",
    "firm_month": "month=2026-10",
    "settings": "wallet=SEK",
    "jobs": "q=nothing",
    "problems": "q=nothing",
    "audit": "q=nothing",
    "overview": "q=nothing",
}
"""Addresses that show something else once they are asked for it."""

OF_FILES = ("connection", "change_access", "booking", "tie_out", "privacy", "job", "bookings")
"""Pages that say other things where the accounting system takes documents."""


FAILING = (
    ("not-found", "nowhere/", 404),
    ("forbidden", "failing/forbidden/", 403),
    ("expired-form", "failing/expired-form/", 403),
    ("broken", "failing/broken/", 500),
)
"""Pages for what went wrong, where `failing_urls.py` is served."""


@dataclass(frozen=True)
class Sight:
    """A page: its address, the state in which the service has to be for it, and whether one sees it signed out."""

    address: Address
    state: str = ""
    query: str = ""
    stranger: bool = False
    status: int = 200

    @property
    def name(self) -> str:
        """Of its pictures."""
        asked = "asked" if self.query else ""
        return "-".join(filter(None, (self.address.name, self.state, asked, "signed-out" if self.stranger else "")))

    def path(self, service: FuzzService) -> str:
        """Its address, once the service is in its state (`FuzzService.restore`)."""
        path = self.address.path(service.facts())
        return f"{path}?{self.query}" if self.query else path


def sights(service: FuzzService) -> list[Sight]:
    """All addresses that answer with a page of their own, in each of their states."""
    if service.documents:
        wanted = [sight for address in addresses() for sight in _of_documents(address)]
    else:
        wanted = [sight for address in addresses() for sight in _wanted(address)] + list(_others(service))
    return [sight for sight in wanted if _is_page(service, sight)]


def _wanted(address: Address) -> Iterator[Sight]:
    if "setup" in address.parameters:
        yield from (Sight(address, step) for step in (*STEPS, *WHOSE))
    else:
        yield from (Sight(address), Sight(address, stranger=True))
    if query := ASKED.get(address.name):
        yield Sight(address, query=query)


def _of_documents(address: Address) -> Iterator[Sight]:
    if "number" in address.parameters:
        yield from (Sight(address, state) for state in DOCUMENTS)
    elif "/documents/" in address.route:
        yield from (Sight(address), Sight(address, "lost"))
    elif address.name in OF_FILES:
        yield Sight(address, query=ASKED.get(address.name, ""))


def _others(service: FuzzService) -> Iterator[Sight]:
    """Pages behind a link that is signed, and those that say no."""
    token = token_of(Membership.objects.get(id=service.membership), all_of_them=False)
    yield Sight(Address("unsubscribe-valid", f"unsubscribe/{token}/"), stranger=True)
    for name, route, status in FAILING:
        yield Sight(Address(name, route), status=status)
        yield Sight(Address(name, route), stranger=True, status=status)


def _is_page(service: FuzzService, sight: Sight) -> bool:
    service.restore(sight.state)
    browser = service.site.browser() if sight.stranger else service.browser()
    browser.raise_request_exception = sight.status < 500
    answer = browser.get(sight.path(service))
    page = answer.status_code == sight.status and answer.headers.get("Content-Type", "").startswith("text/html")
    found = page and b"<html" in b"".join(answer)
    answer.close()
    return found
