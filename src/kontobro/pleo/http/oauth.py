"""OAuth 2.0 at Pleo (`pleo/api.md` A2) in oauthlib's words: authorise with PKCE S256, exchange, renew, introspect.

Clients with a secret authenticate by HTTP Basic, the one way that all of Pleo's pages allow; both halves are
form-encoded first (RFC 6749 §2.3.1). How scopes are spelled and the secret is shown: `core/dialect.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import httpx2
import msgspec
from oauthlib.common import add_params_to_uri
from oauthlib.oauth2 import MissingTokenError, OAuth2Error, WebApplicationClient

from kontobro.core.dialect import Dialect, TagScope, dialect_of
from kontobro.core.errors import BadAnswer, KontobroError, LoginFailed, shown
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.ports import Clock, TokenStore
from kontobro.core.words import Phrase, told
from kontobro.net.client import open_client
from kontobro.net.limits import Limits
from kontobro.pleo.http.answers import read
from kontobro.pleo.http.auth import TokensRefused
from kontobro.pleo.http.calls import DIRECT, USER_AGENT, Ways, persist
from kontobro.pleo.http.endpoints import Endpoint
from kontobro.pleo.http.environments import SCOPES_LEVEL_1, is_local
from kontobro.pleo.http.faults import (
    is_page,
    login_failed,
    of_answer,
    of_network,
    of_page,
    with_failure,
)

TOKEN: Final = Endpoint("POST", "/oauth/token")
FORM: Final = "application/x-www-form-urlencoded;charset=UTF-8"
INTROSPECTION: Final = Endpoint("POST", "/oauth/token/introspect")
LIMITS: Final = Limits(seconds=30.0, most_bytes=256 * 1024)
BRIEFLY: Final = timedelta(seconds=5)
"""Enough for a second try: a person waits for what has been done already."""
_FINAL: Final = frozenset(["invalid_grant", "invalid_token", "invalid_refresh_token"])

log = logging.getLogger(__name__)


class TokenFacts(msgspec.Struct, frozen=True):
    """What the authorisation server says of a token."""

    active: bool
    client_id: str | None = None
    scope: str | None = None
    exp: int | None = None
    subject: str | None = msgspec.field(default=None, name="urn:pleo:params:oauth:subject_urn")


def authorize_url(
    connection: Connection,
    *,
    redirect_uri: str,
    state: str,
    verifier: str,
    scopes: Iterable[str] = SCOPES_LEVEL_1,
    tag_scope: TagScope | None = None,
) -> str:
    """Where to send the person's browser. Keep `state` and `verifier` (43-128 characters) for the way back.

    `scopes` in any spelling: they are asked for with `tag_scope`, else as the connection's environment spells them.
    """
    spoken = Dialect(tag_scope=tag_scope or dialect_of(connection.environment).tag_scope)
    asked = {
        "response_type": "code",
        "client_id": connection.client_id or "",
        "redirect_uri": redirect_uri,
        "scope": " ".join(sorted(spoken.spelled(scopes))),
        "state": state,
        "code_challenge": _grammar(connection).create_code_challenge(verifier, "S256"),
        "code_challenge_method": "S256",
    }
    return str(add_params_to_uri(f"{connection.auth_url}/oauth/authorize", list(asked.items())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An authorisation code as Pleo handed it over, and what proves that it was handed to us. `client_secret` is None
    for a client without one."""

    code: str = field(repr=False)
    redirect_uri: str
    verifier: str = field(repr=False)
    client_secret: str | None = field(repr=False)


def exchange_code(connection: Connection, grant: Grant, clock: Clock, ways: Ways = DIRECT) -> Tokens:
    """The tokens for an authorisation code: once, a code can't be used again. Raises LoginFailed, Unreachable."""
    body = _grammar(connection).prepare_request_body(
        code=grant.code,
        redirect_uri=grant.redirect_uri,
        code_verifier=grant.verifier,
        include_client_id=grant.client_secret is None,
    )
    answer = _asked(_Caller(connection, grant.client_secret, ways), body, clock)
    return _tokens(answer, clock, Tokens(access="", client_secret=grant.client_secret))


def renewer(connection: Connection, clock: Clock, ways: Ways = DIRECT) -> Callable[[Tokens], Tokens]:
    """What asks Pleo for new tokens. Never repeated on its own: a lost answer may have used the refresh token up."""

    def renew(held: Tokens) -> Tokens:
        body = _grammar(connection).prepare_refresh_body(
            refresh_token=held.refresh, include_client_id=held.client_secret is None
        )
        return _tokens(_asked(_Caller(connection, held.client_secret, ways), body, clock), clock, held)

    return renew


