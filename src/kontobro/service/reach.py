"""Whether the service may start where it listens: open to a network only with a public address."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kontobro.core.errors import Misconfigured

if TYPE_CHECKING:
    from kontobro.service.config import ServiceConfig
from kontobro.service.listening import _url_of, binds_loopback, is_loopback, names_loopback


def refusal(config: ServiceConfig) -> Misconfigured | None:
    """Why the service may not start: a network reaches it, and no public address says for whom it is."""
    if config.local or not names_loopback(config.public_url):
        return None
    why = (
        "KONTOBRO_BEHIND_PROXY says that a proxy makes it available to a network"
        if binds_loopback(config.bind)
        else f"KONTOBRO_BIND={config.bind} can be reached from a network"
    )
    return Misconfigured(
        f"{why}, but KONTOBRO_PUBLIC_URL is not an address that other machines can open.",
        "Set KONTOBRO_PUBLIC_URL to the https:// address that browsers use, or KONTOBRO_BIND=127.0.0.1:8765 to serve "
        "this machine only.",
    )


def require_place(config: ServiceConfig) -> None:
    """Raises Misconfigured when the service would be open to a network without a public address."""
    if fault := refusal(config):
        raise fault


def require_pages_known(config: ServiceConfig) -> None:
    """Raises Misconfigured for a worker that would follow local mode's rules for pages that are not on this machine.

    It shares a database with others, and local mode opens any ledger and any address.
    """
    parts = _database_parts(config.database_url.get_secret_value())
    hosts = [host for name in ("host", "hostaddr") for host in str(parts.get(name) or "").split(",") if host]
    if config.local and not all(host.startswith(("/", "@")) or names_loopback(_url_of(host)) for host in hosts):
        raise Misconfigured(
            "The database is on another machine, and KONTOBRO_PUBLIC_URL is not set: this worker would follow the "
            "rules of local mode.",
            "Start workers with the same environment as the pages.",
        )


def _database_parts(url: str) -> dict[str, Any]:
    """What can't be read is told by whoever opens it."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        return dict(conninfo_to_dict(url)) if url else {}
    except ProgrammingError:
        return {}


def require_bound(config: ServiceConfig, bound: Iterable[Any]) -> None:
    """The same of the sockets that listen by now (`getsockname`): one may be handed in from outside."""
    names = [name[0] if isinstance(name, tuple) else "" for name in bound]
    if config.local and not all(is_loopback(name) for name in names):
        raise Misconfigured(
            "The socket passed to this process can be reached from a network.",
            "Set KONTOBRO_PUBLIC_URL, or pass no socket.",
        )
