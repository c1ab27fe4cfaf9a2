"""The ASGI application over a sandbox."""

from __future__ import annotations

from collections.abc import Collection

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pleo_sandbox import control, pages
from pleo_sandbox.api import (
    accounts,
    companies,
    export,
    files,
    marketplace,
    oauth,
    subscriptions,
    tag_groups,
    tags,
    tax_codes,
    vendors,
)
from pleo_sandbox.errors import PleoError, ResponseLost
from pleo_sandbox.http.routing import routes
from pleo_sandbox.state.sandbox import Sandbox
from pleo_sandbox.wire import refuse

OPERATIONS = (
    *export.OPERATIONS,
    *companies.OPERATIONS,
    *marketplace.OPERATIONS,
    *tag_groups.OPERATIONS,
    *tags.OPERATIONS,
    *tax_codes.OPERATIONS,
    *accounts.OPERATIONS,
    *vendors.OPERATIONS,
    *subscriptions.OPERATIONS,
    *oauth.OPERATIONS,
    *files.OPERATIONS,
)
_TYPES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}


def create_app(sandbox: Sandbox, hosts: Collection[str] = ()) -> Starlette:
    """Pleo's API, its authorisation server, pages for people and the sandbox's own `/_control`.

    `hosts`: names (without a port) under which a browser may reach it, besides `localhost` and addresses in numbers.
    """
    app = Starlette(
        routes=[*routes(sandbox, OPERATIONS), *control.routes(sandbox), *pages.routes(sandbox)],
        exception_handlers={HTTPException: _refuse, Exception: _fail},
    )
    app.router.redirect_slashes = False
    app.state.hosts = frozenset(host.lower() for host in hosts)
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    type_ = _TYPES.get(error.status_code, "BAD_REQUEST")
    message = f"{request.method} {request.url.path}: {error.detail}"
    return refuse(PleoError(error.status_code, type_, message, error.headers))


class _NoAnswer(Response):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        return None


async def _fail(request: Request, error: Exception) -> Response:
    """Starlette asks for an answer to every error before it raises it again: a lost response has none."""
    if isinstance(error, ResponseLost):
        return _NoAnswer()
    return refuse(PleoError(500, "PROCESSING_FAILED", f"the sandbox failed: {type(error).__name__}"))
