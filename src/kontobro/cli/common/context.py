"""What every verb works with: the data folder, its store, and the one connection that is meant."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from kontobro.cli.common.words import _
from kontobro.core.errors import Misconfigured
from kontobro.core.words import told
from kontobro.erp.registry import Registry

if TYPE_CHECKING:
    from kontobro.bootstrap import App
    from kontobro.core.model.connection import Connection
    from kontobro.core.ports import Store
    from kontobro.export.job.run import Ports
    from kontobro.sync.run import SyncPorts


def _open_app(path: Path) -> App:
    from kontobro.bootstrap import open_app

    app = open_app(path)
    if not os.environ.get("KONTOBRO_MAIL_URL"):
        return app
    from kontobro.service.config import read_config
    from kontobro.service.notices.documents import mailers_of

    return replace(app, mailers=mailers_of(read_config()))


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


@dataclass(slots=True)
class CliContext:
    """The global options, and the application, opened once when the first verb needs it."""

    home: Path = field(default_factory=Path)
    name: str | None = None
    debug: bool = False
    open_app: Callable[[Path], App] = _open_app
    can_ask: Callable[[], bool] = _at_a_terminal
    """Whether someone is there to answer a question."""
    _app: App | None = None

    @property
    def app(self) -> App:
        if self._app is None:
            self._app = self.open_app(self.home)
        return self._app

    def close(self) -> None:
        """Close what was opened; it is opened again when asked."""
        if self._app is not None:
            self._app.close()
            self._app = None

    @property
    def store(self) -> Store:
        return self.app.store

    def connection(self) -> Connection:
        """The connection that is meant: the named one, or the only one."""
        return chosen(self.store.connections(), self.name)

    def ports(self, connection: Connection) -> Ports:
        """What an export of a connection that is alive talks to."""
        self.require_alive(connection)
        return self.app.ports_for(connection)

    def sync_ports(self, connection: Connection) -> SyncPorts:
        """What a sync of a connection that is alive talks to."""
        self.require_alive(connection)
        return self.app.sync_ports_for(connection)

    def require_alive(self, connection: Connection) -> None:
        """Raises Misconfigured for a connection that has no login at Pleo any more."""
        if connection.status == "connected":
            return
        if connection.status == "disconnected":
            raise Misconfigured(*told("cli_connection_disconnected", name=connection.name))
        raise Misconfigured(*told("cli_connection_lost", name=connection.name))


def chosen(connections: Sequence[Connection], name: str | None) -> Connection:
    """The connection of that name (or id), or without a name the only one that is not disconnected."""
    if not connections:
        raise Misconfigured(*told("cli_no_connection", systems=tuple(Registry().names())))
    if name is not None:
        named = [c for c in connections if name in (c.name, c.id)]
        return _only(named, connections, _('The connection "{name}" does not exist.').format(name=name))
    alive = [c for c in connections if c.status != "disconnected"] or list(connections)
    return _only(alive, connections, _("There are several connections."))


def _only(found: Sequence[Connection], connections: Sequence[Connection], complaint: str) -> Connection:
    if len(found) == 1:
        return found[0]
    names = ", ".join(f'"{c.name}"' for c in connections)
    choose = _("Name one with --connection: {names}.").format(names=names)
    raise typer.BadParameter(f"{complaint} {choose}", param_hint="--connection")


def cli_of(context: typer.Context) -> CliContext:
    """What the main callback put into the context."""
    cli = context.obj
    if not isinstance(cli, CliContext):  # a verb that is called without the app is a mistake of ours
        raise TypeError("a verb runs only under the app")
    return cli
