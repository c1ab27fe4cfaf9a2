"""Plans, results and the state of a sync as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from kontobro.cli.common import show
from kontobro.cli.common.tables import sheet
from kontobro.cli.common.words import _, code_words, fault_words, gettext_noop, problem_words
from kontobro.core.errors import Problem, shown
from kontobro.sync.shown import DECISIONS, ChangeRow, Field, Shown, word_for

if TYPE_CHECKING:
    from kontobro.core.master_files import CountChange
    from kontobro.sync.run import SyncResult

_SWITCHES = {"write": gettext_noop("To let Kontobro create them: kontobro settings set create_vendors yes")}
"""What a verb decides for all of them."""

_WHYS = (
    gettext_noop("left out by your choice of what is offered"),
    gettext_noop("left out by your choice of what is offered; Kontobro did not create it"),
    gettext_noop("the accounting system no longer has it, or not as active"),
    gettext_noop("no longer chosen, or the accounting system no longer has it, or not as active"),
    gettext_noop("Kontobro did not create it, and the accounting system does not have it"),
    gettext_noop("already in Pleo, created by someone else"),
    gettext_noop("created in Pleo; not in the accounting system"),
    gettext_noop("ours already"),
    gettext_noop("archived"),
    gettext_noop("a draft"),
)
"""Why something happens to a record, where its fields do not say it (`core/plan/steps.py`)."""

PLAN_FIELDS = (
    "state",
    "managed by",
    "accounting system",
    "code",
    "name",
    "id in the accounting system",
    "rate",
    "type",
    "ingoing account",
    "outgoing account",
    "currency",
    "country",
    "registration number",
    "tax registration number",
)
PLAN_VALUES = ("active", "archived", "draft", "others", "missing", "created")
"""Of fields that say what becomes of a record as a whole."""

MOST_ROWS = 50
"""Rows of a plan on a screen; --all shows the rest."""


def print_changed(name: str, changes: Sequence[CountChange]) -> None:
    """What a file of master data had when it was synced last, and has now."""
    text = _("{kind}: {name} had {had} at the last sync, now {now}.")
    for one in changes:
        kind = code_words(one.table)
        had, now = (show.figure(Decimal(number)) for number in (one.had, one.now))
        show.say(text.format(name=name, kind=kind, had=had, now=now), "yellow")


def print_plan(plan: Shown, *, everything: bool) -> None:
    """A plan: its changes, the counts, the digest, and what forbids applying it unseen."""
    if plan.rows:
        _print_rows(plan.rows, plan.kind, everything=everything)
    elif plan.waiting or plan.problems:
        show.say(_("{kind}: nothing to change.").format(kind=plan.kind), "yellow")
    else:
        show.say(_("{kind}: in sync, nothing to change.").format(kind=plan.kind), "green")
    if plan.waiting:
        title = _("{kind}: needs a decision").format(kind=plan.kind)
        _print_rows(plan.waiting, title, everything=everything)
    for action in dict.fromkeys(row.action for row in plan.waiting):
        decide = " ".join(_(said[action]) for said in (DECISIONS, _SWITCHES) if action in said)
        show.say(_("  You decide: {what}").format(what=decide), "yellow")
    _print_choice(plan)
    print_problems(plan.problems, everything=everything)
    if plan.rows:
        digest = _("digest {digest}").format(digest=plan.digest)
        show.say(f"  {counted(plan.counts)}{f' · {digest}' if plan.possible else ''}", "bold")
    for what, count in plan.decisions.items():
        said = _("You decide ({count}): {what}")
        show.say("  " + said.format(count=show.figure(Decimal(count)), what=_(DECISIONS[what])), "yellow")
    if plan.refused:
        message, remedy = fault_words(plan.refused)
        show.say(f"  ✗ {message}", "red")
        show.say(f"    {remedy}")
    show.say("")


def _print_choice(plan: Shown) -> None:
    """What is offered in Pleo, where it is not everything."""
    if plan.choice:
        rules = ", ".join(show.plain(rule) for rule in plan.choice)
        said = _("Offered in Pleo: {rules} (setting sync_choice). Not offered: {count}")
        show.say("  " + said.format(rules=rules, count=show.figure(Decimal(len(plan.left_out)))))


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
    return "\n".join(code_words(action) for action in (row.action, *row.also))


def _what(row: ChangeRow) -> str:
    told = [_field(field) for field in row.fields] or [shown(_(row.why), 200)]
    return "\n".join([*told, _("of {parent}").format(parent=shown(row.parent, 40))] if row.parent else told)


def _field(field: Field) -> str:
    name, (before, after) = _(word_for(field[0])), field[1:]
    if field[0] in ("state", "managed_by", "accounting_system"):
        before, after = _(before), _(after)
    return f"{name}: {shown(before) or '–'} → {shown(after) or _('nothing')}"


def counted(counts: Mapping[str, int]) -> str:
    """ "create 3 · update 1"; "nothing" when there is none."""
    said = (f"{code_words(action)} {show.figure(Decimal(count))}" for action, count in counts.items() if count)
    return " · ".join(said) or _("nothing")


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
        _("created"): result.creates,
        _("updated"): result.updates,
        _("archived"): result.archives,
        _("now managed by Kontobro"): result.adopted,
        _("failed"): len(result.failed),
        _("need your decision"): len(result.waiting),
    }
    mark, style = {"in_step": ("✓", "green"), "waiting": ("…", "yellow")}.get(result.outcome, ("✗", "red"))
    nothing = _("in sync, nothing to change") if result.outcome == "in_step" else _("nothing to change")
    done = " · ".join(f"{name} {show.figure(Decimal(count))}" for name, count in counts.items() if count) or nothing
    show.say(f"{mark} {result.kind}: {done} ({show.span(seconds)})", style)
    print_problems((*result.failed, *result.problems), everything=False)
    if result.outcome == "waiting":
        show.say(
            "  " + _("To see what needs your decision: kontobro sync plan {kind}").format(kind=result.kind), "yellow"
        )