def introspect_token(
    connection: Connection, tokens: Tokens, clock: Clock, ways: Ways = DIRECT, *, lasting: bool = False
) -> TokenFacts:
    """Whether the access token is active, and whose it is; with `lasting` the refresh token."""
    body = {"token": tokens.access, "token_type_hint": "access_token"}
    if lasting:
        body = {"token": tokens.refresh or "", "token_type_hint": "refresh_token"}
    if tokens.client_secret is None:
        body["client_id"] = connection.client_id or ""

    def ask() -> TokenFacts:
        response = _Caller(connection, tokens.client_secret, ways).post(INTROSPECTION, urlencode(body))
        if not response.is_success:
            raise of_answer(response, INTROSPECTION, clock.now())
        return read(response, INTROSPECTION, TokenFacts)

    return persist(clock, ask, ways.patience)


def still_active(connection: Connection, tokens: TokenStore, clock: Clock, ways: Ways) -> bool:
    """Whether Pleo says that one of the connection's tokens is active. False where it does not say."""
    held = tokens.tokens(connection)
    if connection.auth != "oauth" or held is None:
        return False
    briefly = replace(ways, patience=BRIEFLY)
    try:
        return any(
            introspect_token(connection, held, clock, briefly, lasting=lasting).active
            for lasting in (False, True)
            if held.refresh or not lasting
        )
    except KontobroError as fault:
        log.info("pleo does not say whether a login has ended: %s", type(fault).__name__)
        return False


def _grammar(connection: Connection) -> WebApplicationClient:
    """Writes requests and reads answers as RFC 6749 and 7636 have them; it makes no calls."""
    return WebApplicationClient(connection.client_id or "")


def _asked(caller: _Caller, body: str, clock: Clock) -> Mapping[str, Any]:
    """The token endpoint's answer, its faults in the core's words.

    The answer's own texts are left out: an error's description is the server's, and may repeat what we sent.
    """
    response = caller.post(TOKEN, body)
    if response.status_code == 429 or response.status_code >= 500:
        raise of_answer(response, TOKEN, clock.now())
    try:
        answer: Mapping[str, Any] = _grammar(caller.connection).parse_request_body_response(response.text)
    except MissingTokenError:
        raise (_no_tokens() if response.is_success else of_answer(response, TOKEN, clock.now())) from None
    except OAuth2Error as error:
        raise _refusal(str(error.error)) from None
    except (ValueError, TypeError, AttributeError, RecursionError):  # no JSON, or not an object of RFC 6749
        raise _no_tokens() from None
    return answer


@dataclass(frozen=True, slots=True)
class _Caller:
    """The client that we are, at the login server."""

    connection: Connection
    secret: str | None = field(repr=False)
    ways: Ways

    def post(self, endpoint: Endpoint, body: str) -> httpx2.Response:
        """One call, urlencoded."""
        auth, fields = self._shown()
        whole = "&".join(part for part in (body, urlencode(fields)) if part)
        with open_client(
            LIMITS,
            auth=auth,
            transport=self.ways.transport,
            trust_env=not is_local(self.connection.auth_url),
            timeout=httpx2.Timeout(20.0, connect=10.0),
            headers={"User-Agent": USER_AGENT, "Accept": "application/json", "Content-Type": FORM},
        ) as client:
            try:
                answer = client.post(f"{self.connection.auth_url}{endpoint.template}", content=whole)
            except httpx2.DecodingError as error:
                raise _no_tokens() from error
            except httpx2.RequestError as error:
                raise of_network(error, Phrase("pleo_login")) from error
        if is_page(answer):
            raise of_page(answer, Phrase("the_login"))
        return answer

    def _shown(self) -> tuple[httpx2.Auth | None, dict[str, str]]:
        """The secret: as the header or as fields of the form; neither for a client without."""
        name = self.connection.client_id or ""
        if self.secret is None:
            return None, {}
        if (self.ways.dialect or dialect_of(self.connection.environment)).client_auth == "form":
            return None, {"client_id": name, "client_secret": self.secret}
        return httpx2.BasicAuth(quote_plus(name), quote_plus(self.secret)), {}


def _refusal(code: str) -> KontobroError:
    if code.lower() in _FINAL:
        fault = TokensRefused(*told("authorisation_ended_as", code=code.lower()))
        return with_failure(fault, "authentication_failure")
    if code.lower() in ("invalid_client", "unauthorized_client"):
        return with_failure(LoginFailed(*told("oauth_client_unknown")), "authentication_failure")
    return login_failed(told("authorisation_refused", code=shown(code, 40)))


def _tokens(answer: Mapping[str, Any], clock: Clock, held: Tokens) -> Tokens:
    """The answer as tokens; the refresh token we hold stays where the answer brings none."""
    access = answer.get("access_token")
    lasting = answer.get("refresh_token") or held.refresh
    seconds = answer.get("expires_in")
    if not isinstance(access, str) or not access or not isinstance(lasting, str | None):
        raise _no_tokens()
    lasts = timedelta(seconds=seconds) if isinstance(seconds, int | float) and 0 < seconds < 10**9 else None
    expires_at = clock.now() + lasts if lasts else None
    return Tokens(access=access, refresh=lasting, expires_at=expires_at, client_secret=held.client_secret)


def _no_tokens() -> BadAnswer:
    return BadAnswer(*told("login_without_tokens"))
