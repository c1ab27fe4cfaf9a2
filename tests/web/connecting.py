"""A browser that connects Pleo-in-a-box with a Beancount ledger, page by page, following redirects by hand."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from django.test import Client

from kontobro.service.config import config
from kontobro.web.models import Organisation, Setup, User
from pleo_sandbox.company.oauth import OAuthClient
from pleo_sandbox.demo.load import DemoSandbox, demo_sandbox
from pleo_sandbox.server import serve
from tests.support.site import Site

CALLBACK = "http://127.0.0.1:8765/connect/pleo/callback"


@dataclass
class PleoServer:
    """Pleo in a box, with this service registered as a client."""

    sandbox: DemoSandbox
    url: str
    client: OAuthClient

    def consent(self, address: str, decision: str = "approve") -> str:
        """What a person does on Pleo's page; where Pleo sends the browser then, as a path of ours."""
        with httpx2.Client(trust_env=False, follow_redirects=False) as browser:
            page = browser.get(address)
            ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
            if ticket is None:
                return page.headers["location"].removeprefix("http://127.0.0.1:8765")
            form = {"ticket": ticket[1], "company_id": self.sandbox.company_id, "decision": decision}
            answer = browser.post(f"{self.url}/oauth/authorize", data=form)
        return str(answer.headers["location"]).removeprefix("http://127.0.0.1:8765")


@contextmanager
def serve_pleo() -> Iterator[PleoServer]:
    """Serve Pleo in a box, and tell the service's configuration where it is."""
    sandbox = demo_sandbox()
    client = sandbox.register_client([CALLBACK], name="Kontobro")
    with serve(sandbox) as url:
        told = {
            "KONTOBRO_SANDBOX_URL": url,
            "KONTOBRO_SANDBOX_CLIENT_ID": client.client_id,
            "KONTOBRO_SANDBOX_CLIENT_SECRET": client.secret,
        }
        os.environ.update(told)
        config.cache_clear()
        try:
            yield PleoServer(sandbox, url, client)
        finally:
            for name in told:
                del os.environ[name]
            config.cache_clear()


def demo_ledger(folder: Path) -> Path:
    """The demo's ledger, ready for bookings."""
    with as_file(files("kontobro.erp.beancount") / "demo") as source:
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    return folder / "ledger.beancount"


@dataclass
class Traveller:
    """A person on the way through the pages."""

    site: Site
    pleo: PleoServer
    ledger: Path
    organisation: Organisation
    user: User
    browser: Client

    @property
    def setup(self) -> Setup:
        return Setup.objects.get(user=self.user)

    def at(self, step: str) -> str:
        return f"/connect/{self.setup.id}/{step}/" if step else f"/connect/{self.setup.id}/"

    def page(self) -> str:
        return str(self.browser.get(self.at("")).text)

    def post(self, step: str, **form: Any) -> Any:
        """Send a step's form; the page that the browser ends on."""
        return self.browser.post(self.at(step), form, follow=True)

    def begin(self, way: str = "oauth sandbox") -> None:
        form = {"way": way, "organisation": str(self.organisation.id)}
        assert self.browser.post("/connect/pleo/start", form).status_code == 302

    def leave(self) -> str:
        """To Pleo: the address of its consent page."""
        answer = self.browser.get(self.at("pleo"))
        assert answer.status_code == 302
        return str(answer["Location"])

    def allow(self, level: int = 4) -> Any:
        """Choose the level, consent at Pleo, and come back."""
        self.post("level", level=level)
        return self.browser.get(self.pleo.consent(self.leave()), follow=True)

    def give_ledger(self) -> Any:
        self.post("erp", erp="beancount")
        return self.post("access", ledger=str(self.ledger))

    def accept(self) -> Any:
        """Accept the settings as the page proposes them."""
        return self.post("settings", **proposed(self.page()), later="1")

    def approve(self) -> Any:
        return self.post("plan", **digests(self.page()))

    def connect(self, level: int = 4) -> str:
        """The whole way; the connection's id."""
        self.begin()
        self.allow(level)
        self.give_ledger()
        self.accept()
        self.approve()
        (connection,) = self.site.app.store.connections()
        return connection.id


def proposed(page: str) -> dict[str, Any]:
    """The settings form as it is on the page."""
    fields = re.findall(r'<input class="form-control[^>]*? name="([^"]+)" value="([^"]*)"', page)
    tags = re.findall(r'name="tags" value="([^"]+)"', page)[:2]
    return {**dict(fields), "tags": tags}


def digests(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(digest-[^"]+)" value="([^"]+)"', page))


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def traveller(
    site: Site, pleo: PleoServer, ledger: Path, role: str = "bookkeeper", name: str = "Demo ApS"
) -> Traveller:
    """A member of an organisation of its own, and the ledger to connect."""
    organisation = site.organisation(name)
    user = site.member(organisation, role)
    path = demo_ledger(ledger) if not ledger.exists() else ledger / "ledger.beancount"
    return Traveller(site, pleo, path, organisation, user, site.browser(user))
