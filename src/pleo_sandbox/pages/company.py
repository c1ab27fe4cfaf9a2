"""A company's expenses: what waits, what failed and why; Export, and Export again. Its vendors."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from pleo_sandbox.errors import PleoError, bad_body
from pleo_sandbox.model import Expense, Json
from pleo_sandbox.pages.desk import Visit, act, done, show
from pleo_sandbox.pages.markup import Html, badge, escape, fill, join, link, page, table
from pleo_sandbox.pages.standing import Standing, failure, standing
from pleo_sandbox.pages.words import count, plain
from pleo_sandbox.state.exports import ExportStatus
from pleo_sandbox.state.sandbox import Sandbox

_HEADS = ("Date", "Supplier", "Employee", "Amount", "Status", "Result", "Do")


def expenses(visit: Visit) -> Response:
    company, exports = visit.company, visit.sandbox.exports
    known = {expense.id: standing(exports, company.id, expense.id) for expense in company.expenses}
    wanted = visit.request.query_params.get("status", "")
    newest = sorted(company.expenses, key=lambda each: str(each.item["date"]), reverse=True)
    rows = [_row(visit, each, known[each.id]) for each in newest if wanted in ("", known[each.id])]
    nothing = Html("") if rows else Html("<p>No expense has this status.</p>")
    content = join([_buttons(visit, known), _filters(visit, known, wanted), table("expenses", _HEADS, rows), nothing])
    return page(company.name, content, trail=visit.trail(), notice=visit.notice)


def _buttons(visit: Visit, known: dict[str, Standing]) -> Html:
    values = list(known.values())
    template = """<div class="actions">
<form method="post" action="/companies/{id}/export">
<button id="export" class="main"{no_queue}>Export {queued}</button></form>
<form method="post" action="/companies/{id}/queue">
<button id="export-again"{no_rest}>Add {rest} to the queue again</button></form>
</div>"""
    rest = values.count(Standing.FAILED) + values.count(Standing.NOT_EXPORTED)
    queued = values.count(Standing.QUEUED)
    return fill(
        template,
        id=visit.company.id,
        queued=count(queued, "queued expense"),
        rest=count(rest, "expense"),
        no_queue=Html("" if queued else " disabled"),
        no_rest=Html("" if rest else " disabled"),
    )


def _filters(visit: Visit, known: dict[str, Standing], wanted: str) -> Html:
    base, values = f"/companies/{visit.company.id}", list(known.values())
    shown = {"": f"All {len(values)}"} | {each: f"{each.capitalize()} {values.count(each)}" for each in Standing}
    links = join(
        link(f"{base}?status={key}" if key else base, text, **({"aria-current": "true"} if key == wanted else {}))
        for key, text in shown.items()
    )
    return fill('<nav id="filters" class="filters" aria-label="Filter by status">{links}</nav>', links=links)


def _row(visit: Visit, expense: Expense, state: Standing) -> Html:
    item = expense.item
    place = f"/companies/{visit.company.id}/expenses/{expense.id}"
    return fill(
        """<tr id="expense-{id}"><td>{day}</td><td>{name}</td><td>{who}</td><td class="number">{amount}</td>
<td>{state}</td><td>{result}</td><td>{again}</td></tr>""",
        id=expense.id,
        day=visit.reader.day(item["date"]),
        name=link(place, supplier(item)),
        who=(item.get("user") or {}).get("name", ""),
        amount=visit.reader.money(item["amount"]["inWalletCurrency"]),
        state=badge(state),
        result=_result(visit, expense, state),
        again=again(visit, expense, state),
    )


def supplier(item: Json) -> str:
    known = item.get("supplier") or item.get("vendor") or {}
    return str(known.get("name") or plain(str(item["type"])))


def _result(visit: Visit, expense: Expense, state: Standing) -> Html:
    """Why it failed, until it is exported; then where it is."""
    item = visit.sandbox.exports.latest_item(visit.company.id, expense.id)
    if item is not None and item.result.external_url and state is not Standing.FAILED:
        return link(item.result.external_url, item.result.external_id or "Open", rel="noopener noreferrer")
    return escape(failure(item) or (item.result.external_id if item else "") or "")


def again(visit: Visit, expense: Expense, state: Standing) -> Html:
    if state not in (Standing.FAILED, Standing.NOT_EXPORTED):
        return Html("")
    return fill(
        """<form method="post" action="/companies/{id}/queue"><input type="hidden" name="entry" value="{entry}">
