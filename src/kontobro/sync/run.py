"""One sync of one kind: plan it, show it, carry out exactly what was shown (design §7)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from kontobro.core.errors import KontobroError, Misconfigured, NotApproved, Problem, UnsafePlan, shown
from kontobro.core.model.bindings import MasterKind
from kontobro.core.model.connection import Connection
from kontobro.core.model.masterdata import Account, Company, Dimension, DimensionValue, TaxCode, Vendor
from kontobro.core.model.settings import Settings, SyncKind
from kontobro.core.plan.check import records
from kontobro.core.plan.choice import Choice, choice_of
from kontobro.core.plan.make import Change, Comparison, Existing, Limits, Plan, join_plans, make_plan
from kontobro.core.ports import Store
from kontobro.core.rules.dates import zone_named
from kontobro.core.settings.codes import dimensions_in_codes
from kontobro.core.words import told
from kontobro.sync import source
from kontobro.sync.apply import PlanRun, SyncPorts, SyncProgress, quiet
from kontobro.sync.bound import Bound

__all__ = [
    "KINDS",
    "SyncPorts",
    "SyncResult",
    "apply_plan",
    "due_kinds",
    "in_sync",
    "is_due",
    "limits_of",
    "plan_sync",
    "quiet",
]

KINDS: tuple[SyncKind, ...] = ("accounts", "tax-codes", "dimensions", "vendors")

NOTED: Mapping[str, tuple[MasterKind, ...]] = {
    "accounts": ("accounts",),
    "tax-codes": ("tax_codes",),
    "dimensions": ("tag_groups", "tags"),
    "vendors": ("vendors",),
}
"""The kinds at Pleo that each sync covers, under which it is noted."""

Syncs = Mapping[MasterKind, tuple[datetime, str, str]]
"""The latest sync of each kind, as `Store.syncs` has it."""

DAY, HOUR = timedelta(hours=24), timedelta(hours=1)
PERIODS: Mapping[str, timedelta] = {"accounts": DAY, "tax-codes": DAY, "dimensions": HOUR, "vendors": DAY}
"""How often each is synced (`pleo/rules.md` §4.1, `pleo/api.md` C)."""

DECISIONS = frozenset({"vendor_conflict", "vendor_known", "vendor_same_name", "code_taken"})
"""Problems that only a person can end; the others are told and don't stop anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What was done. `failed` records, each with its problem; the others were written.

    `writes` are calls that wrote to Pleo; `problems` and `waiting` are what was left as it is (`core.plan.Plan`).
    """

    kind: str
    creates: int = 0
    updates: int = 0
    archives: int = 0
    adopted: int = 0
    failed: tuple[Problem, ...] = ()
    writes: int = 0
    problems: tuple[Problem, ...] = ()
    waiting: tuple[Change, ...] = ()

    @property
    def complete(self) -> bool:
        """All that Pleo is to have of this kind is there; vendors that wait for a person don't count."""
        return not self.failed and all(change.action != "adopt" for change in self.waiting)

    @property
    def outcome(self) -> str:
        """`in_step`, `waiting` for a person, or `failed`."""
        if self.failed:
            return "failed"
        decisions = self.waiting or DECISIONS & {problem.code for problem in self.problems}
        return "waiting" if decisions else "in_step"


def plan_sync(connection: Connection, kind: str, ports: SyncPorts, *, adopt: bool = True) -> Plan:
    """Read both sides and compare them; writes nothing. `adopt` False: what would be adopted waits for a person.

    Raises what either side raises; a read that fails plans nothing.
    """
    _require_kind(kind)
    return _planned(connection, kind, ports, _checked(connection, ports), adopt=adopt)


def apply_plan(
    connection: Connection,
    kind: str,
    digest: str | None,
    ports: SyncPorts,
    *,
    yes: bool = False,
    progress: SyncProgress = quiet,
) -> SyncResult:
    """Plan again and carry it out, if it is the plan of that digest; with `yes` and no digest, if limits allow it.

    A schedule's `yes` adopts nothing: that waits for a person, who approves it by its digest. Raises UnsafePlan and
    its kinds, Busy, and what either side raises. Killed anywhere, the next run finishes it.
    """
    _require_kind(kind)
    with ports.store.lock(f"sync {connection.id}"), _noting_faults(connection, kind, ports) as noted:
        company = _checked(connection, ports)
        plan = _planned(connection, kind, ports, company, adopt=bool(digest))
        noted[0] = plan.digest
        _approve(plan, digest, limits_of(connection.settings), yes=yes)
        work = PlanRun(ports, Bound(ports.store, connection.id), company.currency, plan, progress)
        work.carry_out()
        result = _result(plan, work)
        _note(connection, kind, ports, result.outcome, plan.digest)
        return result


