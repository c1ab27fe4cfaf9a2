"""A person's browser in Odoo: signs in, calls what the screens call, follows Pleo's consent and comes back."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from tests.addons.odoo.administrator import Administrator


@dataclass(frozen=True)
class Browser:
    """One session of one user. No redirect is followed without approval."""

    http: httpx2.Client
    url: str
    login: str
    password: str

    def beside(self) -> Browser:
        """The same person in another browser."""
        return sign_in(self.url, self.login, self.password)

    def call(self, model: str, method: str, *arguments: Any) -> Any:
        """What a button of the web client calls; the answer, or the fault's own words as an AssertionError."""
        params = {"model": model, "method": method, "args": arguments, "kwargs": {}}
        answer = self.http.post(f"/web/dataset/call_kw/{model}/{method}", json={"params": params}).json()
        if "error" in answer:
            raise AssertionError(answer["error"]["data"]["message"])
        return answer["result"]

    def wizard(self, **asked: object) -> int:
        (number,) = self.call("kontobro.connect", "create", [asked])
        return int(number)

    def leave(self, wizard: int) -> str:
        """Press Connect: the address of Pleo's consent page."""
        action = self.call("kontobro.connect", "action_connect", [wizard])
        assert (action["type"], action["target"]) == ("ir.actions.act_url", "self")
        return str(action["url"])

    def visit(self, address: str) -> httpx2.Response:
        """Open an address of this Odoo's."""
        assert address.startswith(("/", self.url)), address
        return self.http.get(address.removeprefix(self.url))


def signed_in(admin: Administrator, login: str) -> Browser:
    """A first session of this user, whose password is made here."""
    password = secrets.token_urlsafe(12)
    admin.api.write("res.users", "write", ids=[admin.user(login)], vals={"password": password})
    return sign_in(admin.company.url, login, password)


def sign_in(url: str, login: str, password: str) -> Browser:
    """In Odoo's own manner: the page, its token, the form."""
    http = httpx2.Client(base_url=url, trust_env=False, timeout=60, follow_redirects=False)
    token = re.search(r'name="csrf_token" value="([^"]+)"', http.get("/web/login").text)
    assert token
    answer = http.post("/web/login", data={"login": login, "password": password, "csrf_token": token[1]})
    assert answer.status_code == 303, answer.text
    return Browser(http, url, login, password)


def consent(address: str, company: str, decision: str = "approve") -> str:
    """What a person does on Pleo's page; where Pleo sends the browser then."""
    with httpx2.Client(trust_env=False, follow_redirects=False) as http:
        page = http.get(address)
        ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
        assert ticket, page.text
        form = {"ticket": ticket[1], "company_id": company, "decision": decision}
        parts = urlsplit(address)
        answer = http.post(f"{parts.scheme}://{parts.netloc}{parts.path}", data=form)
    return str(answer.headers["location"])


def query_of(address: str) -> Mapping[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def words_of(page: httpx2.Response) -> str:
    """What the page says to its reader in its alert."""
    told = re.search(r'role="alert"[^>]*>(.*?)</p>', page.text, re.DOTALL)
    assert told, page.text[-2000:]
    return html.unescape(" ".join(told[1].split()))
