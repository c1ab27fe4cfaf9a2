"""OAuth 2.0 at Pleo (`pleo/api.md` A2), spoken by Authlib: authorise with PKCE S256, exchange, renew, introspect.

Clients with a secret authenticate by HTTP Basic, the one way that all of Pleo's pages allow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

import httpx2
import msgspec

from kontobro.core.connection import Connection, Tokens
from kontobro.core.errors import BadAnswer, KontobroError, LoginFailed, shown
from kontobro.core.ports import Clock
from kontobro.pleo.answers import read
from kontobro.pleo.auth import TokensRefused
from kontobro.pleo.calls import USER_AGENT, persist
from kontobro.pleo.endpoints import Endpoint
from kontobro.pleo.environments import SCOPES_LEVEL_1, is_local
from kontobro.pleo.faults import RECONNECT, UNEXPECTED, login_failed, of_answer, of_network, with_failure

T = TypeVar("T")
TOKEN: Final = Endpoint("POST", "/oauth/token")
INTROSPECTION: Final = Endpoint("POST", "/oauth/token/introspect")
_FINAL: Final = frozenset(["invalid_grant", "invalid_token", "invalid_refresh_token"])


class TokenFacts(msgspec.Struct, frozen=True):
    """What the authorisation server says of a token."""

    active: bool
    client_id: str | None = None
    scope: str | None = None
    exp: int | None = None
    subject: str | None = msgspec.field(default=None, name="urn:pleo:params:oauth:subject_urn")


def authorize_url(
    connection: Connection, *, redirect_uri: str, state: str, verifier: str, scopes: Sequence[str] = SCOPES_LEVEL_1
) -> str:
    """Where to send the person's browser. Keep `state` and `verifier` (43-128 characters) for the way back."""
    with _client(connection, None, None) as client:
        client.code_challenge_method = "S256"
        url, _ = client.create_authorization_url(
            f"{connection.auth_url}/oauth/authorize",
            state=state,
            code_verifier=verifier,
            redirect_uri=redirect_uri,
            scope=" ".join(scopes),
        )
    return str(url)


def exchange_code(
    connection: Connection,
    *,
    code: str,
    redirect_uri: str,
    verifier: str,
    client_secret: str | None,
    clock: Clock,
    transport: httpx2.BaseTransport | None = None,
) -> Tokens:
    """The tokens for an authorisation code: once, a code can't be used again. Raises LoginFailed, Unreachable."""
    with _token_client(connection, client_secret, clock, transport) as client:
        answer = _asked(
            lambda: client.fetch_token(
                f"{connection.auth_url}{TOKEN.template}",
                grant_type="authorization_code",
                code=code,
                redirect_uri=redirect_uri,
                code_verifier=verifier,
            ),
            clock,
        )
    return _tokens(answer, clock, Tokens(access="", client_secret=client_secret))


def renewer(
    connection: Connection, clock: Clock, *, transport: httpx2.BaseTransport | None = None
) -> Callable[[Tokens], Tokens]:
    """What asks Pleo for new tokens. Never repeated by itself: a lost answer may have used the refresh token up."""

    def renew(held: Tokens) -> Tokens:
        with _token_client(connection, held.client_secret, clock, transport) as client:
            client.token = {"access_token": held.access, "refresh_token": held.refresh}
            url = f"{connection.auth_url}{TOKEN.template}"
            answer = _asked(lambda: client.refresh_token(url, refresh_token=held.refresh), clock)
        return _tokens(answer, clock, held)

    return renew


def introspect_token(
    connection: Connection, tokens: Tokens, clock: Clock, *, transport: httpx2.BaseTransport | None = None
) -> TokenFacts:
    """Whether the access token lives, and whose it is."""
    url = f"{connection.auth_url}{INTROSPECTION.template}"

    def ask() -> TokenFacts:
        with _client(connection, tokens.client_secret, transport) as client:
            response = _asked(lambda: client.introspect_token(url, token=tokens.access), clock)
        if not response.is_success:
            raise of_answer(response, INTROSPECTION, clock.now())
        return read(response, INTROSPECTION, TokenFacts)

    return persist(clock, ask)


def _client(connection: Connection, secret: str | None, transport: httpx2.BaseTransport | None) -> Any:
    """Authlib's client, which is an httpx2 client and has no types.

    Authlib is imported here: it takes a quarter of a second, and an API key never needs it.
    """
    from authlib.integrations.httpx_client import OAuth2Client

    return OAuth2Client(
        connection.client_id,
        secret,
        transport=transport,
        trust_env=not is_local(connection.auth_url),
        timeout=httpx2.Timeout(20.0, connect=10.0),
        headers={"User-Agent": USER_AGENT},
    )


def _token_client(
    connection: Connection, secret: str | None, clock: Clock, transport: httpx2.BaseTransport | None
) -> Any:
    """The client with an eye on the status: Authlib would read a 429 with a JSON body as tokens."""

    def require_answer(response: httpx2.Response) -> httpx2.Response:
        if response.status_code == 429 or response.status_code >= 500:
            raise of_answer(response, TOKEN, clock.now())
        return response

    client = _client(connection, secret, transport)
    client.register_compliance_hook("access_token_response", require_answer)
    client.register_compliance_hook("refresh_token_response", require_answer)
    return client


def _asked(ask: Callable[[], T], clock: Clock) -> T:
    """The token endpoint's answer, its faults in the core's words.

    Authlib's own texts are left out: an error's description is the server's, and may repeat what we sent.
    """
    from authlib.integrations.base_client import OAuthError

    try:
        return ask()
    except OAuthError as error:
        raise _refusal(str(error.error)) from None
    except httpx2.HTTPStatusError as error:
        raise of_answer(error.response, TOKEN, clock.now()) from None
    except httpx2.RequestError as error:
        raise of_network(error, "Pleo's login") from error
    except ValueError:
        raise _no_tokens() from None


def _refusal(code: str) -> KontobroError:
    if code.lower() in _FINAL:
        fault = TokensRefused(f"Pleo's authorisation has ended ({code.lower()}).", RECONNECT)
        return with_failure(fault, "authentication_failure")
    if code.lower() in ("invalid_client", "unauthorized_client"):
        remedy = "Check the client id and secret in Pleo's partner settings, then connect again (kontobro connect)."
        return with_failure(LoginFailed("Pleo does not know this OAuth client.", remedy), "authentication_failure")
    return login_failed(f"Pleo refused the authorisation ({shown(code, 40)}).")


def _tokens(answer: Any, clock: Clock, held: Tokens) -> Tokens:
    """The answer as tokens; the refresh token we hold stays where the answer brings none."""
    access = answer.get("access_token")
    lasting = answer.get("refresh_token") or held.refresh
    seconds = answer.get("expires_in")
    if not isinstance(access, str) or not access or not isinstance(lasting, str | None):
        raise _no_tokens()
    known = isinstance(seconds, int | float) and 0 < seconds < 10**9
    expires_at = clock.now() + timedelta(seconds=seconds) if known else None
    return Tokens(access=access, refresh=lasting, expires_at=expires_at, client_secret=held.client_secret)


def _no_tokens() -> BadAnswer:
    return BadAnswer("Pleo's login answered without tokens.", UNEXPECTED)
