"""Who may call: standalone API keys, OAuth clients, authorisations and their tokens (api.md A, rules.md §5)."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from pleo_sandbox.clock import Clock
from pleo_sandbox.errors import unauthorized
from pleo_sandbox.rules import Rules

CODE_LIFE = 60.0
ACCESS_LIFE = 900.0
_VERIFIER = re.compile(r"[A-Za-z0-9\-_.~]{43,128}")

# Names of tag, tax-code, company and accounting entry scopes are not official (api.md A4).
ALL_SCOPES = frozenset(
    "export-jobs:read export-jobs:write export-items:read accounts:read accounts:write vendors:read vendors:write "
    "users:read companies:read tax-codes:read tax-codes:write tag-groups:read tag-groups:write "
    "accounting-entries:read".split()
)


class OAuthError(Exception):
    """A refusal of the authorisation server (RFC 6749 §5.2)."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status


@dataclass(frozen=True, slots=True)
class Credential:
    """Whoever makes a call. Without a company it is an organisation's."""

    id: str
    method: str
    client_id: str
    application: str
    scopes: frozenset[str]
    company_id: str | None
    organization_id: str | None

    @property
    def subject(self) -> str:
        if self.company_id is not None:
            return f"urn:pleo:company:{self.company_id}"
        return f"urn:pleo:organization:{self.organization_id}"


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A registered application. `needs_activation`: its installations start as AUTHORIZED.

    `start_url` is where Connect leads (Pleo's "Initiation URI"), `settings_url` the page of its settings.
    """

    client_id: str
    secret: str = field(repr=False)
    name: str = "Integration"
    redirect_uris: tuple[str, ...] = ()
    scopes: frozenset[str] = ALL_SCOPES
    needs_activation: bool = True
    start_url: str = ""
    settings_url: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """An authorisation request that passed its checks and waits for consent."""

    client: OAuthClient
    redirect_uri: str
    scopes: frozenset[str]
    state: str | None
    challenge: str


@dataclass(slots=True)
class Code:
    request: Request
    company_id: str
    expires: float
    used_for: Authorisation | None = None


@dataclass(slots=True)
class Authorisation:
    """One company's consent to one client. Only its newest pair of tokens is worth anything."""

    client: OAuthClient
    company_id: str
    scopes: frozenset[str]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    access: str | None = field(default=None, repr=False)
    refresh: str | None = field(default=None, repr=False)
    issued: float = 0.0

    def revoke(self) -> None:
        self.access = self.refresh = None

    def credential(self) -> Credential:
        client = self.client
        return Credential(
            f"authorisation {self.id}", "OAUTH2", client.client_id, client.name, self.scopes, self.company_id, None
        )


@dataclass(frozen=True, slots=True)
class Pair:
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    scopes: frozenset[str]


class Access:
    """All credentials of the sandbox."""

    def __init__(self, clock: Clock, rules: Rules | None = None) -> None:
        self.clients: dict[str, OAuthClient] = {}
        self._clock = clock
        self._rules = rules or Rules()
        self._keys: dict[str, Credential] = {}
        self._codes: dict[str, Code] = {}
        # Every token ever issued, so that a replayed one is told from an invented one.
        self._tokens: dict[str, Authorisation] = {}
        self._authorisations: list[Authorisation] = []

    # API keys

    def add_key(
        self,
        company_id: str | None,
        scopes: Iterable[str] = ALL_SCOPES,
        *,
        organization_id: str | None = None,
        name: str = "API key",
    ) -> str:
        """A new standalone key, of a company or else of an organisation."""
        key = f"plp_{secrets.token_urlsafe(32)}"
        number = str(uuid.uuid4())
        self._keys[key] = Credential(
            f"key {number}", "API_KEY", number, name, frozenset(scopes), company_id, organization_id
        )
        return key

    def by_key(self, key: str) -> Credential:
        credential = self._keys.get(key)
        if credential is None:
            raise unauthorized("the API key is not valid")
        return credential

    # OAuth clients and their authorisations

    def register(
        self,
        redirect_uris: Iterable[str],
        scopes: Iterable[str] = ALL_SCOPES,
        *,
        name: str = "Integration",
        needs_activation: bool = True,
        start_url: str = "",
        settings_url: str = "",
    ) -> OAuthClient:
        client = OAuthClient(
            str(uuid.uuid4()),
            secrets.token_urlsafe(32),
            name,
            tuple(redirect_uris),
            frozenset(scopes),
            needs_activation,
            start_url,
            settings_url,
        )
        self.clients[client.client_id] = client
        return client

    def authenticate(self, client_id: str, secret: str) -> OAuthClient:
        client = self.clients.get(client_id)
        if client is None or not secrets.compare_digest(client.secret.encode(), secret.encode()):
            raise OAuthError("invalid_client", "client id or secret is wrong", 401)
        return client

    def grant(self, request: Request, company_id: str) -> str:
        """The company consented: a code, good once and for a minute."""
        code = secrets.token_urlsafe(32)
        self._codes[code] = Code(request, company_id, self._clock.seconds() + CODE_LIFE)
        return code

    def redeem(self, client: OAuthClient, code: str, redirect_uri: str, verifier: str) -> tuple[Authorisation, Pair]:
        """Tokens for a code. A code used twice invalidates what it gave (RFC 6749 §4.1.2)."""
        known = self._codes.get(code)
        if known is None or known.request.client.client_id != client.client_id:
            raise OAuthError("invalid_grant", "the code is not valid")
        if known.used_for is not None:
            known.used_for.revoke()
            raise OAuthError("invalid_grant", "the code was used before")
        if self._clock.seconds() >= known.expires:
            raise OAuthError("invalid_grant", "the code has expired")
        if redirect_uri != known.request.redirect_uri:
            raise OAuthError("invalid_grant", "redirect_uri is not the one of the authorisation request")
        _check_verifier(verifier, known.request.challenge)
        known.used_for = Authorisation(client, known.company_id, known.request.scopes)
        self._authorisations.append(known.used_for)
        return known.used_for, self._issue(known.used_for)

    def refresh(self, client: OAuthClient, token: str) -> Pair:
        """A new pair; the old one is invalid at once. A replayed or expired token invalidates the authorisation."""
        authorisation = self._tokens.get(token)
        if authorisation is None or authorisation.client.client_id != client.client_id:
            raise OAuthError("invalid_grant", "the refresh token is not valid")
        if authorisation.access == token:
            raise OAuthError("invalid_grant", "this is an access token")
        if authorisation.refresh != token:
            authorisation.revoke()
            raise OAuthError("invalid_grant", "the refresh token was used or revoked")
        if self._clock.seconds() >= authorisation.issued + self._refresh_life:
            authorisation.revoke()
            raise OAuthError("invalid_grant", "the refresh token has expired")
        return self._issue(authorisation)

    @property
    def _refresh_life(self) -> float:
        return self._rules.refresh_days * 86400.0

    def _issue(self, authorisation: Authorisation) -> Pair:
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        if authorisation.refresh and not self._rules.rotates_refresh:
            refresh = authorisation.refresh
        authorisation.access, authorisation.refresh = access, refresh
        authorisation.issued = self._clock.seconds()
        self._tokens[access] = self._tokens[refresh] = authorisation
        return Pair(access, refresh, authorisation.scopes)

    def by_access_token(self, token: str) -> Credential:
        authorisation = self._tokens.get(token)
        if authorisation is None or authorisation.access != token:
            raise unauthorized("the access token is not valid")
        if self._clock.seconds() >= authorisation.issued + ACCESS_LIFE:
            raise unauthorized("the access token has expired")
        return authorisation.credential()

    def active(self, client: OAuthClient, token: str) -> tuple[Authorisation, float] | None:
        """The authorisation behind a live token of this client, and when the token expires."""
        authorisation = self._tokens.get(token)
        if authorisation is None or authorisation.client.client_id != client.client_id:
            return None
        lives = {authorisation.access: ACCESS_LIFE, authorisation.refresh: self._refresh_life}
        if token not in lives or self._clock.seconds() >= authorisation.issued + lives[token]:
            return None
        return authorisation, authorisation.issued + lives[token]

    # revoking

    def revoke(self, token: str) -> None:
        """Revoke an API key, or the one token of an authorisation."""
        self._keys.pop(token, None)
        authorisation = self._tokens.get(token)
        if authorisation is not None and authorisation.access == token:
            authorisation.access = None
        if authorisation is not None and authorisation.refresh == token:
            authorisation.refresh = None

    def revoke_company(self, company_id: str, client_id: str | None = None) -> None:
        """Revoke all tokens that a company gave, to one client or to all."""
        for authorisation in self._authorisations:
            if authorisation.company_id == company_id and client_id in (None, authorisation.client.client_id):
                authorisation.revoke()


def s256(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _check_verifier(verifier: str, challenge: str) -> None:
    if not _VERIFIER.fullmatch(verifier):
        raise OAuthError("invalid_request", "code_verifier: 43 to 128 characters of A-Z a-z 0-9 - . _ ~ are required")
    if not secrets.compare_digest(s256(verifier), challenge):
        raise OAuthError("invalid_grant", "code_verifier does not match code_challenge")
