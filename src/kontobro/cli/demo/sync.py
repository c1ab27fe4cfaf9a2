"""The demo's master data: chosen dimensions, the plans, Pleo brought in sync, and a second sync that writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kontobro.cli.common.context import CliContext
    from kontobro.core.level import Level
    from kontobro.core.model.connection import Connection
    from kontobro.export.job.run import Progress
    from kontobro.service.demo.sandbox_process import SandboxProcess
    from kontobro.sync.run import SyncResult
    from kontobro.sync.shown import Shown

LEVEL: Level = 4


@dataclass(frozen=True, slots=True)
class Synced:
    """What the first sync showed and did, kind by kind, and what a second one wrote at Pleo, counted there."""

    level: int
    plans: Sequence[Shown]
    results: Sequence[SyncResult]
    second_run_writes: int
    status: str

    def summary(self) -> dict[str, object]:
        return {
            "level": self.level,
            "creates": {result.kind: result.creates for result in self.results},
            "updates": {result.kind: result.updates for result in self.results},
            "archives": {result.kind: result.archives for result in self.results},
            "adopted": {result.kind: result.adopted for result in self.results},
            "failed": {result.kind: len(result.failed) for result in self.results},
            "second_run_writes": self.second_run_writes,
            "installation": self.status,
        }


def choose_dimensions(cli: CliContext, connection: Connection) -> Connection:
    """Choose as `kontobro dimensions` does on first use: those that Pleo has tag groups of."""
    from kontobro.cli.dimensions import active_dimensions, groups_at_pleo, store_choice
    from kontobro.core.settings.suggest import preselected

    dimensions = active_dimensions(cli.app.connector_for(connection))
    groups = groups_at_pleo(cli, connection) or ()
    return store_choice(cli, connection, preselected(dimensions, groups, connection.settings.dimensions))


def bring_in_sync(cli: CliContext, connection: Connection, advance: Progress) -> tuple[list[Shown], list[SyncResult]]:
    """Plan each kind and apply exactly what was planned: the demo says yes to all of it."""
    from kontobro.cli.sync.kinds import switched_on
    from kontobro.cli.sync.work import shown_plan
    from kontobro.sync.run import apply_plan

    ports = cli.sync_ports(connection)
    plans: list[Shown] = []
    results: list[SyncResult] = []
    for kind in switched_on(connection, None):
        plans.append(shown_plan(connection, kind, ports))
        results.append(apply_plan(connection, kind, plans[-1].digest, ports, progress=advance))
    return plans, results


def sync_twice(cli: CliContext, connection: Connection, sandbox: SandboxProcess, advance: Progress) -> Synced:
    """The first sync, the activation that waits for it, and a second sync."""
    from kontobro.core.level import level_of
    from kontobro.install.connect import finish_installation

    plans, results = bring_in_sync(cli, connection, advance)
    pleo = cli.app.pleo_for(connection)
    finish_installation(pleo, connection)
    found = pleo.installation()
    before = sandbox.calls()
    bring_in_sync(cli, connection, advance)
    writes = writes_of(sandbox.calls()) - writes_of(before)
    return Synced(level_of(connection.settings), plans, results, writes, found.status if found else "none")


def writes_of(calls: Mapping[str, int]) -> int:
    """How many of these calls to Pleo change anything: a search is a POST that does not."""
    return sum(count for call, count in calls.items() if not call.startswith("GET ") and not call.endswith(":search"))
