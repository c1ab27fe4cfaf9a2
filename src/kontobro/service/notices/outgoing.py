"""A notice as a webhook to an address that a customer gave: signed, and never into our own network.

The client connects to the very address that it checked (`net/backend.py`): a name that answers differently the second
time leads nowhere. No redirects, no proxy, a short patience; of the answer nothing but its status is wanted.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx2
import msgspec
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from kontobro import __version__
from kontobro.core.errors import Misconfigured, Unreachable
from kontobro.core.words import told
from kontobro.net.addresses import NetworkPolicy, PrivateAddress, Resolve, is_public, look_up
from kontobro.net.client import open_client
from kontobro.net.limits import AnswerTooLarge, Limits
from kontobro.service.config import ServiceConfig
from kontobro.service.notices.notify import Notice, link_of

TIMEOUT: Final = httpx2.Timeout(10.0, connect=5.0)
LIMITS: Final = Limits(seconds=15.0, most_bytes=64 * 1024)
"""One receiver can't hold up the notices of others, and no one reads what it answers."""


@dataclass(frozen=True, slots=True)
class HookNotifier:
    """Posts `{type, timestamp, data: {connection, company, books, count, text, url}}`, signed by Standard Webhooks.

    `target` gives a connection's address and secret, or None.
    """

    config: ServiceConfig
    target: Callable[[str], tuple[str, str] | None] = field(repr=False)
    resolve: Resolve = look_up
    transport: httpx2.BaseTransport | None = None

    def tell(self, notice: Notice, now: datetime) -> bool:
        found = self.target(notice.connection_id)
        if found is None:
            return False
        url, secret = found
        checked_url(url, local=self.config.local)
        signed = _signed(notice, link_of(self.config, notice), secret, now)
        with open_client(
            LIMITS,
            NetworkPolicy(self._permits, self.resolve),
            transport=self.transport,
            trust_env=False,
            timeout=TIMEOUT,
            follow_redirects=False,
        ) as http:
            _post(http, url, signed)
        return True

    def _permits(self, address: str) -> bool:
        return is_public(address, local=self.config.local, also=self.config.networks)


def checked_url(url: str, *, local: bool) -> SplitResult:
    """The address in parts. Raises Misconfigured unless it is HTTPS (or `local`), without a password."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        raise Misconfigured(*told("hook_address_unreadable")) from None
    schemes = ("https", "http") if local else ("https",)
    if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc or not url.isprintable():
        raise Misconfigured(*told("hook_address_refused"))
    return parts


def _signed(notice: Notice, link: str, secret: str, now: datetime) -> tuple[bytes, dict[str, str]]:
    """Body and headers. `webhook-id` is new for each notice."""
    facts = {
        "connection": notice.connection_id,
        "company": notice.company,
        "books": notice.books,
        "count": notice.count,
        "text": notice.text,
        "url": link,
    }
    moment = now.astimezone(UTC).isoformat()
    body = msgspec.json.encode({"type": f"kontobro.{notice.cause}", "timestamp": moment, "data": facts})
    id = f"msg_{uuid.uuid4().hex}"
    try:
        signature = Webhook(secret).sign(id, now.astimezone(UTC), body.decode())
    except (EmptyWebhookSecretError, ValueError):  # binascii's is one
        raise Misconfigured(*told("hook_secret_unusable")) from None
    stamp = str(int(now.timestamp()))
    return body, {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature}


def _post(http: httpx2.Client, url: str, signed: tuple[bytes, dict[str, str]]) -> None:
    body, headers = signed
    named = {**headers, "Content-Type": "application/json", "User-Agent": f"kontobro/{__version__}"}
    try:
        status = http.post(url, content=body, headers=named).status_code
    except PrivateAddress:
        raise Misconfigured(*told("hook_host_private")) from None
    except AnswerTooLarge:
        raise Unreachable(*told("hook_answer_endless")) from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Unreachable(*told("hook_undelivered", kind=type(error).__name__)) from None
    if not 200 <= status < 300:
        raise Unreachable(*told("hook_answered", status=str(status)))