<button aria-label="{text}: {name}">{text}</button></form>""",
        id=visit.company.id,
        entry=expense.id,
        name=supplier(expense.item),
        text="Export again" if visit.sandbox.exports.latest_item(visit.company.id, expense.id) else "Add to the queue",
    )


def export(visit: Visit) -> Response:
    job = visit.sandbox.exports.press_export(visit.company.id)
    return done(
        f"/companies/{visit.company.id}/exports/{job.id}", f"Export of {count(len(job.items), 'expense')} started."
    )


def queue(visit: Visit) -> Response:
    """Put one expense back, or all that failed or were left."""
    exports, company_id = visit.sandbox.exports, visit.company.id
    entry_id = visit.text("entry")
    if entry_id and exports.expense(entry_id) not in visit.company.expenses:
        raise PleoError(404, "EXPENSE_NOT_FOUND", "This expense does not exist in this company.")
    if entry_id and exports.export_status(company_id, entry_id) is ExportStatus.EXPORTED:
        raise PleoError(409, "ALREADY_EXPORTED", "This expense is already exported.")
    number = exports.queue(company_id, [entry_id] if entry_id else None)
    return done(f"/companies/{company_id}", f"{count(number, 'expense')} added to the queue.")


# vendors


def vendors(visit: Visit) -> Response:
    known = visit.sandbox.vendors.of(visit.company.id)
    rows = [
        fill(
            "<tr><td>{name}</td><td>{code}</td><td>{country}</td><td>{state}</td></tr>",
            name=vendor.facts["name"],
            code=vendor.facts.get("code"),
            country=vendor.facts.get("country"),
            state=badge(vendor.facts["state"].lower()),
        )
        for vendor in known
    ]
    content = join([_vendor_form(visit), table("vendors", ("Name", "Code", "Country", "State"), rows)])
    return page("Vendors", content, trail=visit.trail(), notice=visit.notice)


def _vendor_form(visit: Visit) -> Html:
    return fill(
        """<form id="new-vendor" class="panel" method="post" action="/companies/{id}/vendors"><h2>New vendor</h2>
<label>Name <input name="name" required maxlength="100"></label>
<label>Currency <input name="currency" required pattern="[A-Z]{{3}}" value="{currency}"></label>
<label>Country <input name="country" pattern="[A-Z]{{2}}" value="{country}"></label>
<label>Tax number <input name="tax_number" maxlength="30"></label>
<button>Create vendor</button></form>""",
        id=visit.company.id,
        currency=visit.company.currency,
        country=visit.company.country,
    )


def create_vendor(visit: Visit) -> Response:
    name, currency = visit.text("name").strip()[:100], visit.text("currency").strip()
    if not name or not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise bad_body("A vendor needs a name and a currency of three capital letters.")
    visit.sandbox.create_draft_vendor(
        visit.company.id,
        name,
        currency,
        country=visit.text("country").strip()[:2] or None,
        tax_registration_number=visit.text("tax_number").strip()[:30] or None,
    )
    return done(f"/companies/{visit.company.id}/vendors", f"Vendor {name} was created as a draft.")


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    base = "/companies/{company}"
    return [
        show(sandbox, base, expenses),
        act(sandbox, base + "/export", export),
        act(sandbox, base + "/queue", queue),
        show(sandbox, base + "/vendors", vendors),
        act(sandbox, base + "/vendors", create_vendor),
    ]
