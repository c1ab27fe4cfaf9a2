"""What the sync verbs do: plan, ask, apply kind by kind, activate what waited for its first sync."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext
from kontobro.cli.common.exits import Exit, exit_of, worst_of
from kontobro.cli.common.words import _, fault_words
from kontobro.core.errors import (
    Busy,
    KontobroError,
    LoginFailed,
    Misconfigured,
    Unreachable,
    UnsafePlan,
)
from kontobro.core.words import told

if TYPE_CHECKING:
    from kontobro.core.model.connection import Connection
    from kontobro.core.model.settings import SyncKind
    from kontobro.sync.run import SyncPorts, SyncResult
    from kontobro.sync.shown import Shown


@dataclass(frozen=True, slots=True)
class KindOutcome:
    """What came of one kind: a result, a fault, or neither when the person said no."""

    kind: SyncKind
    result: SyncResult | None = None
    fault: KontobroError | None = None

    @property
    def code(self) -> Exit:
        if self.fault is not None:
            return exit_of(self.fault)
        if self.result is None:
            return Exit.DECISION
        return {"failed": Exit.PROBLEMS, "waiting": Exit.DECISION}.get(self.result.outcome, Exit.OK)

    @property
    def done(self) -> bool:
        """All that Pleo is to have of this kind is there; vendors that wait for a person don't count."""
        return self.result is not None and self.result.complete

    def shape(self) -> dict[str, object]:
        from kontobro.cli.common.shapes import named, problems_shape

        made: dict[str, object] = {"kind": self.kind, "exit_code": int(self.code)}
        if self.fault is not None:
            made |= {"message": self.fault.message, "remedy": self.fault.remedy}
        if (result := self.result) is not None:
            made |= named(result, "creates updates archives adopted writes")
            made |= {
                "failed": problems_shape(result.failed),
                "problems": problems_shape(result.problems),
                "waiting": len(result.waiting),
            }
        return made


OF_ALL = (Unreachable, LoginFailed, Busy)
"""Faults that the next kind would meet as well."""


def shown_plans(cli: CliContext, connection: Connection, kinds: Sequence[SyncKind]) -> list[Shown]:
    """The plan of each kind, with what a schedule would refuse of it."""
    ports = cli.sync_ports(connection)
    return [shown_plan(connection, kind, ports) for kind in kinds]


def shown_plan(connection: Connection, kind: SyncKind, ports: SyncPorts) -> Shown:
    from kontobro.sync.run import plan_sync
    from kontobro.sync.shown import shown_of

    return shown_of(kind, plan_sync(connection, kind, ports), connection.settings)


def say_changed(cli: CliContext, connection: Connection, kinds: Sequence[SyncKind], ports: SyncPorts) -> None:
    """Of an accounting system that takes files: how its file of master data changed since these kinds were synced."""
    from kontobro.cli.sync.show import print_changed
    from kontobro.sync.run import NOTED

    if (store := cli.app.document_store_for(connection)) is None:
        return
    with suppress(KontobroError):  # the sync itself tells it
        ports.connector.check()
    if kept := store.masters(connection.id):
        noted = cli.store.syncs(connection.id)
        for kind in kinds:
            print_changed(kept.read.name, kept.changes(kind, noted.get(NOTED[kind][-1])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What may be applied: the plan with this digest, with `yes` whatever stays within the limits, else what a person
    agrees to; with `due` only what its schedule says."""

    digest: str | None = None
    yes: bool = False
    due: bool = False

    @property
    def asks(self) -> bool:
        return self.digest is None and not self.yes


def applied(
    cli: CliContext,
    connection: Connection,
    kinds: Sequence[SyncKind],
    choice: Choice,
    *,
    as_json: bool,
) -> Exit:
    """Apply each kind in turn, tell what came of it, activate an installation that waited; the exit code."""
    if choice.asks and (as_json or not cli.can_ask()):
        raise Misconfigured(*told("cli_plan_unconfirmed"))
    ports = cli.sync_ports(connection)
    chosen = [kind for kind in kinds if not choice.due or _is_due(connection, kind, ports)]
    if not as_json:
        say_changed(cli, connection, chosen, ports)
    outcomes: list[KindOutcome] = []
    for kind in chosen:
        outcomes.append(_one(connection, kind, ports, choice, quietly=as_json))
        if isinstance(outcomes[-1].fault, OF_ALL):
            break
    activated = bool(outcomes) and _activate(cli, connection, [outcome.kind for outcome in outcomes if outcome.done])
    if as_json:
        show.emit({"kinds": [outcome.shape() for outcome in outcomes], "activated": activated})
    else:
        _say_end(outcomes, activated=activated)
    return worst_of(outcome.code for outcome in outcomes)


def _is_due(connection: Connection, kind: SyncKind, ports: SyncPorts) -> bool:
    from kontobro.sync.run import is_due

    return is_due(connection, kind, ports)


def _one(connection: Connection, kind: SyncKind, ports: SyncPorts, choice: Choice, *, quietly: bool) -> KindOutcome:
    """Apply one kind; a fault of it never hides what became of the others."""
    from kontobro.cli.sync.show import print_result
    from kontobro.sync.run import apply_plan

    begun = time.monotonic()
    try:
        digest = choice.digest
        if choice.asks:
            digest = _agreed(connection, kind, ports)
            if digest is None:
                return KindOutcome(kind)
        with show.progress(quietly=quietly) as advance:
            result = apply_plan(connection, kind, digest, ports, yes=choice.yes, progress=advance)
    except KontobroError as fault:
        if not quietly:
            _say_fault(kind, fault)
        return KindOutcome(kind, fault=fault)
    if not quietly:
        print_result(result, time.monotonic() - begun)
    return KindOutcome(kind, result)


def _agreed(connection: Connection, kind: SyncKind, ports: SyncPorts) -> str | None:
    """Show the plan and ask; its digest when the person says yes. An empty plan needs no word."""
    from kontobro.cli.sync.show import counted, print_plan

    plan = shown_plan(connection, kind, ports)
    if not plan.rows:
        return plan.digest
    if plan.refused and not plan.possible:
        raise plan.refused
    print_plan(plan, everything=False)
    question = _("Apply these changes in Pleo ({counts})?").format(counts=counted(plan.counts))
    return plan.digest if typer.confirm(question, default=False, err=True) else None


def _activate(cli: CliContext, connection: Connection, done: Sequence[SyncKind]) -> bool:
    """Activate an installation that waited for the first sync, when every kind that is switched on is in sync."""
    from kontobro.install.connect import finish_installation
    from kontobro.sync.run import in_sync

    if not in_sync(connection, cli.store, done):
        return False
    return finish_installation(cli.app.pleo_for(connection), connection)


def _say_fault(kind: str, fault: KontobroError) -> None:
    waits = isinstance(fault, UnsafePlan)
    message, remedy = fault_words(fault)
    show.say(f"{'…' if waits else '✗'} {kind}: {message}", "yellow" if waits else "red")
    show.say(f"  {remedy}")


def _say_end(outcomes: Sequence[KindOutcome], *, activated: bool) -> None:
    if not outcomes:
        show.say(_("Nothing is due."))
    if any(outcome.result is None and outcome.fault is None for outcome in outcomes):
        show.say(_("Declined changes were not made."))
    if activated:
        show.say(_("✓ The first sync is done. The integration in Pleo is activated."), "bold green")
