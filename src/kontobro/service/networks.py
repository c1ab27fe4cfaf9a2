"""Which addresses this service may reach for its customers: the public internet, and networks that its operator names.

Whoever may type an address may otherwise read what stands beside the service: a database, a cloud's metadata. A
service on localhost serves its owner alone, who may reach everything anyway.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from kontobro.core.errors import Misconfigured, shown
from kontobro.service.config import Network, ServiceConfig

Resolve = Callable[[str, int], Sequence[str]]

_EMBEDDED: Final = tuple(ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))
"""IPv6 that means an IPv4 address: a gateway would carry it into the local network."""


@dataclass(frozen=True, slots=True)
class Reach:
    """`everywhere` for a service on localhost; `also`: private networks that are fine all the same."""

    resolve: Resolve
    everywhere: bool = False
    also: tuple[Network, ...] = ()

    def permits(self, address: str) -> bool:
        return self.everywhere or is_public(address, also=self.also)

    def require(self, url: str) -> None:
        """Raises Misconfigured when the address is inside a private network.

        It is looked at when it is typed and each time a connector is opened. A name that can't be looked up here
        is left to the connector: either nothing is there, or a proxy reaches it.
        """
        if self.everywhere:
            return
        try:
            parts = urlsplit(url)
            port = parts.port or (80 if parts.scheme == "http" else 443)
            found = self._addresses(parts.hostname or "", port)
        except (OSError, ValueError):  # an unknown name, a port that is none, a name that IDNA can't write
            return
        if not all(map(self.permits, found)):
            raise Misconfigured(
                f'"{shown(url)}" is inside a private network.',
                "Give an address on the public internet, or ask whoever runs the service to allow this network "
                "(KONTOBRO_PRIVATE_NETWORKS).",
            )

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            return self.resolve(host, port)

    def require_options(self, options: Mapping[str, str]) -> None:
        """The same for a connector's options, before it is opened."""
        if url := options.get("url"):
            self.require(url)


def reach_of(config: ServiceConfig, resolve: Resolve) -> Reach:
    return Reach(resolve, config.local, config.networks)


def is_public(address: str, *, local: bool = False, also: Sequence[Network] = ()) -> bool:
    """Whether an address is on the public internet or in a network of `also`; with `local`, this machine will do."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if (local and found.is_loopback) or any(found in network for network in also):
        return True
    if isinstance(found, ipaddress.IPv6Address) and (
        found.ipv4_mapped or any(found in network for network in _EMBEDDED)
    ):
        return False
    return found.is_global and not found.is_multicast
