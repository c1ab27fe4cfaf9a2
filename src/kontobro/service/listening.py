"""Who can reach the service: this machine alone (local mode), or a network. The socket decides, not what is unset."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    pass

LookUp = Callable[..., Sequence[Any]]
"""`socket.getaddrinfo`."""


def host_of(bind: str) -> str:
    """The host of `host:port`; empty for all addresses and for a Unix socket."""
    return "" if bind.startswith("unix:") else bind.rpartition(":")[0].strip("[]")


def is_loopback(address: str) -> bool:
    """Whether an IP address is this machine's own."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def binds_loopback(bind: str, look_up: LookUp = socket.getaddrinfo) -> bool:
    """Whether only this machine reaches a socket there: each address that the host means is a loopback address.

    A Unix socket is not: a proxy serves it to whom it likes.
    """
    host = host_of(bind)
    if not host or _is_address(host):
        return is_loopback(host)
    found = _addresses(host, look_up)
    return bool(found) and all(map(is_loopback, found))


def _addresses(host: str, look_up: LookUp) -> list[str]:
    try:
        return [str(each[4][0]) for each in look_up(host, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []


def local_url(bind: str, look_up: LookUp = socket.getaddrinfo) -> str:
    """Where a browser of this machine reaches what serves at a loopback address. A name that is not localhost becomes
    the address that it means: by a name anybody's DNS could lead here."""
    url = f"http://{bind}"
    if names_loopback(url):
        return url
    address = next(iter(_addresses(host_of(bind), look_up)), "127.0.0.1")
    return f"http://{f'[{address}]' if ':' in address else address}:{bind.rpartition(':')[2]}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def names_loopback(url: str) -> bool:
    """Whether a web address means the reader's own machine. Names are not looked up: DNS may say anything."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    return host == "localhost" or host.endswith(".localhost") or is_own(host)


def is_own(host: str) -> bool:
    """Whether an address in numbers, in whatever spelling a resolver takes, is this machine (also 0.0.0.0 and ::)."""
    try:
        host = socket.inet_ntoa(socket.inet_aton(host)) if ":" not in host else host
        return is_loopback(host) or ipaddress.ip_address(host.partition("%")[0]).is_unspecified
    except (OSError, ValueError):
        return False


def _url_of(host: str) -> str:
    return f"http://[{host}]" if ":" in host else f"http://{host}"
