"""`deliver_to` in parts: a path, or an address without a password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.ports.delivery import ADDRESSES
from kontobro.core.words import told

_LOCAL: Final = ("localhost", "127.0.0.1", "::1")

_MAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}", re.ASCII)
_MOST_RECIPIENTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`path` begins with a slash and ends without one; it is empty for the top. `port` None: the usual one."""

    scheme: str
    host: str
    port: int | None = None
    user: str = ""
    path: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host

    def __str__(self) -> str:
        """As a person reads it: without the user, which at some places is half of a key."""
        return f"{self.scheme}://{self.netloc}{self.path}"


def address_of(place: str) -> Address:
    """An address of `deliver_to` (not a path, not a mail's). Raises Misconfigured."""
    try:
        parts = urlsplit(place)
        port = parts.port
        path = unquote(parts.path, errors="strict").rstrip("/")
    except ValueError:
        raise unreadable(place) from None
    if (
        parts.scheme not in ADDRESSES
        or not parts.hostname
        or port == 0
        or (port and parts.scheme == "s3")
        or parts.fragment
        or not place.isprintable()
    ):
        raise unreadable(place)
    if parts.password is not None:
        raise Misconfigured(*told("delivery_address_password"))
    if not path.isprintable() or any(part in (".", "..") for part in path.split("/")):
        raise unreadable(place)
    if parts.scheme == "webdav+http" and parts.hostname not in _LOCAL:
        raise Misconfigured(*told("delivery_address_open", place=shown(place)))
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(set(options) - ({"region", "endpoint"} if parts.scheme == "s3" else set())):
        raise Misconfigured(*told("delivery_address_part", part=shown(", ".join(unknown))))
    user = unquote(parts.username or "")
    return Address(scheme=parts.scheme, host=parts.hostname, port=port, user=user, path=path, options=options)


def recipients_of(place: str) -> tuple[str, ...]:
    """The mail addresses of `mailto:a@example.com,b@example.com`. Raises Misconfigured."""
    found = tuple(part.strip() for part in place.partition(":")[2].split(","))
    if len(found) > _MOST_RECIPIENTS or not all(map(_MAIL.fullmatch, found)):
        raise Misconfigured(*told("delivery_recipients", place=shown(place), most=_MOST_RECIPIENTS))
    return found


def unreadable(place: str) -> Misconfigured:
    return Misconfigured(*told("delivery_address_unreadable", place=_without_password(place)))


def _without_password(place: str) -> str:
    """A text that can't be read as an address may still have a password in it."""
    return shown(re.sub(r"//[^/]*@", "//…@", place))
