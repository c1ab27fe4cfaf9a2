"""The start page: which company, and what waits in it. And the style sheet."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.pages.expense_state import ExpenseState, state_of
from pleo_sandbox.pages.render import page
from pleo_sandbox.pages.visits import Visit, show
from pleo_sandbox.state.sandbox import Sandbox

_STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")


def home(visit: Visit) -> Response:
    companies = [_company(visit, each) for each in visit.sandbox.exports.companies.values()]
    return page("home.html", "Companies", companies=companies)


def _company(visit: Visit, company: SandboxCompany) -> tuple[SandboxCompany, int, str]:
    """A company, how many expenses it has, and how many of each state."""
    known = [state_of(visit.sandbox.exports, company.id, expense.id) for expense in company.expenses]
    return company, len(known), ", ".join(f"{known.count(each)} {each}" for each in ExpenseState if each in known)


async def style(request: Request) -> Response:
    return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "max-age=60"})


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    return [show(sandbox, "/", home), Route("/assets/style.css", style, methods=["GET"])]
