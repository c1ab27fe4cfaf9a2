"""Connecting, its second half: settings from the chart of accounts, the first sync, activation at Pleo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kontobro.bootstrap import Home
from kontobro.core.errors import KontobroError, Misconfigured, NotAllowed, Problem, TooManyChanges, UnsafePlan
from kontobro.core.model.connection import Connection
from kontobro.core.model.masterdata import Dimension
from kontobro.core.model.masters import Masters
from kontobro.core.model.settings import SyncKind
from kontobro.core.plan.make import Plan
from kontobro.core.settings.check import check_all
from kontobro.core.settings.codes import in_codes
from kontobro.core.settings.suggest import Suggestion, preselected, suggest
from kontobro.core.settings.toml import settings_from, settings_to, with_change
from kontobro.core.settings.usable import wallet_missing
from kontobro.export.job.masters import load_masters
from kontobro.install.connect import finish_installation
from kontobro.sync.run import KINDS, SyncResult, apply_plan, in_step, limits_of, plan_sync
from kontobro.web.connect.subscribing import try_to_subscribe
from kontobro.web.places import change

ACTION_WORDS: Mapping[str, str] = {
    "create": "new in Pleo",
    "adopt": "already in Pleo, now managed by Kontobro",
    "update": "changed in Pleo",
    "unarchive": "unarchived in Pleo",
    "activate": "activated in Pleo",
    "write": "created in the accounting system",
    "set_aside": "gets a temporary code",
    "archive": "archived in Pleo",
}

MOST_ROWS = 100
"""Changes of a kind that are listed; the others are counted."""


# ------------------------------------------------------------------------------------------- settings


@dataclass(frozen=True, slots=True)
class Books:
    """What the accounting system has to choose from, what is proposed, and which dimensions become tags."""

    masters: Masters
    suggestions: tuple[Suggestion, ...]
    dimensions: tuple[Dimension, ...]
    chosen: tuple[str, ...]


def read_books(connection: Connection, home: Home) -> Books:
    """Read the chart and Pleo's tag groups. Raises what the accounting system raises."""
    connector = home.connector_for(connection)
    masters = load_masters(connector, connector.check())
    groups = _groups(connection, home) if len(masters.dimensions) else []
    settings, _ = in_codes(connection.settings, masters)
    dimensions = sorted((one for one in masters.dimensions.by_id.values() if one.active), key=lambda one: one.code)
    proposed = preselected(dimensions, [code for code, _ in groups], settings.dimensions)
    chosen = settings.sync_dimensions or tuple(one.code for one in proposed)
    return Books(masters, suggest(settings, masters, groups), tuple(dimensions), chosen)


def _groups(connection: Connection, home: Home) -> list[tuple[str, str]]:
    """Code and name of Pleo's active tag groups; none where we may not ask."""
    if "dimensions" not in connection.settings.sync:
        return []
    try:
        groups = home.sync_ports_for(connection).target.read("tag_groups")
        return [(group.code, group.name) for group in groups if not group.archived]
    except (NotAllowed, Misconfigured):
        return []


def settle_settings(
    connection: Connection, books: Books, values: Mapping[str, str], tags: Sequence[str], home: Home, *, later: bool
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
        change(home.store, connection.id, settings=settings)
    return wrong


# ------------------------------------------------------------------------------------------ first sync


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """A kind's plan as the page shows it. `refused`: why it can't be carried out."""

    kind: SyncKind
    digest: str
    counts: tuple[tuple[str, int], ...]
    rows: tuple[tuple[str, str, str], ...]
    more: int
    problems: tuple[Problem, ...]
    refused: KontobroError | None
    warning: KontobroError | None

    @property
    def words(self) -> str:
        """What the kind is called."""
        return self.kind.replace("-", " ").capitalize()


def read_plans(connection: Connection, home: Home) -> list[ShownPlan]:
    """The plan of each kind that is switched on. Writes nothing."""
    ports = home.sync_ports_for(connection)
    switched_on = [kind for kind in KINDS if kind in connection.settings.sync]
    return [_shown(connection, kind, plan_sync(connection, kind, ports)) for kind in switched_on]


def _shown(connection: Connection, kind: SyncKind, plan: Plan) -> ShownPlan:
    fault = _fault_of(connection, plan)
    may_be_right = isinstance(fault, TooManyChanges)
    rows = [_row(change.action, change.before or change.after) for change in plan.changes]
    counts = Counter(ACTION_WORDS.get(change.action, change.action) for change in plan.changes)
    return ShownPlan(
        kind,
        plan.digest,
        tuple(counts.items()),
        tuple(rows[:MOST_ROWS]),
        max(0, len(rows) - MOST_ROWS),
        plan.problems,
        None if may_be_right else fault,
        fault if may_be_right else None,
    )


def _row(action: str, record: object) -> tuple[str, str, str]:
    return ACTION_WORDS.get(action, action), getattr(record, "code", ""), getattr(record, "name", "")


def _fault_of(connection: Connection, plan: Plan) -> UnsafePlan | None:
    try:
        plan.check(limits_of(connection.settings))
    except UnsafePlan as fault:
        return fault
    return None


def carry_out(connection: Connection, digests: Mapping[str, str], home: Home) -> list[SyncResult]:
    """Apply each kind's plan as it was shown, in turn. Raises NotApproved when a plan is another by now."""
    ports = home.sync_ports_for(connection)
    kinds = [kind for kind in KINDS if kind in connection.settings.sync]
    return [apply_plan(connection, kind, digests.get(kind, ""), ports) for kind in kinds]


def activate(connection: Connection, home: Home, done: Sequence[SyncResult] = ()) -> bool:
    """Activate at Pleo when nothing is left to sync, and ask for its webhooks; whether it is active now."""
    kinds = [result.kind for result in done if result.complete]
    if not in_step(connection, home.store, kinds):
        return False
    finish_installation(home.pleo_for(connection), connection)
    try_to_subscribe(connection, home)
    return True
