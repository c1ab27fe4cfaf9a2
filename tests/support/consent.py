"""A person who allows access on Pleo's consent page, and the tokens that come of it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx2

from kontobro.core.dialect import TagScope
from kontobro.core.level import Level, scopes_of
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.ports import Clock
from kontobro.pleo import Grant, Ways, authorize_url, exchange_code
from kontobro.pleo.http.calls import DIRECT

REDIRECT = "http://127.0.0.1:8917/callback"
VERIFIER = "v" * 64


def consent(url: str, company_id: str) -> str:
    """Press Allow on the consent page: the code that comes back."""
    with httpx2.Client(trust_env=False) as browser:
        page = browser.get(url)
        assert page.status_code == 200, page.headers.get("location")
        ticket = page.text.partition('name="ticket" value="')[2].partition('"')[0]
        answer = {"ticket": ticket, "company_id": company_id, "decision": "approve"}
        back = browser.post(url.partition("?")[0], data=answer).headers["location"]
    return parse_qs(urlsplit(back).query)["code"][0]


def allowed(
    connection: Connection,
    secret: str,
    clock: Clock,
    ways: Ways = DIRECT,
    *,
    level: Level = 4,
    tag_scope: TagScope = "tag-groups",
) -> Tokens:
    """Tokens that the connection's company gives this connection's client."""
    way = authorize_url(
        connection,
        redirect_uri=REDIRECT,
        state="s",
        verifier=VERIFIER,
        scopes=scopes_of(level),
        tag_scope=tag_scope,
    )
    code = consent(way, connection.company_id)
    grant = Grant(code=code, redirect_uri=REDIRECT, verifier=VERIFIER, client_secret=secret)
    return exchange_code(connection, grant, clock, ways)
