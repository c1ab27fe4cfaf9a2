"""The only place that knows every concrete class: which store, which Pleo client, which connector, which clock."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kontobro.core.connection import Connection
from kontobro.core.ports import Clock, Connector, Pleo, Store, TokenStore

if TYPE_CHECKING:
    from kontobro.export.engine import Ports

DATABASE = "kontobro.sqlite3"


class SystemClock:
    """Real time, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Home:
    """An open home: its store and clock, and the way from a connection to its ports."""

    path: Path
    store: Store
    clock: Clock

    def pleo_for(self, connection: Connection, tokens: TokenStore | None = None) -> Pleo:
        """The connection's Pleo; `tokens` other than the store's while connecting."""
        from kontobro.pleo import open_pleo

        return open_pleo(connection, tokens or self.store, self.clock)

    def connector_for(self, connection: Connection) -> Connector:
        return connector_of(connection.erp, connection.erp_options)

    def ports_for(self, connection: Connection) -> Ports:
        return ports_for(connection, self.store, self.clock)


def open_home(path: Path, clock: Clock | None = None) -> Home:
    """Open (or make) the folder of settings, tokens and history; nobody but its owner may look in."""
    from kontobro.store import open_store

    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Home(path, open_store(path / DATABASE), clock or SystemClock())


def connector_of(erp: str, options: Mapping[str, str]) -> Connector:
    """The connector of that name with its own options. Raises Misconfigured."""
    from kontobro.erp import load_connector

    return load_connector(erp, options)


def ports_for(connection: Connection, store: Store, clock: Clock | None = None) -> Ports:
    """All that an export of this connection needs."""
    from kontobro.export.engine import Ports
    from kontobro.pleo import open_pleo

    used = clock or SystemClock()
    return Ports(
        pleo=open_pleo(connection, store, used),
        connector=connector_of(connection.erp, connection.erp_options),
        store=store,
        clock=used,
    )