def limits_of(settings: Settings) -> Limits:
    return Limits(settings.sync_max_percent, settings.sync_floor)


def is_due(connection: Connection, kind: str, ports: SyncPorts) -> bool:
    """Is it time for this kind's next sync? One that failed is tried again within the hour."""
    _require_kind(kind)
    latest = ports.store.syncs(connection.id).get(NOTED[kind][-1])
    return latest is None or _is_past(latest, kind, ports.clock.now())


def due_kinds(connection: Connection, noted: Syncs, now: datetime) -> list[SyncKind]:
    """The kinds that a schedule syncs now, by their latest syncs. One that was never synced waits for a person, who is
    shown its first plan."""
    latest = {kind: noted.get(NOTED[kind][-1]) for kind in KINDS if kind in connection.settings.sync}
    return [kind for kind, one in latest.items() if one is not None and _is_past(one, kind, now)]


def _is_past(latest: tuple[datetime, str, str], kind: str, now: datetime) -> bool:
    at, outcome, _ = latest
    period = min(PERIODS[kind], HOUR) if outcome == "failed" else PERIODS[kind]
    return now >= at + period


def in_sync(connection: Connection, store: Store, done: Collection[str] = ()) -> bool:
    """Whether every kind that is switched on is in sync, or was `done` just now."""
    noted = store.syncs(connection.id)
    outcomes = {kind: noted[NOTED[kind][-1]][1] for kind in connection.settings.sync if NOTED[kind][-1] in noted}
    return all(kind in done or outcomes.get(kind) == "in_step" for kind in connection.settings.sync)


# ------------------------------------------------------------------------------------------- planning


def _planned(connection: Connection, kind: str, ports: SyncPorts, company: Company, *, adopt: bool) -> Plan:
    if kind == "dimensions":
        return _dimensions(connection, ports, adopt=adopt)
    choice = choice_of(connection.settings.sync_choice, kind)
    found = _source(kind, ports, _today(connection, company, ports), choice)
    (master,) = NOTED[kind]
    may_write = connection.settings.create_vendors and ports.connector.capabilities.writes_vendors
    asked = Comparison(
        kind=master,
        desired=found.desired,
        existing=ports.target.read(master),
        bindings=ports.store.bindings(connection.id, master),
        born=found.born,
        source=found.count,
        adopt=adopt,
        write=may_write,
        inactive=found.inactive,
        archive=_archives_all(connection),
        left_out=found.left_out,
    )
    plan = join_plans(kind, [make_plan(asked)], found.problems, choice.texts)
    return replace(plan, accounts=_account_codes(ports)) if kind == "tax-codes" and plan.changes else plan


def _account_codes(ports: SyncPorts) -> dict[str, str]:
    if Account not in ports.connector.capabilities.kinds:
        return {}
    return {account.id: account.code or account.name for account in source.read_all(ports.connector, Account)}


def _today(connection: Connection, company: Company, ports: SyncPorts) -> date:
    """The day it is for the company."""
    zone = zone_named(connection.settings.time_zone or company.time_zone or "UTC")
    return ports.clock.now().astimezone(zone or UTC).date()


def _source(kind: str, ports: SyncPorts, today: date, choice: Choice) -> source.Source:
    connector = ports.connector
    if kind == "accounts":
        return source.accounts_of(source.read_all(connector, Account), today, choice)
    if kind == "tax-codes":
        return source.tax_codes_of(source.read_all(connector, TaxCode), today, choice)
    return source.vendors_of(source.read_all(connector, Vendor), choice)


