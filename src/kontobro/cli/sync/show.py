"""Plans, results and the state of a sync as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kontobro.cli.common import show
from kontobro.cli.common.tables import sheet
from kontobro.cli.common.words import _, fault_words, problem_words
from kontobro.core.errors import Problem, shown
from kontobro.sync.shown import DECISIONS, ChangeRow, Field, Shown, word_for

if TYPE_CHECKING:
    from kontobro.core.master_files import CountChange
    from kontobro.sync.run import SyncResult

_SWITCHES = {"write": " To let Kontobro create them: kontobro settings set create_vendors yes"}
"""What a verb decides for all of them."""

MOST_ROWS = 50
"""Rows of a plan on a screen; --all shows the rest."""


def print_changed(name: str, changes: Sequence[CountChange]) -> None:
    """What a file of master data had when it was synced last, and has now."""
    text = _("{kind}: {name} had {had} at the last sync, now {now}.")
    for one in changes:
        kind = one.table.replace("_", " ")
        show.say(text.format(name=name, kind=kind, had=f"{one.had:,}", now=f"{one.now:,}"), "yellow")


def print_plan(plan: Shown, *, everything: bool) -> None:
    """A plan: its changes, the counts, the digest, and what forbids applying it unseen."""
    if plan.rows:
        _print_rows(plan.rows, plan.kind, everything=everything)
    elif plan.waiting or plan.problems:
        show.say(_("{kind}: nothing to change.").format(kind=plan.kind), "yellow")
    else:
        show.say(_("{kind}: in sync, nothing to change.").format(kind=plan.kind), "green")
    if plan.waiting:
        _print_rows(plan.waiting, f"{plan.kind}: needs a decision", everything=everything)
    for action in dict.fromkeys(row.action for row in plan.waiting):
        decide = f"{DECISIONS.get(action, '')}{_SWITCHES.get(action, '')}"
        show.say(_("  You decide: {what}").format(what=decide), "yellow")
    _print_choice(plan)
    print_problems(plan.problems, everything=everything)
    if plan.rows:
        digest = f" · digest {plan.digest}" if plan.possible else ""
        show.say(f"  {counted(plan.counts)}{digest}", "bold")
    for what, count in plan.decisions.items():
        show.say(f"  You decide ({count:,}): {DECISIONS[what]}", "yellow")
    if plan.refused:
        message, remedy = fault_words(plan.refused)
        show.say(f"  ✗ {message}", "red")
        show.say(f"    {remedy}")
    show.say("")


def _print_choice(plan: Shown) -> None:
    """What is offered in Pleo, where it is not everything."""
    if plan.choice:
        rules = ", ".join(show.plain(rule) for rule in plan.choice)
        show.say(f"  Offered in Pleo: {rules} (setting sync_choice). Not offered: {len(plan.left_out):,}")


def _print_rows(rows: Sequence[ChangeRow], title: str, *, everything: bool) -> None:
    table = sheet("", "code", "name", "what changes", title=title, whole=["", "code"])
    for row in rows if everything else rows[:MOST_ROWS]:
        table.add_row(_actions(row), shown(row.code, 40), shown(row.name), _what(row))
    show.console().print(table)
    if (hidden := len(rows) - MOST_ROWS) > 0 and not everything:
        show.say(
            "  " + _("and {hidden:,} more (--all shows them, --html FILE writes them to a page)").format(hidden=hidden),
            "bold",
        )


def _actions(row: ChangeRow) -> str:
    return "\n".join(action.replace("_", " ") for action in (row.action, *row.also))


def _what(row: ChangeRow) -> str:
    told = [_field(field) for field in row.fields] or [shown(row.why, 200)]
    return "\n".join([*told, f"of {shown(row.parent, 40)}"] if row.parent else told)


def _field(field: Field) -> str:
    name, before, after = word_for(field[0]), field[1], field[2]
    return f"{name}: {shown(before) or '–'} → {shown(after) or 'nothing'}"


def counted(counts: Mapping[str, int]) -> str:
    """ "create 3 · update 1"; "nothing" when there is none."""
    return " · ".join(f"{action.replace('_', ' ')} {count:,}" for action, count in counts.items() if count) or "nothing"


def print_problems(problems: Sequence[Problem], *, everything: bool) -> None:
    """What a person has to fix, in the accounting system or in Pleo."""
    for problem in problems if everything else problems[:MOST_ROWS]:
        message, remedy = problem_words(problem)
        show.say(f"  ✗ {message}", "red")
        show.say(f"    {remedy}")
    if (hidden := len(problems) - MOST_ROWS) > 0 and not everything:
        show.say("  " + _("and {hidden:,} more to fix (--all shows them)").format(hidden=hidden), "bold")


def print_result(result: SyncResult, seconds: float) -> None:
    counts = {
        "created": result.creates,
        "updated": result.updates,
        "archived": result.archives,
        "now managed by Kontobro": result.adopted,
        "failed": len(result.failed),
        "need your decision": len(result.waiting),
    }
    mark, style = {"in_step": ("✓", "green"), "waiting": ("…", "yellow")}.get(result.outcome, ("✗", "red"))
    nothing = "in sync, nothing to change" if result.outcome == "in_step" else "nothing to change"
    done = " · ".join(f"{name} {count:,}" for name, count in counts.items() if count) or nothing
    show.say(f"{mark} {result.kind}: {done} ({show.span(seconds)})", style)
    print_problems((*result.failed, *result.problems), everything=False)
    if result.outcome == "waiting":
        show.say(
            "  " + _("To see what needs your decision: kontobro sync plan {kind}").format(kind=result.kind), "yellow"
        )
