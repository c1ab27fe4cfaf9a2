"""A browser away at Pleo's consent page: what is kept meanwhile, who may come back, and what Pleo answered.

    state, kept = leave(redirect_uri=..., owner=..., now=...)    state and kept.verifier go into authorize_url
    kept.awaits(state, owner=..., now=...)                       of everyone who comes, only the one who left
    code_of(query, remedy)                                       then the exchange: once, whatever becomes of it

Where it is kept is each home's own: sealed (`kept_to`), and deleted before the code is exchanged.

Pleo's documents spell the scopes of tags in two ways (`core/dialect.py`), and a client need not be registered for the
scope that names the company. The first consent asks for that one too, in the spelling that worked in this environment
(`consent_for`); when Pleo does not know a scope, one without it is offered, then one in the other spelling
(`Consent.after`).
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from kontobro.core.dialect import Dialect, TagScope, canonical, dialect_of, other_spelling, spelling_in
from kontobro.core.errors import LoginFailed, shown
from kontobro.core.model.connection import Connection

LIFE = timedelta(minutes=15)
"""How long Pleo's answer is waited for."""

LOOPBACK = frozenset(["127.0.0.1", "localhost", "::1"])

REFUSALS: Mapping[str, str] = {
    "access_denied": "Access was denied in Pleo. Nothing was connected.",
    "invalid_scope": "Pleo does not know a permission that this level asks for. Choose a lower level, or ask "
    "your administrator to have it registered with Pleo.",
    "unauthorized_client": "Pleo does not allow this service to request access. Ask your administrator.",
    "server_error": "Pleo reported an internal error. Try again in a few minutes.",
    "temporarily_unavailable": "Pleo is busy. Try again in a few minutes.",
}
"""What an `error` in Pleo's answer means (RFC 6749 §4.1.2.1)."""

OTHER_SPELLING = (
    "Pleo does not know one of the permissions by the name under which Kontobro asked for it. Kontobro can ask once "
    "more, in another way."
)

OPTIONAL = frozenset({"companies:read"})
"""Asked for where Pleo gives it, to call a connection as the company is called at Pleo; nothing else needs it."""


class InvalidScope(LoginFailed):
    """Pleo does not know a scope that was asked for: no one was asked for consent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """What is kept of a browser that left. State and owner only as hashes: reading them lets no one come back."""

    redirect_uri: str
    state_hash: str
    owner_hash: str
    expires_at: datetime
    verifier: str = field(repr=False)
    client_secret: str | None = field(default=None, repr=False)

    def awaits(self, state: str, *, owner: str, now: datetime) -> bool:
        """Whether this answer is the one that is waited for: its state, from its owner, in time."""
        same_state = hmac.compare_digest(self.state_hash, hashed(state))
        same_owner = hmac.compare_digest(self.owner_hash, hashed(owner))
        return same_state and same_owner and now < self.expires_at


def leave(
    *, redirect_uri: str, owner: str, now: datetime, client_secret: str | None = None
) -> tuple[str, Authorisation]:
    """The state for Pleo's address, and what to keep. `owner`: who leaves, user and session; `now`: aware UTC."""
    state = secrets.token_urlsafe(32)
    kept = Authorisation(
        redirect_uri=redirect_uri,
        state_hash=hashed(state),
        owner_hash=hashed(owner),
        expires_at=now + LIFE,
        verifier=secrets.token_urlsafe(64),
        client_secret=client_secret,
    )
    return state, kept


def kept_to(kept: Authorisation) -> dict[str, Any]:
    """As JSON values, secrets among them: seal it."""
    return {**dataclasses.asdict(kept), "expires_at": kept.expires_at.isoformat()}


def kept_from(stored: Mapping[str, Any]) -> Authorisation:
    """From what `kept_to` gave."""
    return Authorisation(**{**stored, "expires_at": datetime.fromisoformat(stored["expires_at"])})


def code_of(answer: Mapping[str, str], remedy: str) -> str:
    """The code that Pleo's answer carries. Raises LoginFailed with what a refusal means, InvalidScope of its kind."""
    code = answer.get("code", "")
    if "error" in answer or not code:
        error = answer.get("error", "no code")
        kind = InvalidScope if error == "invalid_scope" else LoginFailed
        raise kind(REFUSALS.get(error, f"Pleo did not authorise ({shown(error, 40)})."), remedy)
    return code


def spelling_for(environment: str, known: Iterable[Connection], dialect: Dialect | None = None) -> TagScope:
    """How to ask for the scopes of tags: as an OAuth connection of this environment has them, else by its dialect."""
    usual = (dialect or dialect_of(environment)).tag_scope
    granted = (it.scopes for it in known if it.environment == environment and it.auth == "oauth")
    worked = {spelling for scopes in granted if (spelling := spelling_in(scopes))}
    return usual if usual in worked or not worked else next(iter(worked))


@dataclass(frozen=True, slots=True)
class Consent:
    """What Pleo is asked for, and how the scopes of tags are spelled; `usual` is how they are spelled at first."""

    scopes: frozenset[str]
    spelling: TagScope
    usual: TagScope

    @property
    def after(self) -> TagScope | None:
        """How to ask after Pleo did not know a scope, as `consent_for` takes it: without what is optional, then in the
        other spelling where scopes of tags were asked for, then no more."""
        if self.scopes & OPTIONAL:
            return self.usual
        has_tags = spelling_in(canonical(self.scopes)) is not None
        return other_spelling(self.usual) if has_tags and self.spelling == self.usual else None


def consent_for(
    environment: str,
    needed: Iterable[str],
    known: Iterable[Connection],
    kept: TagScope | None,
    dialect: Dialect | None = None,
) -> Consent:
    """The consent to ask for. `kept`: what `after` gave when Pleo did not know a scope, None at first. `dialect`: other
    than the environment's usual one."""
    there = [it for it in known if it.environment == environment and it.auth == "oauth" and it.scopes]
    usual = spelling_for(environment, there, dialect)
    # what this environment's client was not granted before, it is not registered for
    ask_more = kept is None and (not there or any(it.scopes >= OPTIONAL for it in there))
    return Consent(frozenset(needed) | (OPTIONAL if ask_more else frozenset()), kept or usual, usual)


def is_safe_redirect(address: str) -> bool:
    """Whether Pleo can send a code there: https, or this machine itself for trying out (`pleo/rules.md` §5.2)."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def hashed(text: str) -> str:
    """A text's SHA-256. What a browser sends may be no good UTF-8."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
