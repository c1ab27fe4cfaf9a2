"""Which ledgers, and other files of connectors, this service opens: those below folders that its operator named.

A ledger is code: `plugin` lines are Python, and `include` reads other files. Other connectors' files are no safer.

In local mode the owner's own machine decides: what the user who runs the service may open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.model.connection import Connection
from kontobro.core.words import told
from kontobro.service.config import ServiceConfig


def offers_ledgers(config: ServiceConfig) -> bool:
    """Whether a ledger, or another connector's file, can be connected here at all."""
    return config.local or bool(config.ledger_roots)


def ledger_for(config: ServiceConfig, text: str, organisation: str) -> Path:
    """The ledger that a person named, resolved: symlinks and `..` followed. Raises Misconfigured.

    Hosted, it lies in the organisation's own folder below one of the named ones: organisations don't see each other's.
    """
    if config.local:
        return _resolved(_expanded(text))
    inside = [ledger for root in config.ledger_roots if (ledger := _inside(root, organisation, text))]
    if not inside:
        raise Misconfigured(*told("ledger_outside_organisation", ledger=shown(text), folder=str(organisation)))
    return next((ledger for ledger in inside if ledger.exists()), inside[0])


def _inside(root: Path, organisation: str, text: str) -> Path | None:
    """The ledger in the organisation's folder below that root; None for one that leads out of it."""
    folder = _resolved(root / organisation)
    ledger = _resolved(folder / text)
    below = ledger.is_relative_to(folder) and ledger.is_relative_to(_resolved(root))
    return ledger if below else None


def path_guard(config: ServiceConfig, owner: Callable[[str], str]) -> Callable[[Connection, Iterable[str]], None]:
    """Refuses a connection of whose paths one may not be opened, each time before they are opened.

    `owner` gives the organisation's id of a connection's; the connection's own where no organisation has it.
    """

    def require(connection: Connection, paths: Iterable[str]) -> None:
        for path in () if config.local else paths:
            _require_inside(_folders_of(config, connection.id, owner(connection.id)), Path(path))

    return require


def _folders_of(config: ServiceConfig, connection_id: str, organisation: str) -> list[Path]:
    """Where the ledgers of a connection may be: the organisation's own folders; what the operator connected on the
    command line belongs to none, and may be anywhere below the named ones."""
    roots = [_resolved(root) for root in config.ledger_roots]
    if organisation == connection_id:
        return roots
    return [folder for root in roots if (folder := _resolved(root / organisation)).is_relative_to(root)]


def _require_inside(folders: list[Path], ledger: Path) -> None:
    """It was resolved when it was connected: one that leads elsewhere by now was exchanged for a link."""
    found = _resolved(ledger)
    if found != ledger or not any(found.is_relative_to(folder) for folder in folders):
        raise Misconfigured(*told("ledger_outside_folders", ledger=shown(str(ledger))))


def _resolved(path: Path) -> Path:
    """Symlinks and `..` followed."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name that no file can have
        raise Misconfigured(*told("ledger_no_path", path=shown(str(path)))) from None


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise Misconfigured(*told("ledger_home_unknown", path=shown(text))) from None
