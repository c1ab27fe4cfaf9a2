"""What every verb works with: the home, its store, and the one connection that is meant."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import typer

from kontobro.core.errors import Misconfigured

if TYPE_CHECKING:
    from kontobro.core.model.connection import Connection
    from kontobro.core.ports import Clock, Connector, Store, TokenStore
    from kontobro.export.job.run import Ports
    from kontobro.install.connect import InstallingPleo
    from kontobro.sync.run import SyncPorts


class Workplace(Protocol):
    """An open home (`bootstrap.Home`): the store, the clock, and the way to the concrete parts."""

    @property
    def store(self) -> Store: ...

    @property
    def clock(self) -> Clock: ...

    def pleo_for(self, connection: Connection, tokens: TokenStore | None = None) -> InstallingPleo: ...

    def connector_for(self, connection: Connection, secrets: Mapping[str, str] | None = None) -> Connector: ...

    def ports_for(self, connection: Connection) -> Ports: ...

    def sync_ports_for(self, connection: Connection) -> SyncPorts: ...

    def close(self) -> None: ...


def _open_home(path: Path) -> Workplace:
    from kontobro.bootstrap import open_home

    return open_home(path)


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


@dataclass(slots=True)
class Desk:
    """The global options, and the home opened once when the first verb needs it."""

    home: Path = field(default_factory=Path)
    name: str | None = None
    debug: bool = False
    open_home: Callable[[Path], Workplace] = _open_home
    can_ask: Callable[[], bool] = _at_a_terminal
    """Whether somebody is there to answer a question."""
    _workplace: Workplace | None = None

    @property
    def workplace(self) -> Workplace:
        if self._workplace is None:
            self._workplace = self.open_home(self.home)
        return self._workplace

    def close(self) -> None:
        """Close what was opened; the desk opens its home again when asked."""
        if self._workplace is not None:
            self._workplace.close()
            self._workplace = None

    @property
    def store(self) -> Store:
        return self.workplace.store

    def connection(self) -> Connection:
        """The connection that is meant: the named one, or the only one."""
        return chosen(self.store.connections(), self.name)

    def ports(self, connection: Connection) -> Ports:
        """What an export of a connection that is alive talks to."""
        self._require_alive(connection)
        return self.workplace.ports_for(connection)

    def sync_ports(self, connection: Connection) -> SyncPorts:
        """What a sync of a connection that is alive talks to."""
        self._require_alive(connection)
        return self.workplace.sync_ports_for(connection)

    def _require_alive(self, connection: Connection) -> None:
        if connection.status == "connected":
            return
        state = "has been disconnected" if connection.status == "disconnected" else "has lost its login to Pleo"
        raise Misconfigured(
            f'The connection "{connection.name}" {state}.',
            "Run kontobro connect again. Its settings and history are kept.",
        )


def chosen(connections: Sequence[Connection], name: str | None) -> Connection:
    """The connection of that name (or id), or without a name the only one that is not disconnected."""
    if not connections:
        raise Misconfigured("No connection yet.", "Run kontobro connect --erp beancount --ledger PATH first.")
    if name is not None:
        named = [c for c in connections if name in (c.name, c.id)]
        return _only(named, connections, f'The connection "{name}" does not exist.')
    alive = [c for c in connections if c.status != "disconnected"] or list(connections)
    return _only(alive, connections, "There are several connections.")


def _only(found: Sequence[Connection], connections: Sequence[Connection], complaint: str) -> Connection:
    if len(found) == 1:
        return found[0]
    names = ", ".join(f'"{c.name}"' for c in connections)
    raise typer.BadParameter(f"{complaint} Name one with --connection: {names}.", param_hint="--connection")


def desk_of(context: typer.Context) -> Desk:
    """The desk that the main callback put into the context."""
    desk = context.obj
    if not isinstance(desk, Desk):  # a verb that is called without the app is a mistake of ours
        raise TypeError("a verb runs only under the app")
    return desk
