"""Which addresses a client may connect to. One rule for accounting systems, receipts and webhooks."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from kontobro.core.errors import Misconfigured, shown

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Sequence[str]]
Permits = Callable[[str], bool]

_CARRIES_IPV4: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))
"""NAT64 by its well-known prefix (RFC 6052), and the old compatible form: the IPv4 address is in the last 32 bits."""

_NEVER: Final = (ipaddress.IPv4Network("168.63.129.16/32"), ipaddress.IPv4Network("192.0.0.0/24"))
"""Counted as global, and still the inside of someone's network: Azure's metadata service; IETF's own (RFC 6890), where
Oracle's is."""

_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""The only IPv6 addresses that are given to hosts of the public internet."""


class PrivateAddress(Misconfigured):
    """The address is inside a network that this client has no business in. Nothing was sent."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f'"{shown(host)}" is inside a private network.',
            "Use an address on the public internet, or ask the administrator of this service to allow this "
            "network (KONTOBRO_PRIVATE_NETWORKS).",
        )


def look_up(host: str, port: int) -> Sequence[str]:
    """All addresses of a name. Raises OSError, UnicodeError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def anywhere(address: str) -> bool:
    """The rule of those who are on their own machine, or name the address themselves."""
    return True


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """What a client may connect to, and how it looks names up. The same two are used for the connection itself."""

    permits: Permits = anywhere
    resolve: Resolve = look_up


ANYWHERE: Final = NetworkPolicy()


def literal(host: str) -> str | None:
    """The address that a host is, without brackets; None for a name. 127.1 and 2130706433 are addresses too."""
    bare = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return _old_spelling(bare.removesuffix("."))
    return bare


def _old_spelling(host: str) -> str | None:
    """An IPv4 address of fewer parts, or in octal or hexadecimal, as every resolver reads it."""
    if not host or not set(host.lower()) <= set("0123456789abcdefx."):
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None


def is_public(address: str, *, local: bool = False, also: Sequence[Network] = ()) -> bool:
    """Whether an address is on the public internet or in a network of `also`; with `local`, this machine will do.

    An IPv6 address that leads to an IPv4 one (mapped, NAT64, 6to4) is what that one is.
    """
    try:
        outer = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if any(outer in network for network in also):
        return True
    found = _inner(outer) or outer
    if (local and outer.is_loopback) or any(found in network for network in also):
        return True
    if isinstance(found, ipaddress.IPv6Address) and found not in _UNICAST:
        return False
    return found.is_global and not found.is_multicast and not any(found in network for network in _NEVER)


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if any(address in network for network in _CARRIES_IPV4):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
