"""API tokens: made and shown once, kept as a hash, counted by the minute.

Time ends them, an owner, or that their maker is no owner any more.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Case, F, Value, When

from kontobro.web.models import ApiToken, Membership

PREFIX: Final = "kbt_"
"""Names what it is, for people and for programs that look for secrets in texts."""
FORM: Final = re.compile(rf"{PREFIX}[\w-]{{43}}", re.ASCII)

A_MINUTE: Final = 60
"""Requests that one token may send in a minute."""

LIVES: Final = (30, 90, 365)
"""Days that a token may be made for."""

MOST: Final = 20
"""Tokens of an organisation."""


def make_token(maker: Membership, name: str, days: int, now: datetime) -> str:
    """A new token, in the caller's transaction. What is answered is kept nowhere."""
    secret = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        organisation_id=maker.organisation_id,
        maker=maker,
        name=name,
        secret_hash=_hash(secret),
        made_at=now,
        expires_at=now + timedelta(days=days),
    )
    return secret


def tokens_of(organisation: object) -> Sequence[ApiToken]:
    """The organisation's, newest first, those that have ended too."""
    return list(ApiToken.objects.select_related("maker__user").filter(organisation=organisation).order_by("-id"))


def token_for(secret: str, now: datetime) -> ApiToken | None:
    """The token of that secret, while it is in time and its maker is an owner."""
    if not FORM.fullmatch(secret):
        return None
    alive = ApiToken.objects.select_related("organisation").filter(expires_at__gt=now, maker__role="owner")
    return alive.filter(secret_hash=_hash(secret)).first()


def spend(token: ApiToken, now: datetime) -> bool:
    """Count one request: whether it is within what a token may send in this minute. Counted by the database, so that
    several processes count together."""
    minute = now.replace(second=0, microsecond=0)
    rows = ApiToken.objects.filter(id=token.id)
    used = Case(When(window_at=minute, then=F("used") + 1), default=Value(1))
    rows.update(used=used, window_at=minute, last_used_at=now)
    counted = rows.values_list("used", flat=True).first()  # None: it was revoked meanwhile
    return counted is not None and counted <= A_MINUTE


def _hash(secret: str) -> str:
    """Secrets of 256 random bits need no slow hash: no one can try them all."""
    return hashlib.sha256(secret.encode()).hexdigest()
