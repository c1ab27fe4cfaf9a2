"""`kontobro sandbox`: Pleo in a box alone, for trying things out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.extras import require_extra
from kontobro.cli.common.words import _

if TYPE_CHECKING:
    from kontobro.service.demo.sandbox_process import SandboxProcess

SERVICE = "http://127.0.0.1:8765"
"""Where `kontobro serve` listens unless told otherwise."""
PLEO = "http://127.0.0.1:8764"
"""Where it looks for a Pleo-in-a-box unless told otherwise."""

CLIENT = ("KONTOBRO_SANDBOX_CLIENT_ID", "KONTOBRO_SANDBOX_CLIENT_SECRET")
"""What tells `kontobro serve` who it is at this Pleo-in-a-box (`service/config.py`, which may not be installed)."""

Redirects = Annotated[list[str], typer.Option("--redirect-uri", help="Address that OAuth may return to. Repeatable.")]


def run(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 for any free port.", min=0, max=65535)] = 8764,
    press: Annotated[bool, typer.Option(help="Start with an export of all queued expenses.")] = True,
    start_url: Annotated[
        str, typer.Option(help="Address that Connect in the sandbox opens.")
    ] = f"{SERVICE}/connect/pleo/start",
    settings_url: Annotated[
        str, typer.Option(help="Address that Settings in the sandbox opens.")
    ] = f"{SERVICE}/connect/pleo/settings",
    redirect_uri: Redirects = [f"{SERVICE}/connect/pleo/callback"],  # noqa: B006 - typer takes the default from here
    ledger: Annotated[
        Path | None, typer.Option(help="Create a ledger for the demo company in this folder, if there is none yet.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when it is ready.")] = False,
) -> None:
    """Run Pleo-in-a-box on this machine until Ctrl-C: a demo company with expenses to book, and pages to see it."""
    from kontobro.service.demo.sandbox_process import running_sandbox

    require_extra("sandbox")
    books = _books_in(ledger) if ledger else None
    redirects = (f"--redirect-uri={each}" for each in redirect_uri)
    pressed = ("--press-export",) if press else ()
    options = (f"--start-url={start_url}", f"--settings-url={settings_url}", *redirects, *pressed)
    with running_sandbox(port, *options) as sandbox:
        if as_json:
            show.emit_line(sandbox.shape() | {"start_url": start_url, "settings_url": settings_url})
        else:
            _say_how(sandbox, start_url, books)
        sandbox.wait()


def _books_in(folder: Path) -> Path:
    """The main file of the demo company's ledger in that folder, made where there is none."""
    from kontobro.service.demo.ledger import copy_ledger, main_file

    return (main_file(folder) if folder.exists() else copy_ledger(folder)).resolve()


def _say_how(sandbox: SandboxProcess, start_url: str, books: Path | None) -> None:
    show.say(_("Pleo-in-a-box runs at {url} (Ctrl-C ends it).").format(url=sandbox.url), "bold")
    show.say(_("Its pages, with Export and Connect: {url}/").format(url=sandbox.url))
    show.say(_("Connect opens: {start_url}").format(start_url=start_url))
    if books:
        show.say(_("The demo company's ledger: {books}").format(books=books))
    show.say(_("For the service, in another terminal:"), "bold")
    for name, value in zip(CLIENT, (sandbox.client_id, sandbox.client_secret), strict=True):
        show.say(f"  export {name}={value}")
    if sandbox.url != PLEO:
        show.say("  " + _("export KONTOBRO_SANDBOX_URL={url}").format(url=sandbox.url))
    show.say("  " + _("kontobro serve"))
    show.say(_("For the command line only (it asks for the API key of the demo company):"), "bold")
    show.say("  " + _("API key: {api_key}").format(api_key=sandbox.api_key))
    show.say(f"  kontobro connect --environment sandbox --url {sandbox.url} --erp beancount --ledger {books or 'PATH'}")
