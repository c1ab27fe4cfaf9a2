"""The start page: which company, and what waits in it. And the style sheet."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.pages.desk import Visit, show
from pleo_sandbox.pages.markup import Html, fill, join, page
from pleo_sandbox.pages.standing import Standing, standing
from pleo_sandbox.pages.words import count
from pleo_sandbox.state.sandbox import Sandbox

_STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")


def home(visit: Visit) -> Response:
    companies = join(_company(visit, each) for each in visit.sandbox.exports.companies.values())
    return page("Companies", fill('<ul class="cards" id="companies">{companies}</ul>', companies=companies))


def _company(visit: Visit, company: SandboxCompany) -> Html:
    known = [standing(visit.sandbox.exports, company.id, expense.id) for expense in company.expenses]
    facts = [f"{known.count(each)} {each}" for each in Standing if each in known]
    return fill(
        '<li><h2><a href="/companies/{id}">{name}</a></h2><p>{expenses}: {facts}</p></li>',
        id=company.id,
        name=company.name,
        expenses=count(len(known), "expense"),
        facts=", ".join(facts) or "none yet",
    )


async def style(request: Request) -> Response:
    return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "max-age=60"})


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    return [show(sandbox, "/", home), Route("/assets/style.css", style, methods=["GET"])]
