"""A company's expenses: what waits, what failed and why; Export, and Export again. Its vendors."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from pleo_sandbox.errors import PleoError, bad_body
from pleo_sandbox.pages.expense_state import ExpenseState, state_of
from pleo_sandbox.pages.visits import Visit, act, done, show
from pleo_sandbox.pages.words import count
from pleo_sandbox.state.exports import ExportStatus
from pleo_sandbox.state.sandbox import Sandbox


def expenses(visit: Visit) -> Response:
    company, exports = visit.company, visit.sandbox.exports
    known = {expense.id: state_of(exports, company.id, expense.id) for expense in company.expenses}
    wanted = visit.request.query_params.get("status", "")
    newest = sorted(company.expenses, key=lambda each: str(each.item["date"]), reverse=True)
    states = list(known.values())
    return visit.page(
        "company.html",
        company.name,
        rows=[(each, known[each.id]) for each in newest if wanted in ("", known[each.id])],
        queued=states.count(ExpenseState.QUEUED),
        rest=states.count(ExpenseState.FAILED) + states.count(ExpenseState.NOT_EXPORTED),
        filters={"": f"All {len(states)}"}
        | {each: f"{each.capitalize()} {states.count(each)}" for each in ExpenseState},
        wanted=wanted,
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
    return visit.page("vendors.html", "Vendors", vendors=visit.sandbox.vendors.of(visit.company.id))


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
