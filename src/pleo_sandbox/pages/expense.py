"""One expense: what it is, what became of it, and its form to mend it."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from pleo_sandbox.errors import PleoError
from pleo_sandbox.model import Expense, Json
from pleo_sandbox.pages.company import again, supplier
from pleo_sandbox.pages.desk import Visit, act, done, show
from pleo_sandbox.pages.history import result
from pleo_sandbox.pages.markup import Html, badge, fill, join, options, page
from pleo_sandbox.pages.standing import Standing, failure, standing
from pleo_sandbox.pages.words import count, plain
from pleo_sandbox.state.mending import Choices, Known, LineChange, choices, mend
from pleo_sandbox.state.sandbox import Sandbox

MENDABLE = (Standing.QUEUED, Standing.FAILED, Standing.NOT_EXPORTED)


def _expense(visit: Visit) -> Expense:
    wanted = visit.request.path_params["expense"]
    found = next((each for each in visit.company.expenses if each.id == wanted), None)
    if found is None:
        raise PleoError(404, "EXPENSE_NOT_FOUND", "This expense does not exist in this company.")
    return found


def expense(visit: Visit) -> Response:
    found = _expense(visit)
    state = standing(visit.sandbox.exports, visit.company.id, found.id)
    can = state in MENDABLE and not found.verbatim
    form = _form(visit, found) if can else _plain_lines(visit, found)
    content = join([_facts(visit, found, state), form])
    return page(supplier(found.item), content, trail=visit.trail(), notice=visit.notice)


def _facts(visit: Visit, found: Expense, state: Standing) -> Html:
    item = visit.sandbox.exports.latest_item(visit.company.id, found.id)
    told = failure(item) if state is not Standing.EXPORTED else ""
    reason = item.result.failure_reason_type if item and told else None
    facts = {
        "Date": visit.reader.day(found.item["date"]),
        "Amount": visit.reader.money(found.item["amount"]["inWalletCurrency"]),
        "Type": plain(str(found.item["type"])),
        "Employee": (found.item.get("user") or {}).get("name"),
        "Note": found.item.get("note"),
        "Receipts": count(len(found.files), "file"),
        "In the accounting system": result(item) if item and state is Standing.EXPORTED else None,
    }
    rows = join(fill("<dt>{name}</dt><dd>{value}</dd>", name=k, value=v) for k, v in facts.items() if v)
    problem = fill('<p class="problem" id="failure" data-reason="{reason}">{told}</p>', reason=reason, told=told)
    return fill(
        '<p>{state}</p>{problem}<dl>{rows}</dl><div class="actions">{again}</div>',
        state=badge(state),
        problem=problem if told else Html(""),
        rows=rows,
        again=again(visit, found, state),
    )


def _plain_lines(visit: Visit, found: Expense) -> Html:
    lines = found.item["accountingEntryLines"]
    return join(
        fill(
            '<p class="panel">Line {number}: {amount}, {account}</p>',
            number=number,
            amount=visit.reader.money(line["lineAmount"]["inWalletCurrency"]),
            account=(line.get("account") or {}).get("name") or "no category",
        )
        for number, line in enumerate(lines, start=1)
    )


def _form(visit: Visit, found: Expense) -> Html:
    known = choices(visit.sandbox, visit.company)
    lines = found.item["accountingEntryLines"]
    parts = [_line(visit, known, number, line) for number, line in enumerate(lines)]
    vendor = found.item.get("vendor")
    if vendor:
        names = {key: _named(each) for key, each in ({vendor["id"]: vendor} | known.vendors).items()}
        parts.append(_select("vendor", "Vendor", names, vendor["id"]))
    return fill(
        """<form id="mend" class="panel" method="post" enctype="multipart/form-data"
action="/companies/{company}/expenses/{id}"><h2>Change this expense</h2>{parts}
<label for="receipt">Add a receipt (PDF, JPEG or PNG)</label>
<input id="receipt" type="file" name="receipt" accept=".pdf,.jpg,.jpeg,.png">
<div class="actions"><button class="main" id="save-and-queue" name="then" value="queue">Save and export again</button>
<button id="save" name="then" value="">Save</button></div></form>""",
        company=visit.company.id,
        id=found.id,
        parts=join(parts),
    )


def _line(visit: Visit, known: Choices, number: int, line: Json) -> Html:
    account, tax = (line.get("account") or {}).get("id", ""), (line.get("tax") or {}).get("id", "")
    chosen = {tag["groupCode"]: tag["id"] for tag in line.get("tags") or ()}
    tags = join(
        _select(
            f"line-{number}-tag-{group}",
            f"Tag {group}",
            {"": "None"} | _names(tags, chosen.get(group, "")),
            chosen.get(group, ""),
        )
        for group, tags in sorted(known.tags.items())
    )
    return fill(
        "<fieldset><legend>Line {number}: {amount}</legend>{account}{tax}{tags}</fieldset>",
        number=number + 1,
        amount=visit.reader.money(line["lineAmount"]["inWalletCurrency"]),
        account=_select(f"line-{number}-account", "Category", {"": "None"} | _names(known.accounts, account), account),
        tax=_select(f"line-{number}-tax", "Tax code", {"": "None"} | _names(known.taxes, tax), tax),
        tags=tags,
    )


def _names(known: Known, chosen: str) -> dict[str, str]:
    """Each name once, sorted: the chosen one's, else the newest, which stands in Pleo and not in an expense alone."""
    keys = {_named(each): key for key, each in known.items()}
    if chosen in known:
        keys[_named(known[chosen])] = chosen
    return {keys[name]: name for name in sorted(keys, key=str.casefold)}


def _named(each: Json) -> str:
    """Code and name, where it has them."""
    return " ".join(str(each[name]) for name in ("code", "name") if each.get(name)) or str(each["id"])


def _select(name: str, text: str, known: dict[str, str], chosen: str) -> Html:
    return fill(
        '<label for="{name}">{text}</label><select id="{name}" name="{name}">{options}</select>',
        name=name,
        text=text,
        options=options(known, chosen),
    )


# the change


def change(visit: Visit) -> Response:
    company, exports = visit.company, visit.sandbox.exports
    found = _expense(visit)
    if found.verbatim or standing(exports, company.id, found.id) not in MENDABLE:
        raise PleoError(409, "EXPENSE_LOCKED", "This expense is exported or being exported. It can't be changed now.")
    known = choices(visit.sandbox, company)
    lines = [_change(visit, known, number) for number, _ in enumerate(found.item["accountingEntryLines"])]
    mended = mend(found, known, lines, visit.text("vendor"), visit.receipt)
    exports.replace(company.id, mended)
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
