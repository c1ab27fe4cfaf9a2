"""`kontobro sandbox`: Pleo in a box alone, for trying things out."""

from __future__ import annotations

from typing import Annotated

import typer

from kontobro.cli import show


def run(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 8764,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when it is up.")] = False,
) -> None:
    """Run Pleo-in-a-box on this machine until Ctrl-C: a demo company with expenses to book."""
    from kontobro.cli.box import pleo_in_a_box

    with pleo_in_a_box(port, "--press-export") as box:
        if as_json:
            show.emit_line(box.shape())
        else:
            _say_how(box.url, box.api_key)
        box.wait()


def _say_how(url: str, api_key: str) -> None:
    show.say(f"Pleo-in-a-box runs at {url} (Ctrl-C ends it).", "bold")
    show.say(f"API key of its demo company: {api_key}")
    show.say("Connect in another terminal (it asks for that key):")
    show.say(f"  kontobro connect --environment sandbox --url {url} --erp beancount --ledger PATH")
