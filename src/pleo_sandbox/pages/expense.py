"""One expense: what it is, what became of it, and its form to fix it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from pleo_sandbox.errors import PleoError
from pleo_sandbox.model import Expense, Json
from pleo_sandbox.pages.expense_state import ExpenseState, failure, state_of
from pleo_sandbox.pages.render import supplier
from pleo_sandbox.pages.visits import Visit, act, done, show
from pleo_sandbox.state.fixing import Choices, Known, LineChange, choices, fix
from pleo_sandbox.state.sandbox import Sandbox

FIXABLE = (ExpenseState.QUEUED, ExpenseState.FAILED, ExpenseState.NOT_EXPORTED)


def _expense(visit: Visit) -> Expense:
    wanted = visit.request.path_params["expense"]
    found = next((each for each in visit.company.expenses if each.id == wanted), None)
    if found is None:
        raise PleoError(404, "EXPENSE_NOT_FOUND", "This expense does not exist in this company.")
    return found


@dataclass(frozen=True, slots=True)
class Choice:
    """A field to choose in: `known` are its values and what is shown for them."""

    name: str
    text: str
    known: dict[str, str]
    chosen: str


def expense(visit: Visit) -> Response:
    found = _expense(visit)
    state = state_of(visit.sandbox.exports, visit.company.id, found.id)
    latest = visit.latest(found)
    can = state in FIXABLE and not found.verbatim
    known = choices(visit.sandbox, visit.company)
    lines = found.item["accountingEntryLines"]
    return visit.page(
        "expense.html",
        supplier(found.item),
        expense=found,
        state=state,
        latest=latest,
        told=failure(latest) if state is not ExpenseState.EXPORTED else "",
        lines=[_line(visit, known, number, line) for number, line in enumerate(lines)] if can else None,
        vendor=_vendor(known, found.item.get("vendor")),
    )


def _vendor(known: Choices, vendor: Json | None) -> Choice | None:
    if not vendor:
        return None
    names = {key: _named(each) for key, each in ({vendor["id"]: vendor} | known.vendors).items()}
    return Choice("vendor", "Vendor", names, vendor["id"])


def _line(visit: Visit, known: Choices, number: int, line: Json) -> tuple[str, list[Choice]]:
    """A line's amount, and what can be chosen for it."""
    account, tax = (line.get("account") or {}).get("id", ""), (line.get("tax") or {}).get("id", "")
    chosen = {tag["groupCode"]: tag["id"] for tag in line.get("tags") or ()}
    fields = [
        _choice(f"line-{number}-account", "Category", known.accounts, account),
        _choice(f"line-{number}-tax", "Tax code", known.taxes, tax),
    ]
    for group, tags in sorted(known.tags.items()):
        fields.append(_choice(f"line-{number}-tag-{group}", f"Tag {group}", tags, chosen.get(group, "")))
    return visit.reader.money(line["lineAmount"]["inWalletCurrency"]), fields


def _choice(name: str, text: str, known: Known, chosen: str) -> Choice:
    return Choice(name, text, {"": "None"} | _names(known, chosen), chosen)


def _names(known: Known, chosen: str) -> dict[str, str]:
    """Each name once, sorted: the chosen one's, else the newest, which is in Pleo and not in an expense alone."""
    keys = {_named(each): key for key, each in known.items()}
    if chosen in known:
        keys[_named(known[chosen])] = chosen
    return {keys[name]: name for name in sorted(keys, key=str.casefold)}


def _named(each: Json) -> str:
    """Code and name, where it has them."""
    return " ".join(str(each[name]) for name in ("code", "name") if each.get(name)) or str(each["id"])


# the change


def change(visit: Visit) -> Response:
    company, exports = visit.company, visit.sandbox.exports
    found = _expense(visit)
    if found.verbatim or state_of(exports, company.id, found.id) not in FIXABLE:
        raise PleoError(409, "EXPENSE_LOCKED", "This expense is exported or being exported. It can't be changed now.")
    known = choices(visit.sandbox, company)
    lines = [_change(visit, known, number) for number, _ in enumerate(found.item["accountingEntryLines"])]
    fixed = fix(found, known, lines, visit.text("vendor"), visit.receipt)
    exports.replace(company.id, fixed)
    queued = visit.text("then") == "queue"
    if queued:
        exports.queue(company.id, [found.id])
    notice = "Saved and added to the queue." if queued else "Saved."
    return done(f"/companies/{company.id}/expenses/{found.id}", notice)


def _change(visit: Visit, known: Choices, number: int) -> LineChange:
    tags = {group: visit.text(f"line-{number}-tag-{group}") for group in known.tags}
    return LineChange(visit.text(f"line-{number}-account"), visit.text(f"line-{number}-tax"), tags)


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    base = "/companies/{company}/expenses/{expense}"
    return [show(sandbox, base, expense), act(sandbox, base, change)]
