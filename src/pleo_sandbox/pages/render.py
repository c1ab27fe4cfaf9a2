"""A page from its template: Jinja escapes all that is filled in, and refuses a name that is not given."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from pleo_sandbox.model import Json
from pleo_sandbox.pages.expense_state import failure
from pleo_sandbox.pages.words import INSTALLATIONS, count, plain, scope

# No script at all, nothing from elsewhere. No form-action: browsers hold redirects to it, and consent ends in one.
_POLICY = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def supplier(item: Json) -> str:
    """Who was paid; the type of the expense where no one is named."""
    known = item.get("supplier") or item.get("vendor") or {}
    return str(known.get("name") or plain(str(item["type"])))


_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {"count": count, "failure": failure, "plain": plain, "scope": scope, "supplier": supplier}
_TEMPLATES.globals["installations"] = INSTALLATIONS


def page(template: str, title: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A whole page. Its template gets the title and these values."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(title=title, **values), status, HEADERS)
