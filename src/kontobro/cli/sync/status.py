"""`kontobro sync status`: of each kind when it was last synced, what waits for a decision, what is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext
from kontobro.cli.common.tables import sheet
from kontobro.cli.common.words import _, gettext_noop

if TYPE_CHECKING:
    from kontobro.core.model.connection import Connection
    from kontobro.core.model.settings import SyncKind

MEANINGS: Mapping[str, str] = {
    "never": gettext_noop("never synced"),
    "in_step": gettext_noop("in sync"),
    "waiting": gettext_noop("needs your decision"),
    "failed": gettext_noop("failed, completely or in part"),
}


@dataclass(frozen=True, slots=True)
class State:
    """The state of one kind: when it was last checked, how that ended, whether it is due again."""

    kind: SyncKind
    outcome: str
    at: datetime | None
    digest: str
    due: bool

    @property
    def waits(self) -> bool:
        return self.outcome == "waiting"

    def shape(self) -> dict[str, object]:
        from kontobro.cli.common.shapes import named

        return named(self, "kind outcome at digest due")


def status_of(cli: CliContext, connection: Connection) -> list[State]:
    """Every kind that is switched on, in the order of syncing."""
    from kontobro.cli.sync.kinds import switched_on
    from kontobro.sync.run import NOTED, is_due

    kinds = switched_on(connection, None)
    ports = cli.sync_ports(connection)
    noted = cli.store.syncs(connection.id)
    return [_state(kind, noted.get(NOTED[kind][-1]), due=is_due(connection, kind, ports)) for kind in kinds]


def _state(kind: SyncKind, note: tuple[datetime, str, str] | None, *, due: bool) -> State:
    at, outcome, digest = note or (None, "never", "")
    return State(kind, outcome, at, digest, due)


def print_status(states: Sequence[State]) -> None:
    rows = sheet("master data", "state", "last checked", "due", whole=["master data"])
    for state in states:
        due = _("now") if state.due else ""
        rows.add_row(state.kind, _(MEANINGS.get(state.outcome, state.outcome)), show.moment(state.at), due)
    show.console().print(rows)
    for state in states:
        if state.waits:
            show.say(
                _("{kind} needs your decision. See it: kontobro sync plan {kind}").format(kind=state.kind), "yellow"
            )
            show.say(
                "  "
                + _("To approve it: kontobro sync apply {kind} (it asks), or with the digest that is shown.").format(
                    kind=state.kind
                )
            )
    if any(state.due for state in states):
        show.say(_("To sync what is due: kontobro sync apply (it asks), or on a schedule with --yes --due."), "dim")