def _dimensions(connection: Connection, ports: SyncPorts, *, adopt: bool) -> Plan:
    """Tag groups, then the tags of those that exist or will be created."""
    dimensions = source.read_all(ports.connector, Dimension)
    values = source.read_all(ports.connector, DimensionValue)
    settings = dimensions_in_codes(connection.settings, dimensions)
    chosen = source.choose(dimensions, settings)
    wanted = source.groups_of(chosen, dimensions, settings)
    given = {dimension.id for dimension in dimensions}
    # A chosen dimension that the read lacks may be told by a code that no binding has: no missing one is archived.
    bound = ports.store.bindings(connection.id, "tag_groups")
    bindings = [binding for binding in bound if not chosen.unknown or binding.erp_id in given]
    existing = list(ports.target.read("tag_groups"))
    asked = Comparison(
        kind="tag_groups",
        desired=wanted.desired,
        existing=existing,
        bindings=bindings,
        source=wanted.count,
        adopt=adopt,
        archive=_archives_all(connection) and not chosen.unknown,
    )
    groups = make_plan(asked)
    choice = choice_of(settings.sync_choice, "dimensions")
    created = [change.erp_id for change in groups.changes if change.action == "create" and change.erp_id]
    known = {dimension.id: dimension.code for dimension in dimensions}
    sent = source.tags_of(values, {key: known.get(key, key) for key in [*groups.places, *created]}, choice)
    tags = _tags(connection, ports, groups, sent, adopt=adopt)
    return replace(join_plans("dimensions", [groups, tags], wanted.problems, choice.texts), parents=known)


def _tags(connection: Connection, ports: SyncPorts, groups: Plan, wanted: source.Source, *, adopt: bool) -> Plan:
    """Tags of groups that are not chosen are left alone: their group is archived (`pleo/rules.md` §3)."""
    ours = frozenset(groups.places.values())
    existing: list[Existing] = [tag for tag in ports.target.read("tags") if tag.parent in ours]
    bindings = ports.store.bindings(connection.id, "tags")
    asked = Comparison(
        kind="tags",
        desired=wanted.desired,
        existing=existing,
        bindings=bindings,
        parents=groups.places,
        source=wanted.count,
        adopt=adopt,
        archive=_archives_all(connection),
        left_out=wanted.left_out,
    )
    return make_plan(asked)


def _archives_all(connection: Connection) -> bool:
    """Whether what others made in Pleo goes too, as Pleo's guides have it (`docs/pleo-rules.md`)."""
    return connection.settings.sync_unknown == "archive"


# --------------------------------------------------------------------------------------------- checks


def _require_kind(kind: str) -> None:
    if kind not in KINDS:
        raise Misconfigured(*told("kind_unknown", kind=shown(kind), kinds=tuple(KINDS)))


def _checked(connection: Connection, ports: SyncPorts) -> Company:
    """The accounting system's company, which has to be the one that was connected. A trial's is no source for Pleo."""
    if connection.trial:
        raise Misconfigured(*told("trial_syncs_nothing"))
    company = ports.connector.check()
    if connection.erp_company and company.id != connection.erp_company:
        raise Misconfigured(
            *told("other_company_open", company=shown(company.id), connected=shown(connection.erp_company)),
            job_failure="invalid_configuration",
        )
    return company


def _approve(plan: Plan, digest: str | None, limits: Limits, *, yes: bool) -> None:
    """Raises when no one approved this very plan, or no one may."""
    again = f"kontobro sync plan {plan.kind}"
    if not digest and not yes:
        raise NotApproved(*told("plan_not_approved", kind=records(plan.kind))).by(again)
    if digest and digest != plan.digest:
        other = digest.rpartition("-")[0]
        words = (
            told(
                "digest_of_other", digest=shown(digest), other=records(other), kind=records(plan.kind), now=plan.digest
            )
            if other in KINDS and other != plan.kind
            else told("digest_differs", digest=shown(digest), now=plan.digest)
        )
        raise NotApproved(*words).by(again)
    plan.check(None if digest else limits)


@contextmanager
def _noting_faults(connection: Connection, kind: str, ports: SyncPorts) -> Iterator[list[str]]:
    """Notes how a sync ended that raised. The first element becomes the plan's digest, once there is one."""
    noted = [""]
    try:
        yield noted
    except NotApproved:
        raise  # a slip of the hand says nothing about the sync
    except UnsafePlan:
        _note(connection, kind, ports, "waiting", noted[0])
        raise
    except KontobroError:
        _note(connection, kind, ports, "failed", noted[0])
        raise


def _note(connection: Connection, kind: str, ports: SyncPorts, outcome: str, digest: str) -> None:
    for master in NOTED[kind]:
        ports.store.note_sync(connection.id, master, outcome, digest, ports.clock.now())


def _result(plan: Plan, work: PlanRun) -> SyncResult:
    return SyncResult(
        kind=plan.kind,
        creates=work.done["create"],
        updates=sum(work.done[action] for action in ("update", "unarchive", "activate", "write")),
        archives=work.done["archive"],
        adopted=work.done["adopt"],
        failed=tuple(work.failed),
        writes=work.writes,
        problems=plan.problems,
        waiting=plan.waiting,
    )
