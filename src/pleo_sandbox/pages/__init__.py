"""What a person at Pleo would see: small pages over the sandbox, no script, one style sheet."""

from __future__ import annotations

from starlette.routing import BaseRoute

from pleo_sandbox.pages import accounting, company, expense, history, home
from pleo_sandbox.state.sandbox import Sandbox

__all__ = ["routes"]


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    """All pages."""
    parts = (home, company, expense, history, accounting)
    return [route for part in parts for route in part.routes(sandbox)]
