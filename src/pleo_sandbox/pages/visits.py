"""How pages are asked and answered: the lock, refusals as pages, and no post from another site."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pleo_sandbox.company.jobs import JobItem
from pleo_sandbox.errors import PleoError
from pleo_sandbox.model import Expense, FileBlob, SandboxCompany
from pleo_sandbox.pages.reader import Reader, reader
from pleo_sandbox.pages.render import page
from pleo_sandbox.state.sandbox import Sandbox

LOCAL = "localhost"
LARGEST_FILE = 10 * 1024 * 1024
RECEIPTS = frozenset({"application/pdf", "image/jpeg", "image/png"})
LARGEST_BODY = LARGEST_FILE + 64 * 1024


@dataclass(frozen=True)
class Visit:
    """One request of a page: the sandbox under its lock, and the form that was sent."""

    sandbox: Sandbox
    request: Request
    form: FormData
    receipt: FileBlob | None = None

    @property
    def reader(self) -> Reader:
        return reader(self.request)

    @property
    def notice(self) -> str:
        return self.request.query_params.get("notice", "")[:300]

    @property
    def company(self) -> SandboxCompany:
        """The company that the address names. Raises PleoError 404."""
        company = self.sandbox.exports.companies.get(self.request.path_params["company"])
        if company is None:
            raise PleoError(404, "COMPANY_NOT_FOUND", "This company does not exist.")
        return company

    def text(self, name: str) -> str:
        """A field of the form; empty when it was not sent."""
        value = self.form.get(name)
        return value if isinstance(value, str) else ""

    def latest(self, expense: Expense) -> JobItem | None:
        """The expense in its newest export."""
        return self.sandbox.exports.latest_item(self.company.id, expense.id)

    def page(self, template: str, title: str, **values: Any) -> Response:
        """A page of the company, with its own links."""
        return page(template, title, visit=self, base=f"/companies/{self.company.id}", **values)


View = Callable[[Visit], Response]


def show(sandbox: Sandbox, path: str, work: View) -> Route:
    return Route(path, _endpoint(sandbox, work), methods=["GET"])


def act(sandbox: Sandbox, path: str, work: View) -> Route:
    return Route(path, _endpoint(sandbox, work), methods=["POST"])


def _endpoint(sandbox: Sandbox, work: View) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            check_host(request)
            form, receipt = await _sent(request) if request.method == "POST" else (FormData(), None)
            with sandbox.lock:
                sandbox.exports.expire_due()
                return work(Visit(sandbox, request, form, receipt))
        except PleoError as error:
            return page("refused.html", "This did not work", status=error.status, text=error.message)

    return endpoint


async def _sent(request: Request) -> tuple[FormData, FileBlob | None]:
    """The form and the receipt in it. What was spooled for the upload is closed before the work begins."""
    form = await _form(request)
    try:
        return form, await _receipt(form.get("receipt"))
    finally:
        await form.close()


async def _form(request: Request) -> FormData:
    check_origin(request)
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        raise PleoError(413, "TOO_LARGE", f"The form may have at most {LARGEST_BODY} bytes and must state its length.")
    try:
        return await request.form(max_files=1, max_fields=200)
    except HTTPException as error:
        raise PleoError(400, "FORM_NOT_UNDERSTOOD", "The form could not be read.") from error


async def _receipt(upload: object) -> FileBlob | None:
    if not isinstance(upload, UploadFile) or not upload.filename:
        return None
    content = await upload.read(LARGEST_FILE + 1)
    if upload.content_type not in RECEIPTS or not 0 < len(content) <= LARGEST_FILE:
        raise PleoError(400, "RECEIPT_REFUSED", "receipt: use a PDF, JPEG or PNG of at most 10 MB.")
    return FileBlob(upload.filename[:200], upload.content_type, content)


def check_host(request: Request) -> None:
    """Refuse a name that is not this server's: a page whose name was made to lead here (DNS rebinding) has its own.

    An address in numbers, `localhost` and the names that the app was given are its own. Raises PleoError 403.
    """
    try:
        named = urlsplit(f"//{request.headers.get('host', '')}")
        host = "" if "@" in named.netloc else named.hostname or ""
        known = host in (LOCAL, *request.app.state.hosts) or bool(ip_address(host))
    except ValueError:
        known = False
    if not known:
        raise PleoError(
            403, "UNKNOWN_HOST", "This host name is not allowed. Start the sandbox with --allow-host to add it."
        )


def check_origin(request: Request) -> None:
    """Refuse what another site's page sends: this server is local, and its pages ask for no password.

    What is no browser names neither origin nor site; it could as well use `/_control`. Raises PleoError 403.
    """
    check_host(request)
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign or site not in (None, "same-origin", "none"):
        raise PleoError(403, "CROSS_SITE", "This was sent from another site. Use the sandbox's own page.")


def done(path: str, notice: str) -> Response:
    """Go on to a page, which says what was done."""
    return RedirectResponse(f"{path}?notice={quote(notice)}", 303)
