"""Connecting, its second half: settings from the chart of accounts, the first sync, activation at Pleo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kontobro.bootstrap import App
from kontobro.core.errors import Misconfigured, NotAllowed, Problem
from kontobro.core.model.connection import Connection
from kontobro.core.model.masterdata import Dimension
from kontobro.core.model.masters import Masters
from kontobro.core.settings.check import check_all
from kontobro.core.settings.codes import in_codes
from kontobro.core.settings.suggest import Suggestion, preselected, suggest
from kontobro.core.settings.toml import settings_from, settings_to, with_change
from kontobro.core.settings.usable import wallet_missing
from kontobro.export.job.masters import load_masters
from kontobro.install.connect import finish_installation
from kontobro.sync.run import KINDS, SyncResult, apply_plan, in_sync, plan_sync
from kontobro.sync.shown import Shown, shown_of
from kontobro.web.connect.subscribing import try_to_subscribe
from kontobro.web.process import change

# ------------------------------------------------------------------------------------------- settings


@dataclass(frozen=True, slots=True)
class Books:
    """What the accounting system has to choose from, what is proposed, and which dimensions become tags."""

    masters: Masters
    suggestions: tuple[Suggestion, ...]
    dimensions: tuple[Dimension, ...]
    chosen: tuple[str, ...]


def read_books(connection: Connection, app: App) -> Books:
    """Read the chart and Pleo's tag groups. Raises what the accounting system raises."""
    connector = app.connector_for(connection)
    masters = load_masters(connector, connector.check())
    groups = _groups(connection, app) if len(masters.dimensions) else []
    settings, _ = in_codes(connection.settings, masters)
    dimensions = sorted((one for one in masters.dimensions.by_id.values() if one.active), key=lambda one: one.code)
    proposed = preselected(dimensions, [code for code, _ in groups], settings.dimensions)
    chosen = settings.sync_dimensions or tuple(one.code for one in proposed)
    return Books(masters, suggest(settings, masters, groups), tuple(dimensions), chosen)


def _groups(connection: Connection, app: App) -> list[tuple[str, str]]:
    """Code and name of Pleo's active tag groups; none where we may not ask."""
    if "dimensions" not in connection.settings.sync:
        return []
    try:
        groups = app.sync_ports_for(connection).target.read("tag_groups")
        return [(group.code, group.name) for group in groups if not group.archived]
    except (NotAllowed, Misconfigured):
        return []


def settle_settings(
    connection: Connection, books: Books, values: Mapping[str, str], tags: Sequence[str], app: App, *, later: bool
) -> Sequence[Problem]:
    """Store the settings if nothing is wrong; else change nothing and give every problem. `later`: some may miss."""
    wanted = settings_to(in_codes(connection.settings, books.masters)[0])
    for name, value in values.items():
        wanted = with_change(wanted, name, value.strip())
    if "dimensions" in connection.settings.sync:
        known = {one.code for one in books.dimensions}
        wanted["sync_dimensions"] = [tag for tag in tags if tag in known]
    settings, problems = settings_from(wanted)
    lacks = None if problems or later else wallet_missing(settings)
    wrong = [*problems, *([] if problems else check_all(settings, books.masters)), *([lacks] if lacks else [])]
    if not wrong:
        change(app.store, connection.id, settings=settings)
    return wrong


# ------------------------------------------------------------------------------------------ first sync


def read_plans(connection: Connection, app: App) -> list[Shown]:
    """The plan of each kind that is switched on. Writes nothing."""
    ports, settings = app.sync_ports_for(connection), connection.settings
    return [shown_of(kind, plan_sync(connection, kind, ports), settings) for kind in KINDS if kind in settings.sync]


def carry_out(connection: Connection, digests: Mapping[str, str], app: App) -> list[SyncResult]:
    """Apply each kind's plan as it was shown, in turn. Raises NotApproved when a plan is another by now."""
    ports = app.sync_ports_for(connection)
    kinds = [kind for kind in KINDS if kind in connection.settings.sync]
    return [apply_plan(connection, kind, digests.get(kind, ""), ports) for kind in kinds]


def activate(connection: Connection, app: App, done: Sequence[SyncResult] = ()) -> bool:
    """Activate at Pleo when nothing is left to sync, and ask for its webhooks; whether it is active now."""
    kinds = [result.kind for result in done if result.complete]
    if not in_sync(connection, app.store, kinds):
        return False
    finish_installation(app.pleo_for(connection), connection)
    try_to_subscribe(connection, app)
    return True
