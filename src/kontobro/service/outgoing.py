"""A notice as a webhook to an address that a customer gave: signed, and never into our own network.

The address is looked up once, every answer is checked, and the connection goes to the very address that was checked:
a name that answers differently the second time leads nowhere. No redirects, no proxy, a short patience.
"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable, Sequence
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
from kontobro.service.config import Network, ServiceConfig
from kontobro.service.networks import Resolve, is_public
from kontobro.service.notify import Notice, link_of

TIMEOUT: Final = httpx2.Timeout(10.0, connect=5.0)
_REMEDY: Final = "Give an https:// address of a host on the public internet, without a password in it."


def look_up(host: str, port: int) -> Sequence[str]:
    """All addresses of a name."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class HookNotifier:
    """Posts `{type, timestamp, data: {connection, count, text, url}}`, signed by Standard Webhooks.

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
        _post(self._request(url), url, _signed(notice, link_of(self.config, notice), secret, now), self.transport)
        return True

    def _request(self, url: str) -> httpx2.URL:
        """The checked address in place of the host's name."""
        parts = checked_url(url, local=self.config.local)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        networks, local = self.config.networks, self.config.local
        address = checked_address(parts.hostname or "", port, self.resolve, local=local, also=networks)
        return httpx2.URL(url).copy_with(host=address)


def checked_url(url: str, *, local: bool) -> SplitResult:
    """The address in parts. Raises Misconfigured unless it is HTTPS (or `local`), without a password."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        raise Misconfigured("The webhook's address can't be read.", _REMEDY) from None
    schemes = ("https", "http") if local else ("https",)
    if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc or not url.isprintable():
        raise Misconfigured("The webhook's address is not one that we post to.", _REMEDY)
    return parts


def checked_address(host: str, port: int, resolve: Resolve, *, local: bool, also: Sequence[Network] = ()) -> str:
    """One address of the host, when all of them are public or in `also`. Raises Misconfigured, Unreachable."""
    try:
        found = list(resolve(host, port))
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise Unreachable("The webhook's host is not known.", "Check its name.")
    if not all(is_public(each, local=local, also=also) for each in found):
        raise Misconfigured("The webhook's host is in a private network.", _REMEDY)
    return found[0]


def _signed(notice: Notice, link: str, secret: str, now: datetime) -> tuple[bytes, dict[str, str]]:
    """Body and headers. `webhook-id` is new for each notice."""
    facts = {"connection": notice.connection_id, "count": notice.count, "text": notice.text, "url": link}
    moment = now.astimezone(UTC).isoformat()
    body = msgspec.json.encode({"type": f"kontobro.{notice.cause}", "timestamp": moment, "data": facts})
    id = f"msg_{uuid.uuid4().hex}"
    try:
        signature = Webhook(secret).sign(id, now.astimezone(UTC), body.decode())
    except (EmptyWebhookSecretError, ValueError):  # binascii's is one
        raise Misconfigured("The webhook's secret can't be used.", "Make a new one.") from None
    stamp = str(int(now.timestamp()))
    return body, {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature}


def _post(
    to: httpx2.URL, url: str, signed: tuple[bytes, dict[str, str]], transport: httpx2.BaseTransport | None
) -> None:
    """Post to the checked address under the host's own name: in the Host header and in TLS."""
    body, headers = signed
    parts = urlsplit(url)
    named = {
        **headers,
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "User-Agent": f"kontobro/{__version__}",
    }
    try:
        with (
            httpx2.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False, transport=transport) as http,
            http.stream(
                "POST", to, content=body, headers=named, extensions={"sni_hostname": parts.hostname or ""}
            ) as answer,
        ):
            status = answer.status_code  # the answer's body is never read, whatever its size
    except httpx2.HTTPError as error:
        raise Unreachable(f"The webhook can't be delivered ({type(error).__name__}).", "Check its address.") from None
    if not 200 <= status < 300:
        raise Unreachable(
            f"The webhook's receiver answered {status}.", "Check the receiver; redirects are not followed."
        )
