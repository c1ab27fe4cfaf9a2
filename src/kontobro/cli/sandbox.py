"""`kontobro sandbox`: Pleo in a box alone, for trying things out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli import show

if TYPE_CHECKING:
    from kontobro.cli.box import Box

SERVICE = "http://127.0.0.1:8765"
"""Where `kontobro serve` listens unless told otherwise."""

Redirects = Annotated[list[str], typer.Option("--redirect-uri", help="Where OAuth may come back to; again for more.")]


def run(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 8764,
    press: Annotated[bool, typer.Option(help="Start with an export of all queued expenses.")] = True,
    start_url: Annotated[
        str, typer.Option(help="Where Connect in the sandbox leads.")
    ] = f"{SERVICE}/connect/pleo/start",
    settings_url: Annotated[
        str, typer.Option(help="Where Settings in the sandbox leads.")
    ] = f"{SERVICE}/connect/pleo/settings",
    redirect_uri: Redirects = [f"{SERVICE}/connect/pleo/callback"],  # noqa: B006 - typer takes the default from here
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when it is up.")] = False,
) -> None:
    """Run Pleo-in-a-box on this machine until Ctrl-C: a demo company with expenses to book, and pages to see it."""
    from kontobro.cli.box import pleo_in_a_box

    redirects = (f"--redirect-uri={each}" for each in redirect_uri)
    pressed = ("--press-export",) if press else ()
    options = (f"--start-url={start_url}", f"--settings-url={settings_url}", *redirects, *pressed)
    with pleo_in_a_box(port, *options) as box:
        if as_json:
            show.emit_line(box.shape() | {"start_url": start_url, "settings_url": settings_url})
        else:
            _say_how(box, start_url)
        box.wait()


def _say_how(box: Box, start_url: str) -> None:
    show.say(f"Pleo-in-a-box runs at {box.url} (Ctrl-C ends it).", "bold")
    show.say(f"Its pages, with Export and Connect: {box.url}/")
    show.say(f"Connect leads to: {start_url}")
    show.say(f"OAuth client id: {box.client_id}")
    show.say(f"OAuth client secret: {box.client_secret}")
    show.say(f"API key of its demo company: {box.api_key}")
    show.say("Connect in another terminal (it asks for that key):")
    show.say(f"  kontobro connect --environment sandbox --url {box.url} --erp beancount --ledger PATH")
