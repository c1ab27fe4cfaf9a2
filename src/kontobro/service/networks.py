"""Which addresses this service may reach for its customers: the public internet, and networks that its operator names.

Whoever may type an address may otherwise read what is beside the service: a database, a cloud's metadata. A
service on localhost serves its owner alone, who may reach everything anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import httpx2

from kontobro.net.addresses import Network, NetworkPolicy, PrivateAddress, Resolve, is_public, literal
from kontobro.service.config import ServiceConfig


@dataclass(frozen=True, slots=True)
class Reach:
    """`everywhere` for a service on localhost; `also`: private networks that are fine all the same."""

    resolve: Resolve
    everywhere: bool = False
    also: tuple[Network, ...] = ()

    @property
    def policy(self) -> NetworkPolicy:
        """For the clients themselves: what they connect to is checked there, each time."""
        return NetworkPolicy(self.permits, self.resolve)

    def permits(self, address: str) -> bool:
        return self.everywhere or is_public(address, also=self.also)

    def require(self, url: str) -> None:
        """Raises PrivateAddress when the address is inside a private network now: an early word for a person.

        The host is read as the client reads it. A name that can't be looked up here is left to the client: it
        checks again as it connects, whatever the name then means.
        """
        if self.everywhere:
            return
        try:
            parts = httpx2.URL(url)
            host = parts.raw_host.decode("ascii")
            found = self._addresses(host, parts.port or (80 if parts.scheme == "http" else 443))
        except (OSError, ValueError, httpx2.InvalidURL):  # an unknown name, a port that is none, no URL
            return
        if not all(map(self.permits, found)):
            raise PrivateAddress(url)

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        bare = literal(host)
        return [bare] if bare else self.resolve(host, port)


def reach_of(config: ServiceConfig, resolve: Resolve) -> Reach:
    return Reach(resolve, config.local, config.networks)
